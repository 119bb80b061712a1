import type { Clock } from '../../base/clock.ts';
import { WalqError } from '../../base/errors.ts';
import type { CommitHooks } from '../../storage/types.ts';
import type { PackedRecords } from '../../storage/wal/records.ts';
import type { CommitListener, ForgetListener } from '../engine-types.ts';
import type { QueueEvent } from '../events/event-types.ts';
import { packEvents } from '../events/events.ts';
import type { Packed } from '../events/packed.ts';
import type { QueueLog } from '../log.ts';
import { knownEvents } from './known.ts';

/** How long the outcome of an attempt waits before it tries the full disk again. */
const fullDiskRetryMs = 1000;

const nothing = (): undefined => undefined;

/** Of the outcome of an attempt on its way to the log; when that fails, `failed` asks `persist` for more tries. */
export interface OutcomeHooks<T> extends CommitHooks<T> {
  /** It will not get there. */
  givenUp(): void;
}

/** From events to the log: encodes, appends, tells listeners, and sees outcomes of attempts through a full disk. */
export class Commits {
  readonly #log: QueueLog;
  readonly #clock: Clock;
  readonly #onStall: (() => void) | undefined;
  readonly #listeners = new Set<CommitListener>();
  /** The same as a list, which is quicker to go through; undefined since one came or went. */
  #listening: readonly CommitListener[] | undefined;
  readonly #forgetters = new Set<ForgetListener>();
  #stalled = 0;
  #stopped = false;

  /** `onStall` is called when outcomes begin to wait for room on the disk. */
  constructor(log: QueueLog, clock: Clock, onStall?: () => void) {
    this.#log = log;
    this.#onStall = onStall;
    this.#clock = clock;
  }

  /** Outcomes waiting for room on the disk. */
  get stalled(): number {
    return this.#stalled;
  }

  /**
   * One frame. Resolves with its first seq once durable and applied. Throws usageError E_FIELD for a value beyond the
   * limits of the format. `pruned`: ids of the jobs that its PRUNEs forget.
   */
  append(events: readonly QueueEvent<Packed>[], pruned: readonly string[] = []): Promise<number> {
    const applied = (seqFirst: number): number => {
      this.tell(events, seqFirst, pruned);
      return seqFirst;
    };
    return this.#log.append(packEvents(events), { applied, failed: nothing }, knownEvents(events));
  }

  /**
   * The same for operations that come by the million: one promise, no turns between the log and the answer, and
   * `hooks` tells the listeners. `known`: the events, where they need not be read back.
   */
  appendWith<T>(
    events: readonly QueueEvent<Packed>[],
    hooks: CommitHooks<T>,
    known: readonly QueueEvent<Packed>[] | undefined,
  ): Promise<T> {
    return this.#log.append(packEvents(events), hooks, known);
  }

  /**
   * For the outcome of work that is done (ACK, RETRY, DEAD): it must not be lost to a full disk, or the work would be
   * done again. It waits and tries again until there is room or `stop` is called.
   */
  appendOutcome(events: readonly QueueEvent<Packed>[]): Promise<number> {
    const hooks: OutcomeHooks<number> = {
      applied: (seqFirst) => {
        this.tell(events, seqFirst);
        return seqFirst;
      },
      failed: (error) => this.persist(events, hooks, error),
      givenUp: nothing,
    };
    return this.appendWith(events, hooks, knownEvents(events));
  }

  /** What an outcome answers when its log fails: undefined where it is given up at once, and its hooks are told. */
  persist<T>(events: readonly QueueEvent<Packed>[], hooks: OutcomeHooks<T>, failure: unknown): Promise<T> | undefined {
    if (this.#mayRetry(failure)) return this.#persist(packEvents(events), hooks);
    hooks.givenUp();
    return undefined;
  }

  async #persist<T>(records: PackedRecords, hooks: OutcomeHooks<T>): Promise<T> {
    let seqFirst: number;
    try {
      seqFirst = await this.#tryAgain(records);
    } catch (error) {
      hooks.givenUp();
      throw error;
    }
    // Only when it no longer counts as stalled: whoever listens may want to dispatch at once.
    return hooks.applied(seqFirst);
  }

  async #tryAgain(records: PackedRecords): Promise<number> {
    if (this.#stalled++ === 0) this.#onStall?.();
    try {
      for (;;) {
        await this.#clock.sleep(fullDiskRetryMs);
        try {
          return await this.#log.append(records);
        } catch (error) {
          if (!this.#mayRetry(error)) throw error;
        }
      }
    } finally {
      this.#stalled--;
    }
  }

  #mayRetry(error: unknown): boolean {
    return error instanceof WalqError && error.code === 'E_NO_SPACE' && !this.#stopped;
  }

  /** The listeners, of an operation that is durable and applied. */
  tell(events: readonly QueueEvent<Packed>[], seqFirst: number, pruned: readonly string[] = []): void {
    this.#listening ??= [...this.#listeners];
    // One may have taken away another.
    for (const listener of this.#listening) if (this.#listeners.has(listener)) listener(events, seqFirst);
    if (this.#forgetters.size > 0) this.#tellForgotten(events, pruned, seqFirst);
  }

  #tellForgotten(events: readonly QueueEvent<Packed>[], pruned: readonly string[], seqFirst: number): void {
    if (pruned.length === 0 && !events.some(isRemove)) return;
    const ids = [...pruned, ...events.filter(isRemove).map(({ id }) => id)];
    for (const listener of this.#forgetters) listener(ids, seqFirst);
  }

  stop(): void {
    this.#stopped = true;
  }

  listenForgotten(listener: ForgetListener): () => void {
    this.#forgetters.add(listener);
    return () => this.#forgetters.delete(listener);
  }

  listen(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    this.#listening = undefined;
    return () => {
      this.#listeners.delete(listener);
      this.#listening = undefined;
    };
  }
}

function isRemove({ type }: QueueEvent<Packed>): boolean {
  return type === 'REMOVE';
}
