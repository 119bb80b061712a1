import { WalqError } from '../../base/errors.ts';
import type { CompactResult } from '../../storage/compact.ts';
import type { RetentionPlan } from '../../storage/retention.ts';
import type { CheckpointResult } from '../../storage/types.ts';
import type { EnqueueAnswer, PruneRequest } from '../engine-types.ts';
import type { JobSpec } from '../spec.ts';
import type { QueueOps } from './ops.ts';
import type { StatusReport } from './status.ts';

/** A way to the queue: a runner's socket, or the lock. */
export interface Held {
  ops: QueueOps;
  /** `failed`: something went wrong already, and that is what is told. */
  close(failed: boolean): Promise<void>;
}

/** Ways to try for one request; each runner on the way has died or left. */
const waysMax = 5;

/**
 * The queue for as long as one command needs it. When the runner behind the socket dies or stops in between, the jobs
 * go another way: to the next runner, or under the lock.
 */
export class SteadyOps implements QueueOps {
  readonly storeId: string;
  readonly #again: () => Promise<Held>;
  #held: Held;

  constructor(held: Held, again: () => Promise<Held>) {
    this.#held = held;
    this.#again = again;
    this.storeId = held.ops.storeId;
  }

  /**
   * Ids must be in the specs: when the connection breaks after the sending, the same jobs are asked for again, and
   * those that had arrived are then duplicates of their own, which count as enqueued.
   */
  async enqueue(specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
    for (let way = 1; ; way++) {
      try {
        const jobs = await this.#held.ops.enqueue(specs);
        return way > 1 ? jobs.map((job) => ({ ...job, status: 'enqueued' })) : jobs;
      } catch (error) {
        const lost = error instanceof WalqError && error.code === 'E_CONNECTION_LOST';
        if (!lost || way === waysMax) throw error;
        await this.#change(error);
      }
    }
  }
  status(): Promise<StatusReport> {
    return this.#held.ops.status();
  }
  checkpoint(options: { keep?: number; clean?: boolean }): Promise<CheckpointResult> {
    return this.#held.ops.checkpoint(options);
  }
  compact(options: { keep: number }): Promise<CompactResult> {
    return this.#held.ops.compact(options);
  }
  pruneSnapshots(options: { keep: number }): Promise<RetentionPlan> {
    return this.#held.ops.pruneSnapshots(options);
  }
  prune(request: PruneRequest): Promise<number> {
    return this.#held.ops.prune(request);
  }
  close(failed: boolean): Promise<void> {
    return this.#held.close(failed);
  }

  async #change(lost: WalqError): Promise<void> {
    await this.#held.close(true);
    const next = await this.#again();
    if (next.ops.storeId !== this.storeId) {
      // Somebody put another store in its place.
      await next.close(true);
      throw lost;
    }
    this.#held = next;
  }
}
