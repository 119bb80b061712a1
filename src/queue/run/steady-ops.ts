import { WalqError } from '../../base/errors.ts';
import type { Store } from '../../storage/store.ts';
import type { EnqueueAnswer } from '../engine-types.ts';
import { wasNotDone } from '../process/socket-client.ts';
import type { QueueMachine } from '../state/machine.ts';
import { type Answer, type OperationName, type Request, repeatable } from './operations.ts';
import type { CallOptions, QueueOps } from './queue-ops.ts';

export interface AccessOptions {
  /** Create the store where there is none. */
  create?: boolean;
  /** How long to wait for a store that is neither free nor served by a runner. */
  lockTimeoutMs: number;
  /** For LOCK and OPEN frames. */
  pid: number;
  command: string;
  segmentBytes?: number;
  /** Called once with the store when this process opened it itself. */
  onOpen?(store: Store<QueueMachine>): void;
}

/** A way to the queue: a runner's socket, or the lock. */
export interface Held {
  ops: QueueOps;
  /** `failed`: something went wrong already, and that is what is told. */
  close(failed: boolean): Promise<void>;
}

/** Ways to try for one request; each runner on the way has died or left. */
const waysMax = 5;

/**
 * The queue for as long as one command needs it. When the runner behind the socket dies or stops in between, the
 * requests go another way: to the next runner, or under the lock.
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
   * What the runner says, or its end shows, was not carried out is asked for again; so is what may be repeated when the
   * connection breaks after the sending, with the same ids. Any other request then rejects with E_CONNECTION_LOST:
   * nobody knows whether it was carried out.
   */
  async call<K extends OperationName>(op: K, request: Request<K>, options?: CallOptions): Promise<Answer<K>> {
    for (let way = 1; ; way++) {
      try {
        const answer = await this.#held.ops.call(op, request, options);
        return way > 1 ? asFirst(op, request, answer) : answer;
      } catch (error) {
        if (!(error instanceof WalqError) || way === waysMax) throw error;
        const lost = error.code === 'E_CONNECTION_LOST';
        if (!wasNotDone(error) && !(lost && repeatable.has(op))) throw error;
        await this.#change(error);
      }
    }
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

/** Jobs that had arrived the first time are now duplicates of their own, and count as enqueued. */
function asFirst<K extends OperationName>(op: K, request: Request<K>, answer: Answer<K>): Answer<K> {
  if (op !== 'enqueue') return answer;
  const specs = (request as Request<'enqueue'>).jobs;
  const jobs = (answer as Answer<'enqueue'>).jobs.map((job, index): EnqueueAnswer => {
    const own = job.status === 'duplicate' && job.id === specs[index]?.id;
    return own ? { ...job, status: 'enqueued' } : job;
  });
  return { jobs } as Answer<K>;
}
