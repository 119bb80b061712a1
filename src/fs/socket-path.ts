import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { hasErrno, ioError, refusedError } from '../base/errors.ts';
import { readError } from './failure.ts';

/** A path that names the control socket of one store and is short enough for every system. */
export interface SocketPath {
  /** Valid until `close`. At most `socketPathBytesMax` bytes. */
  path: string;
  /** Where the socket lies, for those who only look: of any length. */
  place: string;
  /** Takes the rights of everybody else from the bound socket. */
  restrict(): void;
  /** Removes the socket if it is there. Only for the holder of the store's lock. */
  unlink(): void;
  close(): void;
}

export interface SocketPathOptions {
  /** The run folder of the store. */
  folder: string;
  /** Hex. Names the folder in the temp folder where the system has no short way to a long path. */
  storeId?: string;
  /** `bind` closes a folder of ours to others; `connect` changes nothing. */
  purpose: 'bind' | 'connect';
  platform?: string;
  tempFolder?: string;
}

/** Systems hold 104 to 108 bytes, and Node 20 and 22 cut what is longer without a word. */
const socketPathBytesMax = 100;
const socketName = 'sock';
const othersMask = 0o077;

/**
 * The way to `<folder>/sock`. The folder must be a real one, of this user, closed to others: E_RUN_FOLDER (exit 7) if
 * not. A short path is used as it is; for a long one Linux goes through a descriptor of the folder, other systems
 * through a folder in the temp folder that is named by the store id and by which folder it stands for, since a copy of
 * a store has its id. `undefined` when there is no folder to connect in; E_SOCKET_PATH when no way is short enough.
 */
export function openSocketPath(options: SocketPathOptions): SocketPath | undefined {
  const { purpose } = options;
  const folder = resolve(options.folder);
  const fd = openFolder(folder, purpose);
  if (fd === undefined) return undefined;
  const direct = `${folder}/${socketName}`;
  if (fitsSocketPath(direct)) {
    fs.closeSync(fd);
    return socketPath(direct, direct, () => {});
  }
  if ((options.platform ?? process.platform) === 'linux') {
    return socketPath(`/proc/self/fd/${fd}/${socketName}`, direct, () => fs.closeSync(fd));
  }
  const { dev, ino } = fs.fstatSync(fd, { bigint: true });
  fs.closeSync(fd);
  const detour = temporaryFolder(options, `${dev}:${ino}`);
  if (purpose === 'bind') makeFolder(detour);
  const detourFd = openFolder(detour, purpose);
  if (detourFd === undefined) return undefined;
  fs.closeSync(detourFd);
  const short = `${detour}/${socketName}`;
  return socketPath(short, short, () => {});
}

function fitsSocketPath(path: string): boolean {
  return Buffer.byteLength(path) <= socketPathBytesMax;
}

function socketPath(path: string, place: string, closeFolder: () => void): SocketPath {
  let open = true;
  return {
    path,
    place,
    restrict: () => fs.chmodSync(path, 0o600),
    unlink() {
      try {
        fs.unlinkSync(path);
      } catch (error) {
        if (!hasErrno(error, 'ENOENT')) throw error;
      }
    },
    close() {
      // Twice would close whatever got the same number since.
      if (open) closeFolder();
      open = false;
    },
  };
}

/** Opens first and looks at what was opened, so that nothing can be put in its place in between. */
function openFolder(folder: string, purpose: SocketPathOptions['purpose']): number | undefined {
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
    throw ioError('E_CONTROL_IO', `cannot open ${folder}`, { cause, data: { path: folder } });
  }
  try {
    checkFolder(fd, folder, purpose);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function canSee(path: string): boolean {
  try {
    fs.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function checkFolder(fd: number, folder: string, purpose: SocketPathOptions['purpose']): void {
  const { uid, mode } = fs.fstatSync(fd);
  const self = process.geteuid?.();
  if (self !== undefined && uid !== self) {
    throw untrusted(folder, `it belongs to user ${uid}, this is user ${self}`, { data: { uid, self } });
  }
  if (self === undefined || (mode & othersMask) === 0) return;
  // A copied store often has a wider mode. The folder is ours, so the one who serves may set it right.
  if (purpose === 'bind') {
    fs.fchmodSync(fd, 0o700);
    return;
  }
  const octal = (mode & 0o7777).toString(8).padStart(4, '0');
  throw untrusted(folder, `others may enter it (mode ${octal})`, {
    data: { mode: octal },
    next: `chmod 700 ${folder}`,
  });
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
}

function temporaryFolder({ folder, storeId, tempFolder }: SocketPathOptions, standsFor: string): string {
  if (storeId === undefined || !/^[0-9a-f]{8,64}$/.test(storeId)) {
    throw ioError(
      'E_SOCKET_PATH',
      `the path ${folder}/${socketName} is too long for a socket, and the store id is not known`,
    );
  }
  const which = createHash('sha256').update(standsFor).digest('hex').slice(0, 16);
  const name = `walq-${process.geteuid?.() ?? 0}-${storeId.slice(0, 16)}-${which}`;
  for (const parent of [tempFolder ?? tmpdir(), '/tmp']) {
    const path = `${parent}/${name}`;
    if (fitsSocketPath(`${path}/${socketName}`)) return path;
  }
  throw ioError('E_SOCKET_PATH', `the path ${folder}/${socketName} is too long for a socket`, { data: { folder } });
}

function untrusted(folder: string, why: string, details: { cause?: unknown; data?: object; next?: string }): Error {
  const { cause, next } = details;
  return refusedError('E_RUN_FOLDER', `the run folder ${folder} cannot be trusted: ${why}`, {
    data: { folder, ...details.data },
    ...(next === undefined ? {} : { next }),
    ...(cause === undefined ? {} : { cause }),
  });
}
