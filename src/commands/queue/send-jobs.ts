import { usageError, WalqError } from '../../base/errors.ts';
import type { EnqueueAnswer } from '../../queue/engine-types.ts';
import { defaultPayloadBytesMax, enqueueEvent } from '../../queue/ops/spec.ts';
import type { QueueOps } from '../../queue/run/queue-ops.ts';
import { inPlace } from './in-place.ts';
import { type JobFeed, openJobsMax } from './job-feed.ts';
import type { InputJob } from './job-input.ts';

/**
 * Sends one batch, until all of it is in the queue. A batch that is not accepted is mended and sent again: a job whose
 * parent is still to come holds it open; a bad one is handed to `bad`, which throws, or has it left out.
 */
export async function sendJobs(
  ops: QueueOps,
  feed: JobFeed,
  batch: InputJob[],
  bad: (error: WalqError) => void,
): Promise<EnqueueAnswer[]> {
  let jobs = batch;
  while (jobs.length > 0) {
    try {
      return (await ops.call('enqueue', { jobs: jobs.map(({ spec }) => spec) })).jobs;
    } catch (error) {
      if (!(error instanceof WalqError)) throw error;
      jobs = await mended(feed, jobs, error, bad);
    }
  }
  return [];
}

/** The jobs to send instead. */
async function mended(
  feed: JobFeed,
  jobs: InputJob[],
  error: WalqError,
  bad: (error: WalqError) => void,
): Promise<InputJob[]> {
  const { index, job: id, parent, jobs: ring } = error.data;
  if (error.code === 'E_PARENT_UNKNOWN' && typeof parent === 'string') {
    const found = await feed.readTo(parent, jobs);
    if (found === 'found') return jobs;
    return without(jobs, ({ spec }) => spec.id === id, found === 'full' ? tooFar(String(id), parent) : error, bad);
  }
  if (typeof index === 'number') return without(jobs, (_, at) => at === index, error, bad);
  if (error.code === 'E_PARENT_DEAD') return without(jobs, ({ spec }) => spec.id === id, error, bad);
  if (error.code === 'E_CYCLE' && Array.isArray(ring)) {
    return without(jobs, ({ spec }) => ring.includes(spec.id), error, bad);
  }
  throw error;
}

/** What of them may stay. Hands the error on with the place of the first that may not. */
function without(
  jobs: readonly InputJob[],
  goes: (job: InputJob, index: number) => boolean,
  error: WalqError,
  bad: (error: WalqError) => void,
): InputJob[] {
  const first = jobs.find(goes);
  if (first === undefined) throw error;
  const { index: _, ...data } = error.data;
  const plain = new WalqError(error.exit, error.code, error.message, {
    data,
    ...(error.next !== undefined && { next: error.next }),
    cause: error,
  });
  bad(first.place === '' ? plain : inPlace(plain, first.place));
  return jobs.filter((job, index) => !goes(job, index));
}

function tooFar(id: string, parent: string): WalqError {
  const text = `job ${id} is to run after ${parent}, which is neither in the queue nor among the jobs that follow`;
  return usageError('E_AFTER_FAR', `${text} within the same frame (${openJobsMax} jobs, 3.5 MiB)`, {
    data: { job: id, parent },
  });
}

/** The jobs that are fit to be sent, as far as this can be known without the queue. */
export function checkedJobs(jobs: readonly InputJob[], now: number, bad: (error: WalqError) => void): InputJob[] {
  return jobs.filter(({ spec, place }) => {
    try {
      enqueueEvent(spec, spec.id ?? '', now, { payloadBytesMax: defaultPayloadBytesMax });
      return true;
    } catch (error) {
      if (!(error instanceof WalqError)) throw error;
      bad(place === '' ? error : inPlace(error, place));
      return false;
    }
  });
}
