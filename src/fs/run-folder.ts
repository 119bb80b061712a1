import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { hasErrno, isFsError, refusedError } from '../base/errors.ts';
import { shellPath } from '../base/shell-word.ts';
import { readError } from './failure.ts';

/** A way to the control socket of one store, short enough for every system. Valid while its `RunFolder` is open. */
export interface SocketPath {
  /** At most `socketPathBytesMax` bytes. */
  path: string;
  /** Where the socket lies, for those who only look: of any length. */
  place: string;
}

export interface RunFolderOptions {
  /** The run folder of the store. */
  folder: string;
  platform?: string;
  /** Default: /tmp, whatever TMPDIR says: a runner and its clients may have been told of different ones. */
  tempFolder?: string;
}

type Purpose = 'bind' | 'connect';

/** Systems hold 104 to 108 bytes, and Node 20 and 22 cut what is longer without a word. */
const socketPathBytesMax = 100;
const socketName = 'sock';
const othersMask = 0o077;

/**
 * The folder where the socket of a store lies: a real one, of this user. Open, so that it stays the same one, and that
 * no other gets its number in the file system, by which its place in the temp folder is named.
 */
export class RunFolder {
  readonly #options: RunFolderOptions;
  readonly #folder: string;
  readonly #fd: number;
  /** Others may enter it: what lies in it may be theirs. */
  readonly #isWide: boolean;
  #isOpen = true;

  private constructor(options: RunFolderOptions, folder: string, fd: number, isWide: boolean) {
    this.#options = options;
    this.#folder = folder;
    this.#fd = fd;
    this.#isWide = isWide;
  }

  /** `undefined` when there is none to connect in. E_RUN_FOLDER (exit 7) when it cannot be trusted. */
  static open(options: RunFolderOptions, purpose: Purpose): RunFolder | undefined {
    const folder = resolve(options.folder);
    const opened = openFolder(folder, purpose);
    return opened && new RunFolder(options, folder, opened.fd, opened.isWide);
  }

  /**
   * Where to listen, the best first: in the folder, or for a file system that knows no sockets, or cannot close a
   * folder to others, in one of ours in the temp folder.
   */
  *toBind(): Generator<SocketPath, void> {
    const direct = this.#isWide ? undefined : this.#direct();
    if (direct !== undefined) yield direct;
    const folder = this.#inTemp();
    ignoring(['EEXIST'], () => fs.mkdirSync(folder, { mode: 0o700 }));
    if (!isOurs(folder)) throw untrusted(folder, 'it is no folder of this user that is closed to others');
    yield socketIn(folder);
  }

  /**
   * Where somebody seems to listen. E_RUN_FOLDER when others could do so. What others put into the temp folder hinders
   * nobody: nobody of ours listens there.
   */
  *toConnect(): Generator<SocketPath, void> {
    const isThere = canSee(socketIn(this.#folder).place);
    const direct = this.#direct();
    if (direct !== undefined && isThere && !this.#isWide) yield direct;
    const folder = this.#inTemp();
    const other = socketIn(folder);
    if (canSee(other.place) && isOurs(folder)) yield other;
    else if (isThere && this.#isWide) throw openToOthers(this.#folder);
  }

  /** Removes the socket if it is there. Only for the holder of the store's lock. */
  unlink({ path }: SocketPath): void {
    ignoring(['ENOENT'], () => fs.unlinkSync(path));
  }

  /** The socket, and its folder in the temp folder. */
  remove(path: SocketPath): void {
    this.unlink(path);
    const folder = this.#inTemp();
    if (path.path === socketIn(folder).path) ignoring(['ENOENT', 'ENOTEMPTY'], () => fs.rmdirSync(folder));
  }

  close(): void {
    // Twice would close whatever got the same number since.
    if (this.#isOpen) fs.closeSync(this.#fd);
    this.#isOpen = false;
  }

  /** Linux goes to a long path through the descriptor of the folder; elsewhere there is no such way. */
  #direct(): SocketPath | undefined {
    const { path } = socketIn(this.#folder);
    if (Buffer.byteLength(path) <= socketPathBytesMax) return { path, place: path };
    if ((this.#options.platform ?? process.platform) !== 'linux') return undefined;
    return { path: socketIn(`/proc/self/fd/${this.#fd}`).path, place: path };
  }

  /** Named by which folder it stands for, since a copy of a store has its id. */
  #inTemp(): string {
    const { dev, ino } = fs.fstatSync(this.#fd, { bigint: true });
    const which = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 16);
    return `${this.#options.tempFolder ?? '/tmp'}/walq-${process.geteuid?.() ?? 0}-${which}`;
  }
}

/** Takes the rights of everybody else from a bound socket. */
export function restrict({ path }: SocketPath): void {
  fs.chmodSync(path, 0o600);
}

function socketIn(folder: string): SocketPath {
  const path = `${folder}/${socketName}`;
  return { path, place: path };
}

/** Opens first and looks at what was opened, so that nothing can be put in its place in between. */
function openFolder(folder: string, purpose: Purpose): { fd: number; isWide: boolean } | undefined {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  let fd: number;
  try {
    fd = fs.openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT') && purpose === 'connect') return undefined;
    if (hasErrno(cause, 'ELOOP', 'ENOTDIR')) throw untrusted(folder, 'it is not a folder', { cause });
    // The store itself is closed to us: that says nothing about its run folder.
    if (hasErrno(cause, 'EACCES') && !canSee(folder)) throw readError(dirname(folder), cause);
    if (hasErrno(cause, 'EACCES', 'EPERM')) throw untrusted(folder, 'it cannot be opened', { cause });
    throw readError(folder, cause);
  }
  try {
    const { uid, mode } = fs.fstatSync(fd);
    const self = process.geteuid?.();
    if (self === undefined) return { fd, isWide: false };
    if (uid !== self) {
      throw untrusted(folder, `it belongs to user ${uid}, this is user ${self}`, { data: { uid, self } });
    }
    // A copied store often has a wider mode. The folder is ours, so the one who serves may set it right.
    return { fd, isWide: isWide(mode) && !(purpose === 'bind' && narrow(fd)) };
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function isWide(mode: number): boolean {
  return (mode & othersMask) !== 0;
}

/** Some file systems refuse, and some say yes and keep a mode of their own. */
function narrow(fd: number): boolean {
  try {
    fs.fchmodSync(fd, 0o700);
  } catch (error) {
    if (!isFsError(error)) throw error;
  }
  return !isWide(fs.fstatSync(fd).mode);
}

/** The temp folder is one where nobody takes away what is another's. */
function isOurs(folder: string): boolean {
  const info = fs.lstatSync(folder);
  return info.isDirectory() && !isWide(info.mode) && info.uid === (process.geteuid?.() ?? info.uid);
}

function canSee(path: string): boolean {
  try {
    fs.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function ignoring(codes: string[], call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!hasErrno(error, ...codes)) throw error;
  }
}

function openToOthers(folder: string): Error {
  const mode = (fs.lstatSync(folder).mode & 0o7777).toString(8).padStart(4, '0');
  return untrusted(folder, `others may enter it (mode ${mode})`, {
    data: { mode },
    next: `chmod 700 ${shellPath(folder)}`,
  });
}

function untrusted(
  folder: string,
  why: string,
  details: { cause?: unknown; data?: object; next?: string } = {},
): Error {
  const { cause, next } = details;
  return refusedError('E_RUN_FOLDER', `the run folder ${folder} cannot be trusted: ${why}`, {
    data: { folder, ...details.data },
    ...(next === undefined ? {} : { next }),
    ...(cause === undefined ? {} : { cause }),
  });
}
