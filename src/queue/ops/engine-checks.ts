import { Exit, WalqError } from '../../base/errors.ts';
import { shellId } from '../../base/shell-word.ts';
import type { AttemptRef } from '../engine-types.ts';
import type { DeadJob, InFlightJob, Job } from '../state/job.ts';
import type { EngineContext } from './context.ts';

/** The job, if this is still its current attempt. */
export function attemptOf(job: Job | undefined, ref: AttemptRef): InFlightJob | undefined {
  return job?.state === 'in_flight' && job.dispatchSeq === ref.dispatchSeq ? job : undefined;
}

/** The same. Throws E_ATTEMPT_OVER. */
export function current(job: Job | undefined, ref: AttemptRef): InFlightJob {
  const attempt = attemptOf(job, ref);
  if (attempt === undefined) throw lostAttempt(ref, job);
  return attempt;
}

/** E_ATTEMPT_OVER: somebody else decided about this attempt first. */
function lostAttempt(ref: AttemptRef, job: Job | undefined): WalqError {
  const now = job === undefined ? 'gone' : job.state;
  return new WalqError(
    Exit.failed,
    'E_ATTEMPT_OVER',
    `job ${ref.id}: attempt of seq ${ref.dispatchSeq} is over; the job is ${now}`,
    {
      data: { job: ref.id, dispatchSeq: ref.dispatchSeq, state: now },
    },
  );
}

/** Throws E_JOB_UNKNOWN. */
export function known({ machine }: Pick<EngineContext, 'machine'>, id: string): Job {
  const job = machine.get(id);
  if (job === undefined) throw unknownJob(id);
  return job;
}

export function unknownJob(id: string): WalqError {
  return new WalqError(Exit.failed, 'E_JOB_UNKNOWN', `no job ${id}`, {
    data: { job: id },
    next: 'walq queue status; a finished job may have been pruned',
  });
}

export function wrongState(job: Job, why: string): WalqError {
  return new WalqError(Exit.failed, 'E_JOB_STATE', `job ${job.id} is ${job.state}; ${why}`, {
    data: { job: job.id, state: job.state },
  });
}

/** E_PARENT_UNKNOWN: nobody could ever release the child. */
export function parentUnknown(id: string, parent: string): WalqError {
  return new WalqError(
    Exit.failed,
    'E_PARENT_UNKNOWN',
    `job ${id} is to run after ${parent}, and there is no such job`,
    {
      data: { job: id, parent },
      next: 'walq queue list; a finished job may have been pruned',
    },
  );
}

export function parentDead(id: string, parent: DeadJob): WalqError {
  const text = `job ${id} is to run after ${parent.id}, which is dead (${parent.reason})`;
  return new WalqError(Exit.failed, 'E_PARENT_DEAD', text, {
    data: { job: id, parent: parent.id, reason: parent.reason },
    next: `walq queue retry ${shellId(parent.id)}`,
  });
}

/** E_HAS_CHILDREN: removed, it would leave them waiting for ever. */
export function hasChildren(id: string, children: readonly string[]): WalqError {
  const shown =
    children.length > 3 ? `${children.slice(0, 3).join(', ')} and ${children.length - 3} more` : children.join(', ');
  return new WalqError(Exit.failed, 'E_HAS_CHILDREN', `job ${id} cannot go: ${shown} would wait for it for ever`, {
    data: { job: id, children: children.slice(0, 100) },
    next: `walq queue cancel ${shellId(id)}`,
  });
}

export function queueFull(pending: number, max: number): WalqError {
  const waiting = pending === 1 ? '1 job waits' : `${pending} jobs wait`;
  return new WalqError(Exit.failed, 'E_QUEUE_FULL', `the queue is full: ${waiting}, allowed are ${max}`, {
    data: { pending, max },
    next: 'try again later, or raise the limit: walq queue limit --max-pending N',
  });
}

/** E_LEASE_OVER: it ran out, was acknowledged or failed before, or never was. */
export function lostLease(token: string): WalqError {
  return new WalqError(Exit.failed, 'E_LEASE_OVER', 'no job is leased under this token any more', {
    data: { token },
    next: 'if the lease ran out, the job is given to somebody else: throw your work away',
  });
}

export function unknownSchedule(id: string): WalqError {
  return new WalqError(Exit.failed, 'E_SCHEDULE_UNKNOWN', `no schedule ${id}`, {
    data: { schedule: id },
    next: 'walq queue schedule list',
  });
}
