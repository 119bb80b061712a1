import assert from 'node:assert/strict';
import type { Clock, Random } from '../../../src/base/clock.ts';
import { ioError, type WalqError } from '../../../src/base/errors.ts';
import { QueueEngine } from '../../../src/queue/engine.ts';
import type { EngineOptions, EngineParts } from '../../../src/queue/engine-types.ts';
import { recordTypeName } from '../../../src/queue/events/events.ts';
import type { QueueLog } from '../../../src/queue/log.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { firstSeq } from '../../../src/storage/commit-work.ts';
import type { CheckpointResult, CommitHooks } from '../../../src/storage/types.ts';
import type { PackedRecords } from '../../../src/storage/wal/records.ts';
import { applyAll, recordsIn } from './known.ts';

interface Waiting {
  records: readonly Uint8Array[];
  known: readonly unknown[] | undefined;
  resolve: (seq: number) => void;
  reject: (error: unknown) => void;
}

type Settle = (value: unknown) => void;

/** How a log answers an operation: its hooks first, then its promise. */
export function answering(
  hooks: CommitHooks<unknown>,
  resolve: Settle,
  reject: Settle,
): Pick<Waiting, 'resolve' | 'reject'> {
  return {
    resolve: (seqFirst) => {
      try {
        resolve(hooks.applied(seqFirst));
      } catch (error) {
        reject(error);
      }
    },
    reject: (error) => {
      const instead = hooks.failed(error);
      if (instead !== undefined) resolve(instead);
      else reject(error);
    },
  };
}

/**
 * A log in memory with group commit: what is appended while a batch is under way goes into the next one. By default a
 * batch is over in a few microtasks; with `manual` only when `commit` is called. Failures are injected by `failNext`.
 */
export class FakeLog implements QueueLog {
  readonly id = '00112233445566778899aabbccddeeff';
  readonly epoch: number;
  readonly machine: QueueMachine;
  /** Every record made durable. */
  readonly records: Uint8Array[] = [];
  /** Operations per batch. */
  readonly batches: number[] = [];
  manual = false;
  failNext: WalqError[] = [];
  #queue: Waiting[] = [];
  #running = false;
  #poison: WalqError | undefined;

  constructor(epoch = 7, machine = new QueueMachine()) {
    this.epoch = epoch;
    this.machine = machine;
  }

  get seqLast(): number {
    return this.records.length;
  }
  get waiting(): number {
    return this.#queue.length;
  }

  append(records: PackedRecords): Promise<number>;
  append<T>(records: PackedRecords, hooks: CommitHooks<T>, known?: readonly unknown[]): Promise<T>;
  append(packed: PackedRecords, hooks: CommitHooks<unknown> = firstSeq, known?: readonly unknown[]): Promise<unknown> {
    const records = recordsIn(packed);
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, known, ...answering(hooks, resolve, reject) });
      if (!this.manual && !this.#running) {
        this.#running = true;
        setImmediate(() => {
          this.#running = false;
          this.commit();
        });
      }
    });
  }

  /** Makes everything waiting durable, applies it, answers. */
  commit(): void {
    const batch = this.#queue;
    this.#queue = [];
    if (batch.length === 0) return;
    const failure = this.#poison ?? this.failNext.shift();
    if (failure !== undefined) {
      if (failure.code === 'E_DURABILITY_UNKNOWN') this.#poison = ioError('E_POISONED', 'the disk failed before');
      for (const { reject } of batch) reject(failure);
      return;
    }
    this.batches.push(batch.length);
    for (const { records, known, resolve, reject } of batch) {
      const seqFirst = this.records.length + 1;
      this.records.push(...records);
      try {
        this.#apply(records, known, seqFirst);
      } catch (error) {
        reject(error);
        continue;
      }
      resolve(seqFirst);
    }
  }

  /** What an operation appends always applies: it held what it touches since it looked. */
  #apply(records: readonly Uint8Array[], known: readonly unknown[] | undefined, seqFirst: number): void {
    try {
      applyAll(this.machine, records, known, seqFirst);
    } catch (error) {
      assert.fail(`${records.map(recordTypeName)} was appended and does not apply: ${error}`);
    }
  }

  checkpoint(): Promise<CheckpointResult> {
    return Promise.reject(new Error('not part of this fake'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A clock that stands still until it is moved; sleepers wake when their time has come. */
export class FakeClock implements Clock {
  #now = 1_764_000_000_000;
  #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#now;
  }
  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ at: this.#now + ms, wake }));
  }
  get sleeping(): number {
    return this.#sleepers.length;
  }
  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= this.#now);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > this.#now);
    for (const { wake } of due) wake();
  }
}

/** The same bytes for the same seed. */
function seededRandom(seed = 1): Random {
  let state = seed;
  return (buffer) => {
    for (let at = 0; at < buffer.length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      buffer[at] = state >>> 24;
    }
  };
}

export function noSpace(): WalqError {
  return ioError('E_NO_SPACE', 'no space left on device');
}

export interface Bench {
  log: FakeLog;
  clock: FakeClock;
  engine: QueueEngine;
}

export function bench(
  options: EngineOptions = {},
  log = new FakeLog(),
  clock = new FakeClock(),
  parts: Pick<EngineParts, 'onLeftOut'> = {},
): Bench {
  const engine = new QueueEngine({ log, machine: log.machine, clock, random: seededRandom(), ...parts }, options);
  return { log, clock, engine };
}

/** Lets everything that is ready to run do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
