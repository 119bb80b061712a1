import { hasErrno, isFsError, lockedError, type WalqError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { reading, writeError } from '../fs/failure.ts';
import { listFolder, makeFolder } from '../fs/folder.ts';
import { noFolderAround } from '../fs/place.ts';
import { readSmall } from '../fs/read.ts';
import type { File } from '../fs/types.ts';
import { writeFully } from '../fs/write.ts';
import { noRoomError, noStoreError, notAStore } from './no-store.ts';
import type { StorageEnv } from './types.ts';

/** The right to write to a store: held from `lockStore` until `release`, or until the process dies, however it dies. */
export interface StoreLock {
  release(): Promise<void>;
}

/** Who holds the lock, as that process wrote it into LOCK. A note for people: never used to decide anything. */
export interface LockNote {
  pid: number;
  command: string;
  sinceMs: number;
}

const lockFileName = 'LOCK';
/** One of these makes a folder a store, or what is left of one or begun. */
const storeNames = new Set(['STORE.json', 'CREATING', 'HEAD', 'wal', 'snapshots']);
const noteBytesMax = 1024;
/**
 * Segments are locked far beyond their end, so that a LOCK file deleted under a writer does not let a second one in.
 */
export const segmentLockOffset = 2 ** 40;

/**
 * One attempt to take the lock. `undefined` when another process (or another opening in this one) holds it. With
 * `create`, a missing store folder is made. Rejects with E_LOCK_UNSUPPORTED, E_IO.
 */
export async function lockStore(
  env: StorageEnv,
  storeDir: string,
  options: { create?: boolean; note?: { pid: number; command: string } } = {},
): Promise<StoreLock | undefined> {
  const path = join(storeDir, lockFileName);
  let file: File;
  try {
    // Its name is made durable by the creation of the store, which whoever gets the lock first begins or finishes.
    if (options.create) await makeFolder(env.fs, storeDir);
    file = await openLockFile(env, path);
  } catch (error) {
    throw isFsError(error) && error.code === 'ENOENT' ? error : writeError(path, error);
  }
  try {
    if (!(await file.tryLock(0, 1))) {
      await file.close();
      return undefined;
    }
    if (options.note) await writeNote(file, { ...options.note, sinceMs: env.clock.now() });
    // Of one who held it before: it may be gone, and its number be another's.
    else if ((await file.size()) > 0) await file.truncate(0);
  } catch (error) {
    await file.close();
    throw writeError(path, error);
  }
  // The kernel frees the lock with the file, whatever closing it says.
  return { release: () => file.close().catch(() => undefined) };
}

/**
 * No LOCK where no store is and none may begin: rejects with E_NO_STORE (1), also where one is to begin and the folder
 * around it is missing, and with E_NOT_A_STORE (7) for a folder with other things in it. Only the names decide: what
 * the lock shows afterwards counts.
 */
export async function refuseOtherFolder(env: StorageEnv, storeDir: string, create: boolean): Promise<void> {
  const info = await reading(storeDir, () => env.fs.stat(storeDir));
  const names = info?.kind === 'folder' ? await listFolder(env.fs, storeDir) : undefined;
  if (info === undefined && !create) throw noStoreError(storeDir);
  const lack = info === undefined ? await noFolderAround(env.fs, storeDir) : undefined;
  if (lack !== undefined) throw noRoomError(storeDir, lack);
  if (names === undefined || names.some((name) => storeNames.has(name))) return;
  const others = names.filter((name) => name !== lockFileName);
  if (others.length === 0 && create) return;
  throw create ? notAStore(storeDir) : noStoreError(storeDir, 'folder');
}

/** One attempt that must succeed. Rejects with E_LOCKED, and with E_NO_STORE where nothing is to be created. */
export async function takeLock(
  env: StorageEnv,
  storeDir: string,
  options: { create?: boolean; pid?: number; command?: string },
): Promise<StoreLock> {
  const { create = false, pid, command = '' } = options;
  await refuseOtherFolder(env, storeDir, create);
  const lock = await lockStore(env, storeDir, { create, ...(pid !== undefined && { note: { pid, command } }) });
  if (lock === undefined) throw await lockedBy(env, storeDir);
  return lock;
}

/**
 * A segment for writing, locked as its writer locks it: a LOCK file deleted under a live writer lets nobody in. `name`
 * is relative to the store; `undefined` when it is not there. Rejects with E_LOCKED.
 */
export async function openSegment(env: StorageEnv, storeDir: string, name: string): Promise<File | undefined> {
  let file: File;
  try {
    file = await env.fs.open(join(storeDir, name), 'r+', { nofollow: true });
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    if (!(await file.tryLock(segmentLockOffset, 1))) throw lockedElsewhere(storeDir);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openLockFile(env: StorageEnv, path: string): Promise<File> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await env.fs.open(path, 'r+', { nofollow: true });
    } catch (error) {
      if (!hasErrno(error, 'ENOENT') || attempt > 8) throw error;
    }
    try {
      return await env.fs.open(path, 'wx');
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
  }
}

async function writeNote(file: File, note: LockNote): Promise<void> {
  const text = Buffer.from(`${JSON.stringify(note)}\n`);
  await file.truncate(0);
  await writeFully(file, text.subarray(0, noteBytesMax), 0);
}

async function readLockNote(env: StorageEnv, storeDir: string): Promise<LockNote | undefined> {
  const bytes = await readSmall(env.fs, join(storeDir, lockFileName), noteBytesMax);
  if (bytes === undefined) return undefined;
  try {
    const note: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof note !== 'object' || note === null) return undefined;
    const { pid, command, sinceMs } = note as Partial<LockNote>;
    if (typeof pid !== 'number' || typeof command !== 'string' || typeof sinceMs !== 'number') return undefined;
    return { pid, command, sinceMs };
  } catch {
    return undefined;
  }
}

/** The error for a lock that stayed taken. Names the holder where it left a note. */
export async function lockedBy(env: StorageEnv, storeDir: string): Promise<WalqError> {
  return lockedText(storeDir, await readLockNote(env, storeDir));
}

/** The same while this process has LOCK itself: that was deleted under the holder, so it does not say who that is. */
export function lockedElsewhere(storeDir: string): WalqError {
  return lockedText(storeDir, undefined);
}

function lockedText(storeDir: string, note: LockNote | undefined): WalqError {
  const who = note ? `process ${note.pid} (${note.command})` : 'another process';
  return lockedError('E_LOCKED', `store ${storeDir} is locked by ${who}`, {
    data: { store: storeDir, ...(note && { pid: note.pid, command: note.command }) },
    next: note ? `wait for it, or stop it: kill ${note.pid}` : 'wait for it and try again',
  });
}
