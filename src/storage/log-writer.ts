import { assert, hasErrno, WalqError } from '../base/errors.ts';
import type { File } from '../fs/types.ts';
import { writeError, writeFully } from './files.ts';
import { type CreatedSegment, createSegment, headSlotOf, randomSalt, removeSegment } from './log-files.ts';
import type { ChainPoint, CommitFacts, StorageEnv } from './types.ts';
import { encodeFrames, type FrameDraft, type LogEnd } from './wal/encode-frames.ts';
import { FrameType, type SegmentHeader, sealBytes, segmentHeaderBytes } from './wal/format.ts';
import { encodeHeadSlot, headSlotOffset } from './wal/head.ts';

/** Syncs that take less than this are waited for in place. */
const quickSyncMs = 1;
const slowUntilMeasured = Number.POSITIVE_INFINITY;

/** A writer that has written this part of `aheadBytes` is busy. */
const busyShare = 1 / 16;

export interface LogParts {
  storeId: string;
  file: File;
  head: File;
  headCounter: number;
  /** The file ends here. */
  at: LogEnd;
  /** Zeros that a busy writer puts behind the log in one go, and the size of a segment, which they keep to. */
  aheadBytes: number;
  segmentBytes: number;
}

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
  readonly #aheadBytes: number;
  readonly #segmentBytesMax: number;
  /** Where the file ends: behind the log, when there are zeros ahead of it. */
  #size: number;
  /** Written to the log since it was opened, or since there were no zeros ahead of it any more. */
  #written = 0;
  /** Of the last syncs, on average. */
  #syncMs = slowUntilMeasured;
  /** This thread may stand still while a quick disk syncs. */
  syncInPlace = true;

  constructor(env: StorageEnv, storeDir: string, parts: LogParts) {
    this.#env = env;
    this.#storeDir = storeDir;
    this.#storeId = parts.storeId;
    this.#file = parts.file;
    this.#head = parts.head;
    this.#headCounter = parts.headCounter;
    this.#at = parts.at;
    this.#size = parts.at.end;
    this.#aheadBytes = parts.aheadBytes;
    this.#segmentBytesMax = parts.segmentBytes;
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
   * something meanwhile waits for it anyway, unless `syncInPlace` says otherwise. As soon as the disk is slow, the
   * thread does not wait for it any more. Answers the milliseconds it took.
   */
  async #sync(): Promise<number> {
    const started = this.#env.clock.monotonic();
    if (this.syncInPlace && this.#syncMs < quickSyncMs) this.#file.datasyncSync();
    else await this.#file.datasync();
    const took = this.#env.clock.monotonic() - started;
    this.#syncMs = this.#syncMs === slowUntilMeasured ? took : 0.8 * this.#syncMs + 0.2 * took;
    return took;
  }

  /**
   * All of `bytes` at the end of the log. On a full disk what was written is cut off again: nothing of it was
   * acknowledged.
   *
   * A sync takes half as long when the file need not grow: the file system has no size to note. So the write that makes
   * the file longer puts zeros behind, for the frames to come. Zeros after the last frame are no damage (FORMAT.md).
   */
  async #write(bytes: Uint8Array): Promise<void> {
    const end = this.#at.end;
    const grows = end + bytes.length > this.#size;
    const isBusy = this.#written >= this.#aheadBytes * busyShare;
    const room = Math.max(0, this.#segmentBytesMax - end - bytes.length);
    const ahead = grows && isBusy ? Math.min(this.#aheadBytes, room) : 0;
    try {
      await this.#put(ahead === 0 ? bytes : withZeros(bytes, ahead), end);
    } catch (error) {
      if (!hasErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
      await this.#cut();
      // Else a power loss may bring the cut bytes back, behind a smaller frame written meanwhile.
      await this.#file.datasync();
      if (ahead === 0) throw writeError(this.#at.segment.name, error);
      await this.#write(bytes);
      return;
    }
    this.#size = Math.max(this.#size, end + bytes.length + ahead);
    this.#written += bytes.length;
  }

  async #put(bytes: Uint8Array, at: number): Promise<void> {
    const done = this.#file.writeSync(bytes, at);
    if (done < bytes.length) await writeFully(this.#file, bytes.subarray(done), at + done);
  }

  async #cut(): Promise<void> {
    await this.#file.truncate(this.#at.end);
    this.#size = this.#at.end;
    this.#written = 0;
  }

  /** No zeros ahead any more: before the last frame of a segment, whose sync makes it last. */
  async trim(): Promise<void> {
    if (this.#size > this.#at.end) await this.#cut();
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
      await this.trim();
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
    this.#size = next.at.end;
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

function withZeros(bytes: Uint8Array, zeros: number): Uint8Array {
  const longer = new Uint8Array(bytes.length + zeros);
  longer.set(bytes);
  return longer;
}
