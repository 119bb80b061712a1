import { formatDuration } from '../../base/duration.ts';
import { type Job, payloadText, resultText } from '../../queue/state/job.ts';
import { JsonText } from '../json-text.ts';

/**
 * A job as `queue enqueue -f` takes it, so that an export can be put into another queue, plus `state` and `was`: what
 * it has been through, for `queue import` and for people; `enqueue` passes over both.
 */
export function exportedJob(job: Job, now: number): Record<string, unknown> {
  const { name, group, priority, maxAttempts, timeoutMs, backoff, command } = job.options;
  const payload = payloadText(job);
  const open = job.state === 'pending' || job.state === 'in_flight';
  return {
    id: job.id,
    name,
    payload: payload === undefined ? undefined : new JsonText(payload),
    priority: priority === 0 ? undefined : priority,
    attempts: maxAttempts,
    timeout_ms: timeoutMs === 0 ? undefined : timeoutMs,
    backoff,
    group: group === '' ? undefined : group,
    // A finished job holds it no longer: put in again, it would keep out the one that has it now.
    key: open ? job.special?.key : undefined,
    // Only what it still waits for: the others may be forgotten there.
    after: job.state === 'pending' ? job.special?.waitingFor : undefined,
    at: job.state === 'pending' && job.runAt > now ? job.runAt : undefined,
    // Both are counted from the enqueueing: what is left of them.
    key_ttl: open ? leftOf(job.special?.keyUntil, now) : undefined,
    expire: job.state === 'pending' ? leftOf(job.special?.expiresAt, now) : undefined,
    command,
    state: job.state,
    was: pastOf(job),
  };
}

function leftOf(untilMs: number | undefined, now: number): string | undefined {
  return untilMs === undefined ? undefined : formatDuration(Math.max(1, untilMs - now));
}

function pastOf(job: Job): Record<string, unknown> {
  const { special, setback } = job;
  return {
    seq: job.seq,
    created_ms: job.createdAt,
    attempt: job.attempt,
    crashes: job.crashes === 0 ? undefined : job.crashes,
    from: job.from,
    key: special?.key,
    key_until_ms: special?.keyUntil,
    parents: special?.parents,
    expires_ms: special?.expiresAt,
    schedule: special?.slot?.schedule,
    slot_ms: special?.slot?.at,
    ...stateOf(job),
    setback: setback && {
      at_ms: setback.at,
      reason: setback.reason,
      error: setback.error,
      exit_code: setback.exitCode,
      signal: setback.signal,
    },
  };
}

function stateOf(job: Job): Record<string, unknown> {
  switch (job.state) {
    case 'pending':
      return { run_at_ms: job.runAt };
    case 'in_flight':
      return { started_ms: job.startedAt, dispatch_seq: job.dispatchSeq, cancelled_ms: job.cancelledAt };
    case 'completed': {
      const result = resultText(job);
      return {
        ended_ms: job.endedAt,
        started_ms: job.startedAt,
        duration_ms: job.durationMs,
        result: result === undefined ? undefined : new JsonText(result),
      };
    }
    case 'dead':
      return {
        ended_ms: job.endedAt,
        reason: job.reason,
        error: job.error,
        exit_code: job.exitCode,
        signal: job.signal,
      };
  }
}
