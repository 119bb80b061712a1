import type { PendingJob } from './job.ts';
import { UntouchedJob } from './untouched-job.ts';

/** Asked to run without a wait when it became pending: due whatever the clock says, which may have stepped back. */
export function dueAtOnce(job: PendingJob): boolean {
  // Without a look at its times, of which a queue that is opened has a million.
  return job instanceof UntouchedJob || job.runAt <= (job.setback?.at ?? job.createdAt);
}

export function dueBefore(a: PendingJob, b: PendingJob): boolean {
  return a.runAt === b.runAt ? a.seq < b.seq : a.runAt < b.runAt;
}

export function expiresBefore(a: PendingJob, b: PendingJob): boolean {
  return expiryOf(a) === expiryOf(b) ? a.seq < b.seq : expiryOf(a) < expiryOf(b);
}

export function expiryOf(job: PendingJob): number {
  return job.special?.expiresAt ?? Number.POSITIVE_INFINITY;
}
