import type { CompletedJob, DeadJob, Job } from './job.ts';

export type EndedJob = CompletedJob | DeadJob;
export type EndedState = EndedJob['state'];

/** With fewer places nobody minds empty ones. */
const placesMin = 1024;

export function isEnded(job: Job | undefined): job is EndedJob {
  return job?.state === 'completed' || job?.state === 'dead';
}

/**
 * Finished jobs in the order in which they ended: the oldest are found without a look at all others. Each stands in a
 * place, which is empty once it is forgotten, or finished no more.
 */
export class EndedJobs {
  readonly #jobs: (EndedJob | undefined)[];
  /** End seqs by place, ascending. */
  readonly #seqs: number[];
  /** Places before this one are empty. */
  #from = 0;
  #size: number;

  constructor(jobs: Iterable<Job>) {
    const ended: EndedJob[] = [];
    for (const job of jobs) if (isEnded(job)) ended.push(job);
    ended.sort((a, b) => a.endSeq - b.endSeq);
    this.#jobs = ended;
    this.#seqs = ended.map((job) => job.endSeq);
    this.#size = ended.length;
  }

  /** It ended later than all there are, unless a forged snapshot says of one that it ends in the future. */
  add(job: EndedJob): void {
    this.#size++;
    if ((this.#seqs.at(-1) ?? -1) < job.endSeq) {
      this.#jobs.push(job);
      this.#seqs.push(job.endSeq);
    } else {
      const place = this.#placeOf(job.endSeq);
      this.#jobs.splice(place, 0, job);
      this.#seqs.splice(place, 0, job.endSeq);
    }
  }

  forget(job: EndedJob): void {
    // It may have several with one seq, too.
    let place = this.#placeOf(job.endSeq);
    while (this.#jobs[place] !== job && this.#seqs[place] === job.endSeq) place++;
    if (this.#jobs[place] !== job) return;
    this.#jobs[place] = undefined;
    this.#size--;
    while (this.#from < this.#jobs.length && this.#jobs[this.#from] === undefined) this.#from++;
    if (this.#jobs.length > placesMin && 2 * this.#size < this.#jobs.length) this.#closeRanks();
  }

  /** Those that ended after `seq`, by default all, the oldest first. Do not hold across a change. */
  *after(seq = -1): IterableIterator<EndedJob> {
    for (let place = this.#placeOf(seq + 1); place < this.#jobs.length; place++) {
      const job = this.#jobs[place];
      if (job !== undefined) yield job;
    }
  }

  /** Those of these states that ended by `seq`, the oldest first. */
  upTo({ seq, ...states }: { seq: number } & Record<EndedState, boolean>): EndedJob[] {
    const jobs: EndedJob[] = [];
    for (const job of this.after()) {
      if (job.endSeq > seq) break;
      if (states[job.state]) jobs.push(job);
    }
    return jobs;
  }

  /** The end seq of the one that has `count` of these states before it, or one behind all when there is none. */
  seqBehind(count: number, states: ReadonlySet<EndedState>): number {
    let left = count;
    for (const job of this.after()) if (states.has(job.state) && left-- <= 0) return job.endSeq;
    return (this.#seqs.at(-1) ?? 0) + 1;
  }

  #placeOf(seq: number): number {
    if ((this.#seqs[this.#from] ?? seq) >= seq) return this.#from;
    let low = this.#from;
    let high = this.#seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#seqs[middle] ?? seq) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #closeRanks(): void {
    let places = 0;
    for (const job of this.after()) {
      this.#jobs[places] = job;
      this.#seqs[places++] = job.endSeq;
    }
    this.#jobs.length = places;
    this.#seqs.length = places;
    this.#from = 0;
  }
}
