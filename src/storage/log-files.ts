import { join } from '../base/path.ts';
import { removeIfThere } from '../fs/gone.ts';
import type { File } from '../fs/types.ts';
import { writeAtomic, writeFully } from '../fs/write.ts';
import { headFileName, walFolder } from './folder.ts';
import { lockedElsewhere, segmentLockOffset } from './lock.ts';
import type { StorageEnv } from './types.ts';
import type { LogEnd } from './wal/encode-frames.ts';
import { encodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './wal/format.ts';
import { encodeHeadFile, type HeadSlot } from './wal/head.ts';
import { segmentFileName } from './wal/names.ts';

/** The files of a log that is being written: how segments and HEAD come into being, and go when nobody used them. */

/** Never 0: that is what the header of the first segment states for "none before". */
export function randomSalt(env: StorageEnv): number {
  const bytes = new Uint8Array(4);
  do env.random(bytes);
  while (bytes.every((byte) => byte === 0));
  return new DataView(bytes.buffer).getUint32(0, true);
}

/** Of an opening, 48 bits. */
export function randomEpoch(env: StorageEnv): number {
  const bytes = new Uint8Array(6);
  env.random(bytes);
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

export interface CreatedSegment {
  file: File;
  at: LogEnd;
}

/** Temp name, whole header, sync, lock, rename, folder sync. The file comes back open and locked. */
export async function createSegment(env: StorageEnv, storeDir: string, header: SegmentHeader): Promise<CreatedSegment> {
  const name = segmentFileName(header.ordinal, header.seqFirst);
  const path = join(storeDir, walFolder, name);
  const temp = `${path}.tmp`;
  await removeIfThere(env.fs, temp);
  const bytes = encodeSegmentHeader(header);
  const file = await env.fs.open(temp, 'wx');
  try {
    await writeFully(file, bytes, 0);
    await file.datasync();
    if (!(await file.tryLock(segmentLockOffset, 1))) throw lockedElsewhere(storeDir);
    await env.fs.rename(temp, path);
    await env.fs.syncDir(join(storeDir, walFolder));
  } catch (error) {
    await file.close();
    throw error;
  }
  const link = new DataView(bytes.buffer).getUint32(segmentHeaderBytes - 4, true);
  const segment = { name, ordinal: header.ordinal, salt: header.salt };
  return { file, at: { segment, end: segmentHeaderBytes, link, seqNext: header.seqFirst } };
}

export async function removeSegment(env: StorageEnv, storeDir: string, header: SegmentHeader): Promise<void> {
  const path = join(storeDir, walFolder, segmentFileName(header.ordinal, header.seqFirst));
  await removeIfThere(env.fs, `${path}.tmp`);
  await removeIfThere(env.fs, path);
  await env.fs.syncDir(join(storeDir, walFolder));
}

/** A new HEAD file for this end; used at creation and when the old one cannot be used. */
export async function createHead(
  env: StorageEnv,
  storeDir: string,
  storeId: string,
  at: LogEnd,
  counter: number,
): Promise<void> {
  const slot = headSlotOf(storeId, at, counter, false);
  await writeAtomic(env.fs, storeDir, headFileName, encodeHeadFile(slot));
}

export function headSlotOf(storeId: string, at: LogEnd, counter: number, closed: boolean): HeadSlot {
  const { segment, end, link, seqNext } = at;
  const { ordinal, salt } = segment;
  return { counter, storeId, ordinal, seqLast: seqNext - 1, end, link, salt, closed };
}
