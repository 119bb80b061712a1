import fs from 'node:fs';
import { createRequire } from 'node:module';
import { hasErrno, ioError, isError, isFsError } from '../base/errors.ts';
import { named, withName } from './errno-name.ts';
import { readError } from './failure.ts';
import type { File, FileInfo, FileSystem, OpenMode } from './types.ts';

/** A pipe under the name of a file must not make us wait until somebody writes to it. No such flag on Windows. */
const noWait: number = fs.constants.O_NONBLOCK ?? 0;

const flagsByMode: Record<OpenMode, number> = {
  r: fs.constants.O_RDONLY | noWait,
  'r+': fs.constants.O_RDWR | noWait,
  wx: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
};

/**
 * The real disk. Plain file descriptors: no finalizer closes them behind our back, and a call costs less than a
 * FileHandle's.
 */
export const nodeFs: FileSystem = {
  real: true,

  async open(path, mode, options = {}) {
    const flags = flagsByMode[mode] | (options.nofollow ? fs.constants.O_NOFOLLOW : 0);
    return new NodeFile(await call<number>((done) => fs.open(path, flags, 0o600, done)));
  },
  mkdir: (path) => call<void>((done) => fs.mkdir(path, { mode: 0o700 }, done)),
  readdir: async (path) => (await call<string[]>((done) => fs.readdir(path, done))).sort(),
  lstat: (path) => infoOrNothing((done) => fs.lstat(path, done)),
  stat: (path) => infoOrNothing((done) => fs.stat(path, done)),
  rename: (from, to) => call<void>((done) => fs.rename(from, to, done)),
  link: (from, to) => call<void>((done) => fs.link(from, to, done)),
  unlink: (path) => call<void>((done) => fs.unlink(path, done)),
  rmdir: (path) => call<void>((done) => fs.rmdir(path, done)),
  async syncDir(path) {
    const fd = await call<number>((done) => fs.open(path, fs.constants.O_RDONLY, done));
    try {
      await call<void>((done) => fs.fsync(fd, done));
    } finally {
      await call<void>((done) => fs.close(fd, done));
    }
  },
};

class NodeFile implements File {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return call<number>((done) => fs.read(this.#fd, buffer, 0, buffer.length, position, done));
  }
  write(buffer: Uint8Array, position: number): Promise<number> {
    return call<number>((done) => fs.write(this.#fd, buffer, 0, buffer.length, position, done));
  }
  writeSync(buffer: Uint8Array, position: number): number {
    return named(() => fs.writeSync(this.#fd, buffer, 0, buffer.length, position));
  }
  datasync(): Promise<void> {
    return call<void>((done) => fs.fdatasync(this.#fd, done));
  }
  datasyncSync(): void {
    named(() => fs.fdatasyncSync(this.#fd));
  }
  truncate(size: number): Promise<void> {
    return call<void>((done) => fs.ftruncate(this.#fd, size, done));
  }
  async size(): Promise<number> {
    return (await this.info()).size;
  }
  async info(): Promise<FileInfo> {
    return toInfo(await call<fs.Stats>((done) => fs.fstat(this.#fd, done)));
  }
  async tryLock(offset: number, length: number): Promise<boolean> {
    return lockAddon().tryLock(this.#fd, offset, length);
  }
  close(): Promise<void> {
    return call<void>((done) => fs.close(this.#fd, done));
  }
}

function call<T>(start: (done: (error: NodeJS.ErrnoException | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error === null ? resolve(value as T) : reject(withName(error))));
  });
}

async function infoOrNothing(
  start: (done: (error: NodeJS.ErrnoException | null, stats?: fs.Stats) => void) => void,
): Promise<FileInfo | undefined> {
  try {
    return toInfo(await call<fs.Stats>(start));
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function toInfo(stats: fs.Stats): FileInfo {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';
  return { kind, size: stats.size, mtimeMs: stats.mtimeMs, ino: stats.ino, dev: stats.dev };
}

interface LockAddon {
  tryLock(fd: number, offset: number, length: number): boolean;
}

/** What its JavaScript calls: like it, but throws EAGAIN where another holds the lock. */
interface LockBinary {
  tryLock(fd: number, offset: number, length: number, exclusive: boolean): void;
}

let addon: LockAddon | undefined;

/** Loaded at the first lock: reading must work where the package has no binary for the platform. */
function lockAddon(): LockAddon {
  try {
    const load = createRequire(import.meta.url);
    addon ??= lockBinary(load) ?? (load('fs-native-extensions') as LockAddon);
    return addon;
  } catch (cause) {
    throw noBinary(cause);
  }
}

/** The system may refuse to read it, or to load it, also where there is one for the platform. */
function noBinary(cause: unknown): unknown {
  if (isFsError(cause)) return readError('the binary for file locks', cause);
  const isRefused = isError(cause) && 'code' in cause && cause.code === 'ERR_DLOPEN_FAILED';
  const why = isRefused
    ? `the binary for file locks cannot be loaded (${cause.message.split('\n')[0]})`
    : 'this platform has no binary for file locks';
  return ioError('E_LOCK_UNSUPPORTED', `${why}, so writing is refused; reading works`, { cause });
}

/**
 * The binary where its package keeps it: the package looks for it by way of four others, a twentieth of the time of a
 * small command. Nothing where it lies elsewhere; the package then finds it, or says why not. Reaching into a package
 * is why package.json names its exact version.
 */
function lockBinary(load: NodeJS.Require): LockAddon | undefined {
  const { platform, arch } = process;
  let binary: LockBinary;
  try {
    binary = load(`fs-native-extensions/prebuilds/${platform}-${arch}/fs-native-extensions.node`) as LockBinary;
  } catch {
    return undefined;
  }
  return {
    tryLock(fd, offset, length) {
      try {
        binary.tryLock(fd, offset, length, true);
        return true;
      } catch (error) {
        // Where tests run in a world of their own its errors are of another one.
        if ((error as { code?: unknown } | undefined)?.code === 'EAGAIN') return false;
        throw error;
      }
    },
  };
}
