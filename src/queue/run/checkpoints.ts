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

/**
 * Snapshots while a runner works: by time and by number of events, one at a time. A failed one is reported and tried
 * again at the next occasion.
 */
export class Checkpoints {
  readonly #clock: Clock;
  readonly #store: Store<QueueMachine>;
  readonly #policy: CheckpointPolicy;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #seqLast: number;
  #stopped = false;

  constructor(clock: Clock, store: Store<QueueMachine>, policy: CheckpointPolicy) {
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
    await this.#running;
  }

  #take(): void {
    if (this.#running !== undefined || this.#stopped || this.#store.poison !== undefined) return;
    this.#seqLast = this.#store.seqLast;
    this.#running = this.#checkpoint().finally(() => {
      this.#running = undefined;
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
