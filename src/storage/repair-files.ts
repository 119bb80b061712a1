import { createHash } from 'node:crypto';
import { allZero } from '../base/bytes.ts';
import { damageError, refusedError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import type { ByteSource } from '../base/source.ts';
import type { File } from '../fs/types.ts';
import { copyStretch, type OpenSource, openSource, readInto, readSmall, removeIfThere, writeAtomic } from './files.ts';
import { quarantineFolder } from './folder.ts';
import { lockedBy, segmentLockOffset } from './lock.ts';
import type { AppliedAction } from './repair-journal.ts';
import { encodeStoreFile, storeFileName } from './store-file.ts';
import type { StorageEnv } from './types.ts';
import { sectorBytes } from './wal/format.ts';

/** What repair does to single files, and how each is taken back, to the byte. */

/** For writing, and locked as a writer locks it: a LOCK file deleted under a live writer lets nobody in. */
export async function openSegment(env: StorageEnv, storeDir: string, name: string): Promise<File> {
  const file = await env.fs.open(join(storeDir, name), 'r+', { nofollow: true });
  if (await file.tryLock(segmentLockOffset, 1)) return file;
  await file.close();
  throw await lockedBy(env, storeDir);
}

export async function hashFrom(env: StorageEnv, path: string, offset: number, bytes: number): Promise<string> {
  const source = await openSource(env.fs, path);
  try {
    return await hashOf(source, offset, bytes);
  } finally {
    await source.close();
  }
}

async function hashOf(source: Pick<ByteSource, 'read'>, offset: number, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const chunk = new Uint8Array(Math.min(bytes, 1024 * 1024));
  for (let done = 0; done < bytes; ) {
    const got = await source.read(chunk.subarray(0, Math.min(chunk.length, bytes - done)), offset + done);
    if (got === 0) break;
    hash.update(chunk.subarray(0, got));
    done += got;
  }
  return hash.digest('hex');
}

/**
 * Rejects with E_PLAN_STALE when the file has been written to since, with E_REPAIR_JOURNAL when the copy in quarantine
 * is not what was cut off. Done twice, it changes nothing more.
 */
export async function undoAction(env: StorageEnv, storeDir: string, action: AppliedAction): Promise<void> {
  if (action.kind === 'write-store-file') return undoStoreFile(env, storeDir, action);
  const evidence = join(storeDir, quarantineFolder, action.quarantine ?? '');
  const copy = await openSource(env.fs, evidence);
  const file = await openSegment(env, storeDir, action.file);
  try {
    const { offset, bytes, sha256 } = action;
    const size = await file.size();
    if (size === offset + bytes && (await hashOf(file, offset, bytes)) === sha256) return;
    if (copy.size !== bytes || (await hashOf(copy, 0, bytes)) !== sha256) {
      throw damageError('E_REPAIR_JOURNAL', `${evidence} is not what the repair cut off any more`, {
        data: { file: action.file, evidence },
      });
    }
    if (size < offset || (size > offset && !(await isTornCopy(copy, file, offset, size - offset)))) {
      throw refusedError(
        'E_PLAN_STALE',
        `${action.file} has been written to since the repair; undoing it would lose that`,
        {
          data: { file: action.file, evidence },
        },
      );
    }
    await copyStretch(copy, 0, bytes, file, offset);
    await file.datasync();
  } finally {
    await file.close();
    await copy.close();
  }
}

/**
 * An undo that was interrupted left a part of the evidence behind the trim point, and zeros in sectors that never
 * reached the disk: it may go on. A writer that was there since left a frame, and no sector's part of one is zero.
 */
async function isTornCopy(copy: OpenSource, file: File, offset: number, bytes: number): Promise<boolean> {
  if (bytes > copy.size) return false;
  const wanted = new Uint8Array(sectorBytes);
  const found = new Uint8Array(sectorBytes);
  for (let at = offset; at < offset + bytes; ) {
    const end = Math.min(offset + bytes, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    const there = found.subarray(0, await readInto(file, found.subarray(0, end - at), at));
    await readInto(copy, wanted.subarray(0, there.length), at - offset);
    if (!allZero(there) && !Buffer.from(there).equals(wanted.subarray(0, there.length))) return false;
    at = end;
  }
  return true;
}

async function undoStoreFile(
  env: StorageEnv,
  storeDir: string,
  action: AppliedAction & { kind: 'write-store-file' },
): Promise<void> {
  const now = await readSmall(env.fs, join(storeDir, storeFileName), 4096);
  const ours = now !== undefined && Buffer.from(now).equals(encodeStoreFile(action.identity));
  const before = action.quarantine === undefined ? undefined : await wholeFile(env, storeDir, action.quarantine);
  const undoneAlready = before === undefined ? now === undefined : now !== undefined && Buffer.from(before).equals(now);
  if (undoneAlready) return;
  if (!ours) {
    throw refusedError(
      'E_PLAN_STALE',
      `${storeFileName} has been changed since the repair; undoing it would lose that`,
    );
  }
  if (before !== undefined) return await writeAtomic(env.fs, storeDir, storeFileName, before);
  await removeIfThere(env.fs, join(storeDir, storeFileName));
  await env.fs.syncDir(storeDir);
}

async function wholeFile(env: StorageEnv, storeDir: string, quarantine: string): Promise<Uint8Array> {
  const source = await openSource(env.fs, join(storeDir, quarantineFolder, quarantine));
  try {
    const bytes = new Uint8Array(source.size);
    return bytes.subarray(0, await readInto(source, bytes, 0));
  } finally {
    await source.close();
  }
}
