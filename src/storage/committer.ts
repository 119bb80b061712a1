import { errnoText } from '../base/errno.ts';
import { assert, Exit, ioError, isFsError, WalqError } from '../base/errors.ts';
import { Append, accept, countOf, faultOf, refuse, type Work } from './commit-work.ts';
import type { LogWriter } from './log-writer.ts';
import { Pace } from './pace.ts';
import type { CommitHooks, StateMachine, StorageEnv, StoreObserver } from './types.ts';
import { type FrameDraft, varintPayload } from './wal/encode-frames.ts';
import { FrameType, frameBytes, segmentBytesMax } from './wal/format.ts';
import { forEachPacked, joined, type PackedRecords } from './wal/records.ts';

/** A frame takes operations until it holds this much; a single larger operation gets a frame of its own. */
const batchBytesTarget = 4 * 1024 * 1024;

type Batch = readonly Append[];

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
 *
 * When the pace says that commits overlap, a batch takes half of what waits, and the next one is written as soon as the
 * disk has the first: while it syncs, the first is applied and answered. Never two of them on their way to the disk.
 */
export class Committer {
  readonly #env: StorageEnv;
  readonly #writer: LogWriter;
  readonly #machine: StateMachine;
  readonly #segmentBytes: number;
  readonly #opening: Uint8Array;
  readonly #observer: StoreObserver | undefined;
  readonly #pace: Pace;
  #queue: Work[] = [];
  #running: Promise<void> | undefined;
  #opened = false;
  #poison: WalqError | undefined;
  readonly #failing = new AbortController();
  /** Fires once, with the poison. */
  readonly failed: AbortSignal = this.#failing.signal;
  /** The log holds a record that its own state machine refuses. */
  #diverged = false;
  #seqApplied: number;
  #closed = false;
  readonly stats: CommitStats = { commits: 0, records: 0, lastMs: 0 };

  constructor(
    env: StorageEnv,
    writer: LogWriter,
    machine: StateMachine,
    options: {
      segmentBytes: number;
      epoch: number;
      pid: number;
      observer: StoreObserver | undefined;
      overlap: boolean | undefined;
    },
  ) {
    this.#env = env;
    this.#writer = writer;
    this.#machine = machine;
    this.#segmentBytes = options.segmentBytes;
    this.#observer = options.observer;
    this.#pace = new Pace(options.overlap);
    this.#seqApplied = writer.seqNext - 1;
    this.#opening = varintPayload(options.epoch, env.clock.now(), options.pid);
  }

  get poison(): WalqError | undefined {
    return this.#poison;
  }
  /** True once this opening has written a frame. */
  get opened(): boolean {
    return this.#opened;
  }

  /** Last seq that is applied. */
  get seqLast(): number {
    return this.#seqApplied;
  }
  set askedFromOutside(fromOutside: boolean) {
    this.#pace.askedFromOutside = fromOutside;
  }

  /** One atomic operation. Resolves with what `hooks` makes of its first seq, after it is durable and applied. */
  append<T>(records: PackedRecords, hooks: CommitHooks<T>, known?: readonly unknown[]): Promise<T> {
    const work = new Append(records, hooks, known);
    const wrong = faultOf(work);
    if (wrong === undefined) this.#push(work);
    else refuse(work, wrong);
    return work.promise as Promise<T>;
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
    const over =
      this.#poison ?? (this.#closed ? new WalqError(Exit.bug, 'E_CLOSED', 'the store is closed') : undefined);
    if (over !== undefined) {
      refuse(work, over);
      return;
    }
    this.#queue.push(work);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    /** On disk, not applied yet. */
    let done: Batch | undefined;
    await this.#gather();
    while (done !== undefined || this.#queue.length > 0) {
      const next = this.#nextBatch(done !== undefined);
      const writing = next && this.#write(next);
      if (done !== undefined) await this.#answer(done);
      else if (next === undefined) await this.#control();
      // Of one asker there is no other half.
      if (done !== undefined && next === undefined && this.#queue.length < 2) this.#pace.alone();
      done = writing && (await this.#written(writing, done !== undefined)) ? next : undefined;
    }
    this.#running = undefined;
  }

  /** What goes to the disk now; none when a control is due, or `owing` answers that come first. */
  #nextBatch(owing: boolean): Batch | undefined {
    if (this.#queue[0]?.kind !== 'append' || (owing && !this.#pace.overlaps)) return undefined;
    const most = this.#pace.overlaps && !owing ? Math.ceil(this.#queue.length / 2) : this.#queue.length;
    const batch: Append[] = [];
    let bytes = 0;
    for (const work of this.#queue) {
      if (work.kind !== 'append' || batch.length === most) break;
      if (batch.length > 0 && bytes + work.bytes > batchBytesTarget) break;
      batch.push(work);
      bytes += work.bytes;
    }
    this.#queue = this.#queue.slice(batch.length);
    return batch;
  }

  async #control(): Promise<void> {
    const work = this.#queue.shift();
    assert(work?.kind === 'control', 'what is no batch is a control');
    try {
      await work.run();
    } catch (error) {
      work.reject(this.fail(error));
    }
    await turn();
  }

  /** Frame, sync, HEAD. False when that failed, and the batch is answered then. */
  async #write(batch: Batch): Promise<boolean> {
    const payload = joined(batch.map(({ records }) => records));
    const count = countOf(batch);
    try {
      const grown = this.#writer.segmentBytes + frameBytes(payload.length);
      // No pause where none is needed: the disk is to have its work before anybody else.
      if (!this.#writer.empty && grown > this.#segmentBytes) await this.#rotate(grown);
      await this.#commit([{ type: FrameType.data, payload, count }]);
      this.#writer.writeHead();
      return true;
    } catch (error) {
      const failure = this.fail(error);
      for (const work of batch) refuse(work, failure);
      return false;
    }
  }

  /** Waits for a write; `beside`: other work was done meanwhile. */
  async #written(writing: Promise<boolean>, beside: boolean): Promise<boolean> {
    const started = this.#env.clock.monotonic();
    const isWritten = await writing;
    if (beside) this.#pace.waited(this.#env.clock.monotonic() - started);
    return isWritten;
  }

