import type { JobSpec } from '../ops/spec.ts';
import { specOfJob } from './job-spec.ts';
import type { NewJob } from './job-types.ts';

const bytesMax = 512 * 1024;

/** Jobs in groups of at most `jobsMax`, and of about half a MiB. */
export async function* batchesOf(
  jobs: Iterable<NewJob> | AsyncIterable<NewJob>,
  jobsMax: number,
): AsyncGenerator<JobSpec[]> {
  let batch: JobSpec[] = [];
  let bytes = 0;
  for await (const job of jobs) {
    const spec = specOfJob(job);
    const own = (spec.payload?.length ?? 0) + 100;
    if (batch.length >= jobsMax || (batch.length > 0 && bytes + own > bytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(spec);
    bytes += own;
  }
  if (batch.length > 0) yield batch;
}
