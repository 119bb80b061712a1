import { anything, integer, list, object, optional, shared, text, whole } from './build.ts';
import { jobState } from './job.ts';
import { jobIds, timeMs } from './shared.ts';

const setback = object(
  {
    at_ms: timeMs('when'),
    reason: text('why, in one word'),
    error: optional(text('what the handler said last')),
    exit_code: optional(whole('of the process')),
    signal: optional(text('that ended the process')),
  },
  'how the last attempt ended, unless in success',
);

const past = object(
  {
    seq: whole('of its ENQUEUE'),
    created_ms: timeMs('when it was enqueued'),
    attempt: whole('attempts that count, a running one included'),
    crashes: optional(whole('attempts that ended because the runner died')),
    from: optional(text('seq of its ENQUEUE in the log that it was imported from')),
    key: optional(text('unique key')),
    key_until_ms: optional(timeMs('the key is held at least until then')),
    parents: optional(jobIds('jobs that had to complete before')),
    expires_ms: optional(timeMs('dead if not begun by then')),
    schedule: optional(text('id of the schedule that made it')),
    slot_ms: optional(timeMs('the time for which it was made')),
    run_at_ms: optional(timeMs('pending: not before')),
    started_ms: optional(timeMs('in flight, completed: when the attempt began')),
    dispatch_seq: optional(whole('in flight: seq of its DISPATCH')),
    cancelled_ms: optional(timeMs('in flight: when it was cancelled')),
    ended_ms: optional(timeMs('finished: when')),
    duration_ms: optional(whole("completed: the handler's own time in the last attempt, ms")),
    result: optional(anything('completed: JSON of the handler, as it was written')),
    reason: optional(text('dead: why, in one word')),
    error: optional(text('dead: what the handler said last')),
    exit_code: optional(whole('dead: of the process')),
    signal: optional(text('dead: that ended the process')),
    setback: optional(setback),
  },
  'what it has been through; enqueue -f passes over it',
);

/** In the words of `queue enqueue -f`, which takes it. */
export const exportedJob = shared(
  'exportedJob',
  object(
    {
      id: text('of the job'),
      name: text('of the job'),
      payload: optional(anything('JSON of the user, as it was written')),
      priority: optional(integer('higher runs first; left out when 0')),
      attempts: whole('attempts that it has'),
      timeout_ms: optional(whole('of one attempt, ms')),
      backoff: text('how long to wait after a failed attempt, in the words of --backoff'),
      group: optional(text('whose limits it shares')),
      key: optional(text('unique key, of a job that is not finished')),
      after: optional(jobIds('jobs that it still waits for')),
      at: optional(timeMs('pending: not before')),
      key_ttl: optional(text('how much longer the key is held at least, a duration such as 5m')),
      expire: optional(text('pending: dead if not begun within this duration')),
      command: optional(list(text('a word'), 'of a job that brings its own command')),
      state: jobState,
      was: past,
    },
    'a job as queue enqueue -f and queue import take it',
  ),
);
