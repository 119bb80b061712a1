import type { Clock } from '../../base/clock.ts';
import type { Store } from '../../storage/store.ts';
import type { SnapshotSummary } from '../../storage/types.ts';
import { startTimer, type Timer } from '../process/timer.ts';
import type { QueueMachine } from '../state/machine.ts';

export interface CheckpointPolicy {
  /** Snapshot after so long, and after so many events; 0 = not by this. */
  snapshotIntervalMs: number;
  snapshotEvery: number;
  report(
    event:
      | { kind: 'snapshot'; snapshot: SnapshotSummary; removedSegments: number }
      | { kind: 'snapshot-failed'; error: unknown },
  ): void;
}

/** What is asked of the store. */
type Source = Pick<Store<QueueMachine>, 'seqLast' | 'lastSnapshot' | 'poison' | 'checkpoint'>;

/**
 * The next one begins at the earliest when so many times as long has passed as the last one took: at full load one
 * would follow the other, and leave a third of the speed (docs/performance.md). A log that grows meanwhile is read at a
 * million events a second.
 */
const restsPerSnapshot = 2;
/** A disk that stood still for long says nothing about the next time. */
const restMsMax = 5 * 60_000;

/**
 * Snapshots while a runner works: by time and by number of events, one at a time, with a rest between them. A failed
 * one is reported and tried again at the next occasion.
 */
export class Checkpoints {
  readonly #clock: Clock;
  readonly #store: Source;
  readonly #policy: CheckpointPolicy;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #seqLast: number;
  /** By the monotonic clock, ms. */
  #restUntil = 0;
  /** One that was due during the rest comes after it. */
  #late: Timer | undefined;
  #stopped = false;

  constructor(clock: Clock, store: Source, policy: CheckpointPolicy) {
    this.#clock = clock;
    this.#store = store;
    this.#policy = policy;
    this.#seqLast = store.lastSnapshot?.seq ?? 0;
  }

  start(): void {
    const { snapshotIntervalMs } = this.#policy;
    if (snapshotIntervalMs <= 0 || this.#stopped) return;
    this.#timer = startTimer(this.#clock, snapshotIntervalMs, () => {
      this.#take();
      this.start();
    });
  }

  noteSeq(seq: number): void {
    const every = this.#policy.snapshotEvery;
    if (every > 0 && seq - this.#seqLast >= every) this.#take();
  }

  /** No new snapshot; resolves when the one under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#late?.cancel();
    await this.#running;
  }

  #take(): void {
    if (this.#running !== undefined || this.#stopped || this.#store.poison !== undefined) return;
    const beganAt = this.#clock.monotonic();
    if (beganAt < this.#restUntil) {
      this.#late ??= startTimer(this.#clock, this.#restUntil - beganAt, () => this.#take());
      return;
    }
    this.#late?.cancel();
    this.#late = undefined;
    this.#seqLast = this.#store.seqLast;
    this.#running = this.#checkpoint().finally(() => {
      this.#running = undefined;
      const endedAt = this.#clock.monotonic();
      this.#restUntil = endedAt + Math.min(restMsMax, restsPerSnapshot * (endedAt - beganAt));
    });
  }

  async #checkpoint(): Promise<void> {
    try {
      const { snapshot, unchanged, removedSegments } = await this.#store.checkpoint();
      if (!unchanged) this.#policy.report({ kind: 'snapshot', snapshot, removedSegments: removedSegments.length });
    } catch (error) {
      this.#policy.report({ kind: 'snapshot-failed', error });
    }
  }
}
