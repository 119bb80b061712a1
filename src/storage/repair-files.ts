import { createHash } from 'node:crypto';
import { damageError, hasErrno, refusedError, type WalqError } from '../base/errors.ts';
import type { ByteSource } from '../base/source.ts';
import type { File } from '../fs/types.ts';
import {
  join,
  type OpenSource,
  openSource,
  readInto,
  readSmall,
  removeIfThere,
  writeAtomic,
  writeFully,
} from './files.ts';
import { quarantineFolder } from './folder.ts';
import { lockedBy, segmentLockOffset } from './lock.ts';
import { encodeStoreFile, type StoreIdentity, storeFileName } from './store-file.ts';
import type { StorageEnv } from './types.ts';

/** What repair does to single files, and how each is taken back, to the byte. */

export type RepairAction =
  | { kind: 'write-store-file'; file: string; identity: StoreIdentity }
  | { kind: 'trim'; file: string; offset: number; bytes: number; sha256: string };

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

async function hashOf(source: ByteSource, offset: number, bytes: number): Promise<string> {
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
 * Rejects with E_PLAN_STALE when the file has been written to since, with E_EVIDENCE when the copy is not what was cut
 * off. Done twice, it changes nothing more.
 */
export async function undoAction(
  env: StorageEnv,
  storeDir: string,
  action: RepairAction & { quarantine?: string },
): Promise<void> {
  const path = join(storeDir, action.file);
  if (action.kind === 'write-store-file') return undoStoreFile(env, storeDir, action);
  const evidence = join(storeDir, quarantineFolder, action.quarantine ?? '');
  const copy = await openEvidence(env, evidence);
  const file = await openSegment(env, storeDir, action.file);
  try {
    const size = await file.size();
    const back =
      size === action.offset + action.bytes &&
      (await hashFrom(env, path, action.offset, action.bytes)) === action.sha256;
    if (back) return;
    const written = size > action.offset && !(await isPrefix(copy, path, env, action.offset, size - action.offset));
    if (size < action.offset || written) {
      throw refusedError(
        'E_PLAN_STALE',
        `${action.file} has been written to since the repair; undoing it would lose that`,
        {
          data: { file: action.file, evidence },
        },
      );
    }
    if (copy.size !== action.bytes || (await hashOf(copy, 0, action.bytes)) !== action.sha256) {
      throw damagedEvidence(evidence, 'is not what was cut off');
    }
    const chunk = new Uint8Array(1024 * 1024);
    for (let done = 0; done < action.bytes; ) {
      const got = await copy.read(chunk, done);
      if (got === 0) break;
      await writeFully(file, chunk.subarray(0, got), action.offset + done);
      done += got;
    }
    await file.datasync();
  } finally {
    await file.close();
    await copy.close();
  }
}

async function openEvidence(env: StorageEnv, path: string): Promise<OpenSource> {
  return await openSource(env.fs, path).catch((error: unknown) => {
    throw hasErrno(error, 'ENOENT') ? damagedEvidence(path, 'is not there any more') : error;
  });
}

function damagedEvidence(path: string, how: string): WalqError {
  return damageError('E_EVIDENCE', `${path} ${how}: the repair cannot be undone`, { data: { file: path } });
}

/** An undo that was interrupted left the first part of the evidence behind the trim point: it may go on. */
async function isPrefix(
  copy: OpenSource,
  path: string,
  env: StorageEnv,
  offset: number,
  bytes: number,
): Promise<boolean> {
  if (bytes > copy.size) return false;
  return (await hashOf(copy, 0, bytes)) === (await hashFrom(env, path, offset, bytes));
}

async function undoStoreFile(
  env: StorageEnv,
  storeDir: string,
  action: RepairAction & { kind: 'write-store-file'; quarantine?: string },
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
  const source = await openEvidence(env, join(storeDir, quarantineFolder, quarantine));
  try {
    const bytes = new Uint8Array(source.size);
    return bytes.subarray(0, await readInto(source, bytes, 0));
  } finally {
    await source.close();
  }
}
