import { assert, hasErrno, ioError, WalqError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { writeError } from '../fs/failure.ts';
import type { File } from '../fs/types.ts';
import { writeFully } from '../fs/write.ts';
import { walFolder } from './folder.ts';
import { type CreatedSegment, createSegment, headSlotOf, randomSalt, removeSegment } from './log-files.ts';
import type { ChainPoint, CommitFacts, StorageEnv } from './types.ts';
import { encodeFrames, type FrameDraft, type LogEnd } from './wal/encode-frames.ts';
import { FrameType, type SegmentHeader, sealBytes, segmentHeaderBytes } from './wal/format.ts';
import { encodeHeadSlot, headSlotOffset } from './wal/head.ts';

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
   * it is, a full disk or not: nobody knows what it left. `inPlace`: this thread stands still while the disk syncs.
   */
  async commit(drafts: readonly FrameDraft[], inPlace = false): Promise<CommitFacts> {
    const { bytes, at } = encodeFrames(drafts, this.#at);
    // Without a pause if it can be, so that the sync is under way when this returns its promise.
    const pause = this.#write(bytes);
    if (pause !== undefined) await pause;
    const started = this.#env.clock.monotonic();
    if (inPlace) this.#file.datasyncSync();
    else await this.#file.datasync();
    this.#at = at;
    return { bytes: bytes.length, syncMs: this.#env.clock.monotonic() - started };
  }

  /**
   * All of `bytes` at the end of the log. On a full disk what was written is cut off again: nothing of it was
   * acknowledged.
   *
   * A sync takes half as long when the file need not grow: the file system has no size to note. So the write that makes
   * the file longer puts zeros behind, for the frames to come. Zeros after the last frame are no damage (FORMAT.md).
   */
  #write(bytes: Uint8Array): Promise<void> | undefined {
    const end = this.#at.end;
    const grows = end + bytes.length > this.#size;
    const isBusy = this.#written >= this.#aheadBytes * busyShare;
    const room = Math.max(0, this.#segmentBytesMax - end - bytes.length);
    const ahead = grows && isBusy ? Math.min(this.#aheadBytes, room) : 0;
    const all = ahead === 0 ? bytes : withZeros(bytes, ahead);
    try {
      const done = this.#file.writeSync(all, end);
      if (done < all.length) return this.#writeRest(bytes.length, all, done);
    } catch (error) {
      return this.#takeBack(error, bytes.length, all);
    }
    this.#wrote(bytes.length, ahead);
    return undefined;
  }

  #wrote(bytes: number, ahead: number): void {
    this.#size = Math.max(this.#size, this.#at.end + bytes + ahead);
    this.#written += bytes;
  }

  async #writeRest(bytes: number, all: Uint8Array, done: number): Promise<void> {
    try {
      await writeFully(this.#file, all.subarray(done), this.#at.end + done);
    } catch (error) {
      await this.#takeBack(error, bytes, all);
      return;
    }
    this.#wrote(bytes, all.length - bytes);
  }

  async #takeBack(error: unknown, bytes: number, all: Uint8Array): Promise<void> {
    if (!hasErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
    await this.#cut();
    // Else a power loss may bring the cut bytes back, behind a smaller frame written meanwhile.
    await this.#file.datasync();
    if (all.length === bytes) throw writeError(this.#at.segment.name, error);
    // No room for the zeros, but perhaps for the frames.
    await this.#write(all.subarray(0, bytes));
  }

  async #cut(): Promise<void> {
    await this.#file.truncate(this.#at.end);
    this.#size = this.#at.end;
    this.#written = 0;
  }

  /** No zeros ahead any more, and none behind the next frame, which is the last of its segment: its sync makes that last. */
  async trim(): Promise<void> {
    if (this.#size > this.#at.end) await this.#cut();
    this.#written = 0;
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
   * Rejects with E_MOVED when the path of the store leads to something else by now: a file created or removed there by
   * its name would be one of another store.
   */
  async mustBeInPlace(): Promise<void> {
    const [own, here] = await Promise.all([
      this.#file.info(),
      this.#env.fs.lstat(join(this.#storeDir, walFolder, this.#at.segment.name)),
    ]);
    if (here === undefined || here.ino !== own.ino || here.dev !== own.dev) throw movedError(this.#storeDir);
  }

  /**
   * FORMAT.md, "Rotation". On a full disk, or where no new file is allowed, the new segment is gone again and the old
   * one goes on: returns false. Anything else that fails is thrown, and the caller stops writing.
   */
  async rotate(): Promise<boolean> {
    await this.mustBeInPlace();
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
      if (!noSpace(error) && !noNewFile(error)) throw error;
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

/** Of rights and of open files, which say nothing against the disk: the log itself was not touched yet. */
function noNewFile(error: unknown): boolean {
  return hasErrno(error, 'EACCES', 'EPERM', 'EROFS', 'EMFILE', 'ENFILE');
}

function movedError(storeDir: string): WalqError {
  const message = `the store was moved away from ${storeDir}, or replaced, while it was open for writing`;
  return ioError('E_MOVED', `${message}; nothing more is written`, {
    data: { store: storeDir },
    next: 'open it again where it is now: all that was acknowledged is there',
  });
}

function withZeros(bytes: Uint8Array, zeros: number): Uint8Array {
  const longer = new Uint8Array(bytes.length + zeros);
  longer.set(bytes);
  return longer;
}
