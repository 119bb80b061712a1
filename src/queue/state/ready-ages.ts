import { Heap } from './heap.ts';
import type { PendingJob } from './job.ts';

/** Since when a pending job may run, ms since the epoch; one with parents has also waited for them. */
export function readySince({ runAt, createdAt }: PendingJob): number {
  return Math.max(runAt, createdAt);
}

const fewEntries = 1024;

/** Which due job has waited longest, whatever its priority. Entries of jobs that are due no longer are dropped late. */
export class ReadyAges {
  readonly #isCurrent: (job: PendingJob) => boolean;
  readonly #jobs = new Heap<PendingJob>((a, b) => readySince(a) < readySince(b));
  /** Half of them may be stale by then. */
  #sweepAt = fewEntries;

  constructor(isCurrent: (job: PendingJob) => boolean) {
    this.#isCurrent = isCurrent;
  }

  /** Entries, stale ones included. */
  get size(): number {
    return this.#jobs.size;
  }

  /** A job became due. */
  add(job: PendingJob): void {
    this.#jobs.push(job);
    if (this.#jobs.size < this.#sweepAt) return;
    this.#jobs.filter(this.#isCurrent);
    this.#sweepAt = Math.max(fewEntries, 2 * this.#jobs.size);
  }

  oldest(): PendingJob | undefined {
    for (let top = this.#jobs.peek(); top !== undefined; top = this.#jobs.peek()) {
      if (this.#isCurrent(top)) return top;
      this.#jobs.pop();
    }
    return undefined;
  }
}
