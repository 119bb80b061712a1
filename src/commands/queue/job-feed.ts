import type { Clock } from '../../base/clock.ts';
import type { UuidSource } from '../../base/uuid.ts';
import type { JobSpec } from '../../queue/ops/spec.ts';
import { startTimer, type Timer } from '../../queue/process/timer.ts';
import type { InputJob } from './job-input.ts';

/** Jobs of one frame as a rule. Even if a runner's socket must escape every byte of it, a message holds a batch. */
const batchJobs = 1000;
const batchBytes = 512 * 1024;
/** What is there goes out when no more has come for so long: jobs of a slow pipe must not wait for a full batch. */
const quietMs = 50;
/** Jobs of a batch that waits for the rest of what belongs to it: what one request, and its message, may hold. */
export const openJobsMax = 5000;
const openBytesMax = 3.5 * 1024 * 1024;
/** And how long it waits for it, while nothing comes. */
const openQuietMs = 10_000;

/** Cuts a stream of jobs into batches, each of them one frame. Every job gets its id here. */
export class JobFeed {
  readonly #source: AsyncIterator<readonly InputJob[]>;
  readonly #clock: Clock;
  readonly #ids: UuidSource;
  #coming: Promise<IteratorResult<readonly InputJob[], unknown>> | undefined;
  /** Read and not in a batch yet. */
  #waiting: readonly InputJob[] = [];
  #at = 0;
  #ended = false;

  constructor(source: AsyncIterable<readonly InputJob[]>, clock: Clock, ids: UuidSource) {
    this.#source = source[Symbol.asyncIterator]();
    this.#clock = clock;
    this.#ids = ids;
  }

  /** A full batch, or what had come when the input paused or ended; undefined when nothing is left. */
  async next(): Promise<InputJob[] | undefined> {
    const batch: InputJob[] = [];
    let bytes = 0;
    for (;;) {
      for (let job = this.#peek(); job !== undefined; job = this.#peek()) {
        const own = bytesOf(job.spec);
        if (batch.length >= batchJobs || (batch.length > 0 && bytes + own > batchBytes)) return batch;
        batch.push(this.#take(job));
        bytes += own;
      }
      if (this.#ended) return batch.length > 0 ? batch : undefined;
      if (!(await this.#more(batch.length > 0 ? quietMs : undefined))) return batch;
    }
  }

  /**
   * Reads on into `batch` until the job `id` is in it, with all that its jobs are to run after and that was read
   * meanwhile: each job that is found to be missing costs the caller another look at the whole batch. 'ended': `id` is
   * not in the input any more; 'full': not within what one frame may hold; 'quiet': it has not come for a long time.
   */
  async readTo(id: string, batch: InputJob[]): Promise<'found' | 'ended' | 'full' | 'quiet'> {
    let bytes = batch.reduce((sum, job) => sum + wireBytesOf(job.spec), 0);
    let found = false;
    for (;;) {
      const missing = new MissingParents(this.#waiting.slice(this.#at));
      for (const { spec } of batch) missing.askFor(spec);
      for (let job = this.#peek(); job !== undefined; job = this.#peek()) {
        if (found && missing.size === 0) return 'found';
        const own = wireBytesOf(job.spec);
        if (batch.length >= openJobsMax || bytes + own > openBytesMax) return found ? 'found' : 'full';
        const taken = this.#take(job);
        batch.push(taken);
        bytes += own;
        missing.take(taken.spec);
        if (taken.spec.id === id) found = true;
      }
      if (found) return 'found';
      if (this.#ended) return 'ended';
      if (!(await this.#more(openQuietMs))) return 'quiet';
    }
  }

  /** Nobody wants more. */
  close(): void {
    // Standard input may keep its reader waiting for ever: nobody waits for that.
    void Promise.resolve(this.#source.return?.()).catch(() => undefined);
  }

  #peek(): InputJob | undefined {
    return this.#waiting[this.#at];
  }

  /** Ids are given before anything is sent: a job asked for twice is then recognised. */
  #take({ spec, place }: InputJob): InputJob {
    this.#at++;
    return { spec: { ...spec, id: spec.id ?? this.#ids.next(this.#clock.now()) }, place };
  }

  /** Waits for the next jobs; false when none came within `patienceMs`. Rejects with what the input says. */
  async #more(patienceMs: number | undefined): Promise<boolean> {
    this.#coming ??= this.#source.next();
    const next = await this.#within(this.#coming, patienceMs);
    if (next === undefined) return false;
    this.#coming = undefined;
    this.#at = 0;
    this.#waiting = next.done ? [] : next.value;
    this.#ended = next.done === true;
    return true;
  }

  async #within<T>(promise: Promise<T>, ms: number | undefined): Promise<T | undefined> {
    if (ms === undefined) return await promise;
    let timer: Timer | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = startTimer(this.#clock, ms, () => resolve(undefined));
    });
    // Left waiting, it may fail while nobody looks.
    promise.catch(() => undefined);
    try {
      return await Promise.race([promise, late]);
    } finally {
      timer?.cancel();
    }
  }
}

/** Jobs that have been read, and that others are to run after. */
class MissingParents {
  readonly #ahead: Set<string | undefined>;
  readonly #missing = new Set<string>();

  constructor(ahead: readonly InputJob[]) {
    this.#ahead = new Set(ahead.map(({ spec }) => spec.id));
  }

  get size(): number {
    return this.#missing.size;
  }

  askFor({ after = [] }: JobSpec): void {
    for (const parent of after) if (this.#ahead.has(parent)) this.#missing.add(parent);
  }

  /** This one is in the batch now. */
  take(spec: JobSpec): void {
    this.#ahead.delete(spec.id);
    if (spec.id !== undefined) this.#missing.delete(spec.id);
    this.askFor(spec);
  }
}

function bytesOf({ payload = '', command = [], id = '', name = '', after = [], key = '' }: JobSpec): number {
  return (
    200 + [payload, id, name, key, ...command, ...after].reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 0)
  );
}

function wireBytesOf(spec: JobSpec): number {
  return Buffer.byteLength(JSON.stringify(spec)) + 1;
}
