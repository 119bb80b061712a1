import { assert, hasErrno, WalqError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import type { File } from '../fs/types.ts';
import { removeIfThere, writeAtomic, writeError, writeFully } from './files.ts';
import { headFileName, walFolder } from './folder.ts';
import { lockedBy, segmentLockOffset } from './lock.ts';
import type { ChainPoint, CommitFacts, StorageEnv } from './types.ts';
import { encodeFrames, type FrameDraft, type LogEnd } from './wal/encode-frames.ts';
import { encodeSegmentHeader, FrameType, type SegmentHeader, sealBytes, segmentHeaderBytes } from './wal/format.ts';
import { encodeHeadFile, encodeHeadSlot, type HeadSlot, headSlotOffset } from './wal/head.ts';
import { segmentFileName } from './wal/names.ts';

/** Syncs that take less than this are waited for in place. */
const quickSyncMs = 1;
const slowUntilMeasured = Number.POSITIVE_INFINITY;

/**
 * The active segment and HEAD. One call at a time: the committer sees to that. Throws what the file system throws;
 * the caller decides whether that poisons the writer.
 */
export class LogWriter {
  readonly #env: StorageEnv;
  readonly #storeDir: string;
  readonly #storeId: string;
  #file: File;
  readonly #head: File;
  #headCounter: number;
  #at: LogEnd;
  /** Of the last syncs, on average. */
  #syncMs = slowUntilMeasured;

  constructor(
    env: StorageEnv,
    storeDir: string,
    storeId: string,
    file: File,
    head: File,
    headCounter: number,
    at: LogEnd,
  ) {
    this.#env = env;
    this.#storeDir = storeDir;
    this.#storeId = storeId;
    this.#file = file;
    this.#head = head;
    this.#headCounter = headCounter;
    this.#at = at;
  }

  get seqNext(): number {
    return this.#at.seqNext;
  }
  get segmentBytes(): number {
    return this.#at.end;
  }
  get segmentOrdinal(): number {
    return this.#at.segment.ordinal;
  }
  get empty(): boolean {
    return this.#at.end === segmentHeaderBytes;
  }
  /** The end of what is durable. */
  get point(): ChainPoint {
    const { segment, end, link, seqNext } = this.#at;
    return { seq: seqNext - 1, ordinal: segment.ordinal, offset: end, link, salt: segment.salt };
  }

  /**
   * Frames of one commit: one positional write, one sync. When it returns they are on disk, and `writeHead` is still
   * to be called. A full disk is E_NO_SPACE, and the log ends where it did before. A sync that fails is passed on as
   * it is, a full disk or not: nobody knows what it left.
   */
  async commit(drafts: readonly FrameDraft[]): Promise<CommitFacts> {
    const { bytes, at } = encodeFrames(drafts, this.#at);
    await this.#write(bytes);
    const syncMs = await this.#sync();
    this.#at = at;
    return { bytes: bytes.length, syncMs };
  }

  /**
   * On a quick disk a trip through the thread pool costs as much as the sync itself, and everybody who could do
   * something meanwhile waits for it anyway. As soon as the disk is slow, the thread does not wait for it any more.
   * Answers the milliseconds it took.
   */
  async #sync(): Promise<number> {
    const started = this.#env.clock.monotonic();
    if (this.#syncMs < quickSyncMs) this.#file.datasyncSync();
    else await this.#file.datasync();
    const took = this.#env.clock.monotonic() - started;
    this.#syncMs = this.#syncMs === slowUntilMeasured ? took : 0.8 * this.#syncMs + 0.2 * took;
    return took;
  }

  /**
   * All of `bytes` at the end of the log. On a full disk what was written is cut off again: nothing of it was
   * acknowledged.
   */
  async #write(bytes: Uint8Array): Promise<void> {
    const end = this.#at.end;
    try {
      const done = this.#file.writeSync(bytes, end);
      if (done < bytes.length) await writeFully(this.#file, bytes.subarray(done), end + done);
    } catch (error) {
      if (!hasErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
      await this.#file.truncate(end);
      // Else a power loss may bring the cut bytes back, behind a smaller frame written meanwhile.
      await this.#file.datasync();
      throw writeError(this.#at.segment.name, error);
    }
  }

  /**
   * The fact that the log is durable up to here. Written after the sync and before any answer. Not synced: it may be
   * lost, never wrong.
   */
  writeHead(closed = false): void {
    this.#headCounter++;
    const bytes = encodeHeadSlot(headSlotOf(this.#storeId, this.#at, this.#headCounter, closed));
    try {
      // Cut short, the slot fails its checksum and the other one still stands.
      this.#head.writeSync(bytes, headSlotOffset(this.#headCounter));
    } catch (error) {
      if (!noSpace(error)) throw error;
    }
  }

  async syncHead(closed = false): Promise<void> {
    this.writeHead(closed);
    await this.#head.datasync();
  }

  /**
   * FORMAT.md, "Rotation". On ENOSPC the new segment is gone again and the old one goes on: returns false. Anything
   * else that fails is thrown, and the caller stops writing.
   */
  async rotate(): Promise<boolean> {
    const seal: FrameDraft = { type: FrameType.seal, payload: new Uint8Array(0) };
    const sealed = encodeFrames([seal], this.#at);
    assert(sealed.bytes.length === sealBytes, 'SEAL has its fixed size');
    const header: SegmentHeader = {
      storeId: this.#storeId,
      ordinal: this.#at.segment.ordinal + 1,
      seqFirst: this.#at.seqNext,
      salt: randomSalt(this.#env),
      prevSalt: this.#at.segment.salt,
      prevEnd: sealed.at.end,
      prevLink: sealed.at.link,
      createdMs: this.#env.clock.now(),
    };
    let next: CreatedSegment;
    try {
      next = await createSegment(this.#env, this.#storeDir, header);
    } catch (error) {
      if (!noSpace(error)) throw error;
      await removeSegment(this.#env, this.#storeDir, header);
      return false;
    }
    try {
      await this.#write(sealed.bytes);
      await this.#file.datasync();
    } catch (error) {
      await next.file.close();
      // A full disk before the sync is taken back; a sync that fails leaves nobody knows what, full disk or not.
      if (!(error instanceof WalqError && noSpace(error))) throw error;
      await removeSegment(this.#env, this.#storeDir, header);
      return false;
    }
    const before = this.#file;
    this.#file = next.file;
    this.#at = next.at;
    await before.close();
    await this.syncHead();
    return true;
  }

  async close(): Promise<void> {
    try {
      await this.#file.close();
    } finally {
      await this.#head.close();
    }
  }
}

function noSpace(error: unknown): boolean {
  return hasErrno(error, 'ENOSPC', 'EDQUOT') || (error instanceof WalqError && error.code === 'E_NO_SPACE');
}

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

interface CreatedSegment {
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
    if (!(await file.tryLock(segmentLockOffset, 1))) throw await lockedBy(env, storeDir);
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

async function removeSegment(env: StorageEnv, storeDir: string, header: SegmentHeader): Promise<void> {
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

function headSlotOf(storeId: string, at: LogEnd, counter: number, closed: boolean): HeadSlot {
  const { segment, end, link, seqNext } = at;
  const { ordinal, salt } = segment;
  return { counter, storeId, ordinal, seqLast: seqNext - 1, end, link, salt, closed };
}
