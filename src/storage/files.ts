import { errnoNext, errnoText } from '../base/errno.ts';
import { assert, hasErrno, ioError, isFsError, WalqError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import type { ByteSource } from '../base/source.ts';
import type { File, FileSystem } from '../fs/types.ts';

/**
 * Small steps on files that several protocols share. A failed read is an I/O error, never "torn" and never "missing".
 */

function readError(path: string, cause: unknown): unknown {
  if (!isFsError(cause)) return cause;
  return ioError('E_READ', `cannot read ${path}: ${errnoText(cause.code)}`, {
    data: { file: path, errno: cause.code },
    ...errnoNext(cause.code),
    cause,
  });
}

/** One read; a refusal of the file system becomes E_READ. */
export async function reading<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw readError(path, error);
  }
}

/** The same for a stream. */
export async function* readingAll(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw readError(path, error);
  }
}

/** What to throw when writing to `path` failed: E_NO_SPACE or E_IO; anything but a file system error as it is. */
export function writeError(path: string, cause: unknown): unknown {
  if (!isFsError(cause)) return cause;
  const code = cause.code === 'ENOSPC' || cause.code === 'EDQUOT' ? 'E_NO_SPACE' : 'E_IO';
  return ioError(code, `cannot write ${path}: ${errnoText(cause.code)}`, {
    data: { file: path, errno: cause.code },
    ...errnoNext(cause.code),
    cause,
  });
}

export interface OpenSource extends ByteSource {
  readonly size: number;
  close(): Promise<void>;
}

/**
 * A file as a byte source. `size` is as it was at the opening; reads may find more. A symbolic link is refused unless
 * `follow` says that the user named it. Rejects with E_READ; ENOENT passes through.
 */
export async function openSource(
  fs: FileSystem,
  path: string,
  options: { follow?: boolean } = {},
): Promise<OpenSource> {
  let file: File | undefined;
  try {
    file = await fs.open(path, 'r', { nofollow: options.follow !== true });
    const opened = file;
    const { kind, size } = await file.info();
    if (kind !== 'file') {
      const what = kind === 'folder' ? 'a folder' : 'a pipe, socket or device';
      throw ioError('E_READ', `cannot read ${path}: it is ${what}, not a file`, { data: { file: path, kind } });
    }
    return {
      size,
      read: (buffer, position) => reading(path, () => opened.read(buffer, position)),
      close: () => reading(path, () => opened.close()),
    };
  } catch (error) {
    await file?.close();
    throw hasErrno(error, 'ENOENT') ? error : readError(path, error);
  }
}

/**
 * The whole of a small file, or `undefined` when it is not there. Never more than `bytesMax` (then it is cut, and
 * longer by one).
 */
export async function readSmall(fs: FileSystem, path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  let source: OpenSource;
  try {
    source = await openSource(fs, path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const bytes = new Uint8Array(Math.min(source.size, bytesMax + 1));
    return bytes.subarray(0, await readInto(source, bytes, 0));
  } finally {
    await source.close();
  }
}

/** Fills `buffer` from `position` on as far as the source has bytes; a short read is read on. */
export async function readInto(
  source: Pick<ByteSource, 'read'>,
  buffer: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const got = await source.read(buffer.subarray(done), position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}

/** Writes all of `bytes` at `position`; a short write is written on, a write of nothing is an error. */
export async function writeFully(file: File, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const wrote = await file.write(bytes.subarray(done), position + done);
    if (wrote === 0) throw Object.assign(new Error('write wrote nothing'), { code: 'EIO' });
    done += wrote;
  }
}

const copyBytes = 1024 * 1024;

/** Copies a stretch of one file into another, or writes it again where it is. The source does not shrink meanwhile. */
export async function copyStretch(
  source: Pick<ByteSource, 'read'>,
  from: number,
  bytes: number,
  file: File,
  to: number,
): Promise<void> {
  const chunk = new Uint8Array(Math.min(bytes, copyBytes));
  for (let done = 0; done < bytes; ) {
    const part = chunk.subarray(0, Math.min(chunk.length, bytes - done));
    const got = await readInto(source, part, from + done);
    assert(got === part.length, 'a file does not shrink under its lock');
    await writeFully(file, part, to + done);
    done += got;
  }
}

/** Temp file, sync, rename, folder sync: after it returns the file is there whole, before that it is not there. */
export async function writeAtomic(fs: FileSystem, folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  await writeTemp(fs, `${path}.tmp`, (file) => writeFully(file, bytes, 0));
  await fs.rename(`${path}.tmp`, path);
  await fs.syncDir(folder);
}

/** A new file under a temp name, on disk; taken away again when that fails, since the disk may be full. */
export async function writeTemp(fs: FileSystem, temp: string, fill: (file: File) => Promise<void>): Promise<void> {
  await removeIfThere(fs, temp);
  const file = await fs.open(temp, 'wx');
  try {
    try {
      await fill(file);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await removeIfThere(fs, temp).catch(() => false);
    throw error;
  }
}

export async function removeIfThere(fs: FileSystem, path: string): Promise<boolean> {
  try {
    await fs.unlink(path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

export async function makeFolder(fs: FileSystem, path: string): Promise<boolean> {
  try {
    await fs.mkdir(path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * A store is one folder: what a copy, a backup or a lock of it covers must not lie elsewhere. Its own path may lead
 * through links, nothing inside it. Rejects with E_READ; a missing folder is fine.
 */
export async function refuseLink(fs: FileSystem, path: string): Promise<void> {
  const info = await fs.lstat(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  if (info === undefined || info.kind === 'folder') return;
  const what = info.kind === 'link' ? 'it is a link' : 'it is not a folder';
  throw ioError('E_READ', `cannot read ${path}: ${what}`, { data: { file: path, kind: info.kind } });
}

/** Names in a folder; none when the folder is not there. */
export async function listFolder(fs: FileSystem, path: string): Promise<string[]> {
  try {
    return await fs.readdir(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw readError(path, error);
  }
}

/** A file was not there, whoever says so. */
export function isGone(error: unknown): boolean {
  return hasErrno(error instanceof WalqError ? error.cause : error, 'ENOENT');
}

/** For a file that a writer beside us may clean away between listing and reading: its absence is no failure. */
export function goneMeanwhile(error: unknown): undefined {
  if (isGone(error)) return undefined;
  throw error;
}
