import { usageError } from '../../base/errors.ts';
import { kindOf } from '../../base/kind-of.ts';
import type { EnqueueAnswer } from '../engine-types.ts';
import type { JobSpec } from '../ops/spec.ts';
import { specOfJob } from './job-spec.ts';
import type { NewJob } from './job-types.ts';
import { checkFunction, checkOptions, checkWhole } from './options.ts';

export interface BatchOptions {
  /** Jobs in one batch at most; it ends at half a MiB too. Default 1000. */
  batch?: number;
  /** Hears of each batch once it is on disk. */
  answered?: (answers: readonly EnqueueAnswer[]) => void;
}

const optionNames: ReadonlySet<string> = new Set<keyof BatchOptions>(['batch', 'answered']);

const bytesMax = 512 * 1024;

/** Jobs in groups of at most `batch`, and of about half a MiB. Throws usageErrors: E_OPTION, and as `specOf`. */
export async function* batchesOf(
  jobs: Iterable<NewJob> | AsyncIterable<NewJob>,
  options: BatchOptions,
): AsyncGenerator<JobSpec[]> {
  checkOptions(options, optionNames, 'enqueueMany');
  const { batch: jobsMax = 1000, answered } = options;
  checkWhole('batch', jobsMax, 1);
  checkFunction('answered', answered);
  if (typeof jobs !== 'object' || jobs === null || !(Symbol.asyncIterator in jobs || Symbol.iterator in jobs)) {
    throw usageError('E_JOB', `jobs come as a list or another iterable of objects, not as ${kindOf(jobs)}`);
  }
  const batch = new Batch(jobsMax);
  // Not one loop for both: waiting for what is there costs more than enqueueing it.
  if (Symbol.asyncIterator in jobs) {
    for await (const job of jobs) {
      const full = batch.add(specOfJob(job));
      if (full !== undefined) yield full;
    }
  } else {
    for (const job of jobs) {
      const full = batch.add(specOfJob(job));
      if (full !== undefined) yield full;
    }
  }
  if (batch.specs.length > 0) yield batch.specs;
}

class Batch {
  specs: JobSpec[] = [];
  #bytes = 0;
  readonly #jobsMax: number;

  constructor(jobsMax: number) {
    this.#jobsMax = jobsMax;
  }

  /** Gives back those before it where it has no room. */
  add(spec: JobSpec): JobSpec[] | undefined {
    const own = (spec.payload?.length ?? 0) + 100;
    const { specs } = this;
    const isFull = specs.length >= this.#jobsMax || (specs.length > 0 && this.#bytes + own > bytesMax);
    if (!isFull) {
      specs.push(spec);
      this.#bytes += own;
      return undefined;
    }
    this.specs = [spec];
    this.#bytes = own;
    return specs;
  }
}
