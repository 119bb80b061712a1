import { Heap } from './heap.ts';
import type { PendingJob } from './job.ts';

/** What a worker can run: jobs for its own handler, and jobs that bring a command. */
export type Lane = 'handler' | 'command';

export const allLanes: readonly Lane[] = ['handler', 'command'];

export function laneOf(job: PendingJob): Lane {
  return job.options.command === undefined ? 'handler' : 'command';
}

/** Higher priority first, then the order of ENQUEUE. */
function dispatchedBefore(a: PendingJob, b: PendingJob): boolean {
  return a.options.priority === b.options.priority ? a.seq < b.seq : a.options.priority > b.options.priority;
}

/** Asked to run without a wait when it became pending: due whatever the clock says, which may have stepped back. */
export function dueAtOnce({ runAt, createdAt, setback }: PendingJob): boolean {
  return runAt <= (setback?.at ?? createdAt);
}

function dueBefore(a: PendingJob, b: PendingJob): boolean {
  return a.runAt === b.runAt ? a.seq < b.seq : a.runAt < b.runAt;
}

/**
 * Which pending job comes next. Derived from the state and rebuilt at will, never stored.
 *
 * Jobs are replaced, not changed, so an entry is stale once its job is no longer the one in the state; stale entries
 * are dropped when they come up, and all at once when they are the majority. A job taken is out of the index until it
 * is given back or replaced.
 */
export class ReadyIndex {
  readonly #isCurrent: (job: PendingJob) => boolean;
  readonly #lanes: Readonly<Record<Lane, Heap<PendingJob>>> = {
    handler: new Heap(dispatchedBefore),
    command: new Heap(dispatchedBefore),
  };
  readonly #delayed = new Heap<PendingJob>(dueBefore);
  readonly #taken = new Set<PendingJob>();
  #stale = 0;

  constructor(isCurrent: (job: PendingJob) => boolean) {
    this.#isCurrent = isCurrent;
  }

  add(job: PendingJob): void {
    // As nearly all are: straight into the lane. `take` moves the others when their time has come.
    if (dueAtOnce(job)) this.#lanes[laneOf(job)].push(job);
    else this.#delayed.push(job);
  }

  /** The job is pending no longer, or another object stands for it. */
  forget(job: PendingJob): void {
    if (this.#taken.delete(job)) return;
    this.#stale++;
    const entries = this.#delayed.size + this.#lanes.handler.size + this.#lanes.command.size;
    if (this.#stale < 1000 || this.#stale * 2 < entries) return;
    for (const heap of [this.#delayed, this.#lanes.handler, this.#lanes.command]) heap.filter(this.#isCurrent);
    this.#stale = 0;
  }

  /** The next job due at `now` in one of the lanes, taken out of the index. */
  take(now: number, lanes: readonly Lane[]): PendingJob | undefined {
    this.#advance(now);
    let best: PendingJob | undefined;
    for (const lane of lanes) {
      const top = this.#current(this.#lanes[lane]);
      if (top !== undefined && (best === undefined || dispatchedBefore(top, best))) best = top;
    }
    if (best === undefined) return undefined;
    this.#lanes[laneOf(best)].pop();
    this.#taken.add(best);
    return best;
  }

  /** Puts back what `take` gave, unless it was replaced meanwhile. */
  giveBack(job: PendingJob): void {
    if (this.#taken.delete(job)) this.#lanes[laneOf(job)].push(job);
  }

  /** When the next delayed job is due, ms since the epoch. */
  nextDueAt(): number | undefined {
    return this.#current(this.#delayed)?.runAt;
  }

  /** Pending jobs whose time has not come. Linear in their number. */
  delayedCount(now: number): number {
    this.#advance(now);
    let count = 0;
    for (const job of this.#delayed) if (this.#isCurrent(job)) count++;
    return count;
  }

  #advance(now: number): void {
    for (
      let top = this.#current(this.#delayed);
      top !== undefined && top.runAt <= now;
      top = this.#current(this.#delayed)
    ) {
      this.#delayed.pop();
      this.#lanes[laneOf(top)].push(top);
    }
  }

  #current(heap: Heap<PendingJob>): PendingJob | undefined {
    for (let top = heap.peek(); top !== undefined; top = heap.peek()) {
      if (this.#isCurrent(top)) return top;
      heap.pop();
      if (this.#stale > 0) this.#stale--;
    }
    return undefined;
  }
}
