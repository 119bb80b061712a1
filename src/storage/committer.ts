import { Exit, ioError, usageError, WalqError } from '../base/errors.ts';
import type { LogWriter } from './log-writer.ts';
import type { StateMachine, StorageEnv, StoreObserver } from './types.ts';
import { type FrameDraft, varintPayload } from './wal/encode-frames.ts';
import { FrameType, frameBytes, payloadBytesMax, segmentBytesMax } from './wal/format.ts';
import { packedBytes } from './wal/records.ts';

/** A frame takes operations until it holds this much; a single larger operation gets a frame of its own. */
const batchBytesTarget = 4 * 1024 * 1024;

type Work =
  | {
      kind: 'append';
      records: readonly Uint8Array[];
      bytes: number;
      resolve: (seqFirst: number) => void;
      reject: (error: unknown) => void;
    }
  | { kind: 'control'; run: () => Promise<void>; reject: (error: unknown) => void };

export interface CommitStats {
  commits: number;
  records: number;
  /** Milliseconds of the last write + sync. */
  lastMs: number;
}

/**
 * Group commit. Operations queue up while a batch is being synced; the next batch takes them all. Per batch: one
 * write, one sync, HEAD, apply to the state machine, answers, in this order. A failed sync poisons: nothing is
 * written any more, and only a new opening decides what the disk holds.
 */
export class Committer {
  readonly #env: StorageEnv;
  readonly #writer: LogWriter;
  readonly #machine: StateMachine;
  readonly #segmentBytes: number;
  readonly #opening: Uint8Array;
  readonly #observer: StoreObserver | undefined;
  #queue: Work[] = [];
  #running: Promise<void> | undefined;
  #opened = false;
  #poison: WalqError | undefined;
  #closed = false;
  readonly stats: CommitStats = { commits: 0, records: 0, lastMs: 0 };

  constructor(
    env: StorageEnv,
    writer: LogWriter,
    machine: StateMachine,
    options: { segmentBytes: number; epoch: number; pid: number; observer: StoreObserver | undefined },
  ) {
    this.#env = env;
    this.#writer = writer;
    this.#machine = machine;
    this.#segmentBytes = options.segmentBytes;
    this.#observer = options.observer;
    this.#opening = varintPayload(options.epoch, env.clock.now(), options.pid);
  }

  get poison(): WalqError | undefined {
    return this.#poison;
  }
  /** True once this opening has written a frame. */
  get opened(): boolean {
    return this.#opened;
  }

