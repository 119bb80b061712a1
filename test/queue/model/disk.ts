import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, Random } from '../../../src/base/clock.ts';
import { ioError, type WalqError } from '../../../src/base/errors.ts';
import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
import { decodeEvent } from '../../../src/queue/events/events.ts';
import type { QueueLog } from '../../../src/queue/log.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { firstSeq } from '../../../src/storage/commit-work.ts';
import type { CheckpointResult, CommitHooks } from '../../../src/storage/types.ts';
import type { PackedRecords } from '../../../src/storage/wal/records.ts';
import { answering, noSpace } from '../support/fake-log.ts';
import { applyAll, recordsIn } from '../support/known.ts';

/** Which operation is running: so every frame knows whose it is. */
export const underWay = new AsyncLocalStorage<number>();

/** What the disk holds of one operation. */
export interface Frame {
  readonly op: number;
  /** Of the opening that wrote it. */
  readonly epoch: number;
  readonly seqFirst: number;
  readonly records: readonly Uint8Array[];
  readonly events: readonly QueueEvent[];
  /** When it was appended: place in the history of the wall clock, and monotonic ms. */
  readonly tick: number;
  readonly monotonic: number;
}

interface Waiting {
  records: readonly Uint8Array[];
  known: readonly unknown[] | undefined;
  op: number;
  tick: number;
  monotonic: number;
  resolve: (seq: number) => void;
  reject: (error: unknown) => void;
}

/** Wall and monotonic clock; the wall clock may be set back. */
export class ModelClock implements Clock {
  /** Every value the wall clock had. */
  readonly history = [1_764_000_000_000];
  #monotonic = 0;
  #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.history.at(-1) ?? 0;
  }
  get tick(): number {
    return this.history.length - 1;
  }
  monotonic(): number {
    return this.#monotonic;
  }
  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ at: this.#monotonic + ms, wake }));
  }
  advance(ms: number): void {
    this.#monotonic += ms;
    this.history.push(this.now() + ms);
    const due = this.#sleepers.filter(({ at }) => at <= this.#monotonic);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#monotonic);
    for (const { wake } of due) wake();
  }
  setBack(ms: number): void {
    this.history.push(this.now() - ms);
  }
}

/** The same bytes for the same seed. */
export function seeded(seed: number): Random {
  let state = seed;
  return (buffer) => {
    for (let at = 0; at < buffer.length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      buffer[at] = state >>> 24;
    }
  };
}

/**
 * A log over frames that outlive it. What is appended waits for `commit`; `kill` ends it at any moment, with so many of
 * the waiting frames on disk although nobody was told.
 */
export class ModelLog implements QueueLog {
  readonly id = '00112233445566778899aabbccddeeff';
  readonly epoch: number;
  readonly machine: QueueMachine;
  readonly frames: Frame[];
  readonly #clock: ModelClock;
  #next: 'full' | 'unsure' | undefined;
  #poison: WalqError | undefined;
  #waiting: Waiting[] = [];
  /** A batch whose sync failed: nobody knows how much of it is on disk. */
  #unsure: Waiting[] = [];
  #dead = false;
  /** Operations an append of which was refused, and with what. */
  readonly #refused: Map<number, Set<string>>;

  constructor(epoch: number, clock: ModelClock, frames: Frame[], refused: Map<number, Set<string>>) {
    this.epoch = epoch;
    this.#clock = clock;
    this.frames = frames;
    this.#refused = refused;
    this.machine = replayed(frames);
  }

  get seqLast(): number {
    return seqLast(this.frames);
  }
  get poisoned(): boolean {
    return this.#poison !== undefined;
  }

  append(records: PackedRecords): Promise<number>;
  append<T>(records: PackedRecords, hooks: CommitHooks<T>, known?: readonly unknown[]): Promise<T>;
  append(packed: PackedRecords, hooks: CommitHooks<unknown> = firstSeq, known?: readonly unknown[]): Promise<unknown> {
    const records = recordsIn(packed);
    if (this.#dead) return new Promise(() => undefined);
    const op = underWay.getStore() ?? -1;
    const { tick } = this.#clock;
    const monotonic = this.#clock.monotonic();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, known, op, tick, monotonic, ...answering(hooks, resolve, reject) });
    });
  }

  /** The next batch meets a full disk, or a sync that fails. */
  fail(how: 'full' | 'unsure' | undefined): void {
    this.#next = how;
  }

  /** Makes everything waiting durable, applies it, answers. */
  commit(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    const failure = this.#poison ?? this.#failure();
    if (failure?.code === 'E_DURABILITY_UNKNOWN') {
      this.#poison = ioError('E_POISONED', 'the disk failed before');
      this.#unsure = batch;
    }
    for (const waiting of batch) {
      if (failure !== undefined) {
        this.#refused.set(waiting.op, new Set(this.#refused.get(waiting.op)).add(failure.code));
        // Who does not take that for an answer tries again, and what it writes then is this operation's too.
        underWay.run(waiting.op, () => waiting.reject(failure));
        continue;
      }
      const seqFirst = this.#write(waiting);
      applyAll(this.machine, waiting.records, waiting.known, seqFirst);
      waiting.resolve(seqFirst);
    }
  }

  kill(surviving: number): void {
    this.#dead = true;
    const batch = this.#unsure.length > 0 ? this.#unsure : this.#waiting;
    for (const waiting of batch.slice(0, surviving)) this.#write(waiting);
  }

  #failure(): WalqError | undefined {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined) return undefined;
    return next === 'full' ? noSpace() : ioError('E_DURABILITY_UNKNOWN', 'the sync failed');
  }

  #write({ records, op, tick, monotonic }: Waiting): number {
    const seqFirst = this.seqLast + 1;
    const events = records.map((record) => decodeEvent(record));
    this.frames.push({ op, epoch: this.epoch, seqFirst, records, events, tick, monotonic });
    return seqFirst;
  }

  checkpoint(): Promise<CheckpointResult> {
    return Promise.reject(new Error('not part of this model'));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

export function seqLast(frames: readonly Frame[]): number {
  const last = frames.at(-1);
  return last === undefined ? 0 : last.seqFirst + last.records.length - 1;
}

/** Throws E_APPLY for a log that no healthy queue can write. */
export function replayed(frames: readonly Frame[]): QueueMachine {
  const machine = new QueueMachine();
  for (const { records, seqFirst } of frames) {
    for (const [index, record] of records.entries()) machine.apply(record, seqFirst + index);
  }
  return machine;
}