  /** Applies what is on disk and tells everybody, who may then ask again. */
  async #answer(batch: Batch): Promise<void> {
    const started = this.#env.clock.monotonic();
    const seqFirst = this.#seqApplied + 1;
    this.#apply(batch);
    let seq = seqFirst;
    for (const work of batch) {
      if (this.#diverged) refuse(work, this.#poison);
      else accept(work, seq);
      seq += work.records.count;
    }
    await this.#gather();
    this.#pace.turned(this.#env.clock.monotonic() - started);
  }

  /** Everybody who was just answered can ask again and share the next sync. */
  async #gather(): Promise<void> {
    let before: number;
    let left = this.#pace.turns;
    do {
      before = this.#queue.length;
      await turn();
    } while (--left > 0 && this.#queue.length > before);
  }

  #apply(batch: Batch): void {
    if (this.#diverged) return;
    try {
      for (const work of batch) this.#applyOne(work);
    } catch (cause) {
      // Validation before append failed its duty.
      const seq = this.#seqApplied + 1;
      this.#diverged = true;
      this.#poisonWith(new WalqError(Exit.bug, 'E_REPLAY', `record ${seq} was written but does not apply`, { cause }));
    }
  }

  #applyOne({ records, known }: Append): void {
    const machine = this.#machine;
    if (known !== undefined && machine.applyKnown !== undefined) {
      for (const one of known) {
        machine.applyKnown(one, this.#seqApplied + 1);
        this.#seqApplied++;
      }
      return;
    }
    forEachPacked(records, (record) => {
      machine.apply(record, this.#seqApplied + 1);
      this.#seqApplied++;
    });
  }

  async #rotate(grown: number): Promise<void> {
    if (await this.#writer.rotate()) return;
    // No room for a new file: the old segment takes more than it should, but never more than its offsets can say.
    if (grown > segmentBytesMax) throw ioError('E_NO_SPACE', 'the disk has no room for the next segment');
  }

  /** OPEN goes into the same write as the first frame of this opening. */
  async #commit(drafts: FrameDraft[]): Promise<void> {
    const started = this.#env.clock.monotonic();
    const all: FrameDraft[] = this.#opened ? drafts : [{ type: FrameType.open, payload: this.#opening }, ...drafts];
    const facts = await this.#writer.commit(all, this.#pace.syncInPlace);
    this.#pace.synced(facts.syncMs);
    const records = drafts.reduce((sum, draft) => sum + ('count' in draft ? draft.count : 0), 0);
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
    const own = error instanceof WalqError ? error : undefined;
    if (own?.code === 'E_NO_SPACE') return error;
    const isPoison = own?.code === 'E_POISONED' || own?.code === 'E_MOVED';
    const cause = { cause: error };
    const why = isFsError(error) ? `: ${errnoText(error.code)}` : '';
    const poison = ioError('E_POISONED', `the log could not be written${why}; the store must be opened again`, cause);
    this.#poisonWith(isPoison ? own : poison);
    // Found out before anything was written.
    if (own?.code === 'E_MOVED') return error;
    const unknown = `the disk failed while this was being written${why}`;
    return ioError('E_DURABILITY_UNKNOWN', `${unknown}; it may or may not be there after the next opening`, cause);
  }

  #poisonWith(error: WalqError): void {
    this.#poison ??= error;
    const queue = this.#queue;
    this.#queue = [];
    for (const work of queue) refuse(work, this.#poison);
    this.#failing.abort(this.#poison);
  }
}

/** Of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