  /** One atomic operation. Resolves with its first seq, after it is durable and applied. */
  append(records: readonly Uint8Array[]): Promise<number> {
    const bytes = packedBytes(records);
    if (records.length === 0) return Promise.reject(new RangeError('an operation has at least one record'));
    if (bytes > payloadBytesMax) {
      const limit = `the limit is ${payloadBytesMax} bytes`;
      return Promise.reject(
        usageError('E_RECORD_SIZE', `operation of ${bytes} bytes is too large for one frame; ${limit}`),
      );
    }
    for (const record of records) {
      // An empty one has no first byte.
      if (!record[0]) return Promise.reject(new RangeError('a record is not empty and does not begin with 0'));
    }
    return new Promise((resolve, reject) => this.#push({ kind: 'append', records, bytes, resolve, reject }));
  }

  /** Runs between two batches: rotation, control frames, a look at a state that stands still. */
  control<T>(run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#push({ kind: 'control', run: async () => resolve(await run()), reject });
    });
  }

  /** Writes control frames; for use inside `control`. */
  async writeControl(draft: FrameDraft): Promise<void> {
    await this.#commit([draft]);
    this.#writer.writeHead();
  }

  /** No new work; resolves when all accepted work is answered. */
  async drain(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #push(work: Work): void {
    if (this.#poison) {
      work.reject(this.#poison);
      return;
    }
    if (this.#closed) {
      work.reject(new WalqError(Exit.bug, 'E_CLOSED', 'the store is closed'));
      return;
    }
    this.#queue.push(work);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // One turn of the event loop, so that everybody who was just answered can ask again and share the next sync.
      await new Promise((resolve) => setImmediate(resolve));
      const first = this.#queue[0];
      // Poisoned during that turn.
      if (first === undefined) break;
      if (first.kind === 'control') {
        this.#queue.shift();
        await this.#control(first);
      } else {
        await this.#batch(this.#takeBatch());
      }
    }
    this.#running = undefined;
  }

  #takeBatch(): Extract<Work, { kind: 'append' }>[] {
    const batch: Extract<Work, { kind: 'append' }>[] = [];
    let bytes = 0;
    for (const work of this.#queue) {
      if (work.kind !== 'append' || (batch.length > 0 && bytes + work.bytes > batchBytesTarget)) break;
      batch.push(work);
      bytes += work.bytes;
    }
    this.#queue = this.#queue.slice(batch.length);
    return batch;
  }

  async #control(work: Extract<Work, { kind: 'control' }>): Promise<void> {
    try {
      await work.run();
    } catch (error) {
      work.reject(this.fail(error));
    }
  }

  async #batch(batch: Extract<Work, { kind: 'append' }>[]): Promise<void> {
    const records = batch.length === 1 ? (batch[0]?.records ?? []) : batch.flatMap((work) => work.records);
    const seqFirst = this.#writer.seqNext;
    try {
      const payload = batch.reduce((sum, work) => sum + work.bytes, 0);
      await this.#rotateIfDue(frameBytes(payload));
      await this.#commit([{ type: FrameType.data, records }]);
      this.#writer.writeHead();
    } catch (error) {
      const failure = this.fail(error);
      for (const work of batch) work.reject(failure);
      return;
    }
    let seq = seqFirst;
    try {
      for (const record of records) this.#machine.apply(record, seq++);
    } catch (cause) {
      // The log now holds a record that its own state machine refuses: validation before append failed its duty.
      this.#poisonWith(
        new WalqError(Exit.bug, 'E_REPLAY', `record ${seq - 1} was written but does not apply`, { cause }),
      );
      for (const work of batch) work.reject(this.#poison);
      return;
    }
    seq = seqFirst;
    for (const work of batch) {
      work.resolve(seq);
      seq += work.records.length;
    }
  }

  async #rotateIfDue(bytes: number): Promise<void> {
    const grown = this.#writer.segmentBytes + bytes;
    if (this.#writer.empty || grown <= this.#segmentBytes) return;
    if (await this.#writer.rotate()) return;
    // No room for a new file: the old segment takes more than it should, but never more than its offsets can say.
    if (grown > segmentBytesMax) throw ioError('E_NO_SPACE', 'the disk has no room for the next segment');
  }

  /** OPEN goes into the same write as the first frame of this opening. */
  async #commit(drafts: FrameDraft[]): Promise<void> {
    const started = this.#env.clock.monotonic();
    const all: FrameDraft[] = this.#opened ? drafts : [{ type: FrameType.open, payload: this.#opening }, ...drafts];
    const facts = await this.#writer.commit(all);
    const records = drafts.reduce((sum, draft) => sum + ('records' in draft ? draft.records.length : 0), 0);
    this.#opened = true;
    this.stats.commits++;
    this.stats.records += records;
    this.stats.lastMs = this.#env.clock.monotonic() - started;
    this.#observer?.committed({ ...facts, records });
  }

  /**
   * A full disk rejects one batch; every other failure of the log, or of its folder outside of a commit, poisons.
   * Returns what to throw.
   */
  fail(error: unknown): unknown {
    if (error instanceof WalqError && error.code === 'E_NO_SPACE') return error;
    this.#poisonWith(
      error instanceof WalqError && error.code === 'E_POISONED'
        ? error
        : ioError('E_POISONED', 'the log could not be written; the store must be opened again', { cause: error }),
    );
    return ioError(
      'E_DURABILITY_UNKNOWN',
      'the disk failed while this was being written; it may or may not be there after the next opening',
      {
        cause: error,
      },
    );
  }

  #poisonWith(error: WalqError): void {
    this.#poison ??= error;
    const queue = this.#queue;
    this.#queue = [];
    for (const work of queue) work.reject(this.#poison);
  }
}
