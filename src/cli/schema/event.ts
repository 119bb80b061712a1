import { eventTypes } from '../../queue/events/event-types.ts';
import { anything, flag, integer, list, type Members, object, oneOf, optional, shared, text, whole } from './build.ts';
import { missed } from './settings.ts';
import { jobIds, timeMs } from './shared.ts';

const known = Object.keys(eventTypes).join(', ');

const lost = 'LOST for seqs that a salvage could not read';
const cleaned = 'CLEANED for seqs that --follow came too late for';
export const eventType = text(`${known}; ${lost}; ${cleaned}; another word in other logs`);

/** What only some events say. Which ones is in src/queue/events/EVENTS.md. */
export const eventMembers = {
  name: optional(text('of the job; of PAUSE and RESUME: only jobs of this name')),
  group: optional(text('of the job; of PAUSE, RESUME and LIMIT: only jobs of this group')),
  priority: optional(integer('higher runs first; left out when 0')),
  maxAttempts: optional(whole('attempts that the job has')),
  timeoutMs: optional(whole('of one attempt, ms; left out when there is none')),
  backoff: optional(text('how long to wait after a failed attempt, in the words of queue enqueue --backoff')),
  command: optional(list(text('a word'), 'of a job that brings its own command')),
  payload: optional(anything('JSON of the user, as it was written')),
  runAt: optional(timeMs('not before; left out when at once')),
  key: optional(text('unique key')),
  keyUntil: optional(timeMs('the key is held at least until then')),
  parents: optional(jobIds('jobs that must have completed before')),
  expiresAt: optional(timeMs('dead if not begun by then')),
  expiresAfterMs: optional(whole('of SCHEDULE: its jobs are dead if not begun this long after their slot, ms')),
  schedule: optional(text('id of the schedule that made the job, or that the event is about')),
  slot: optional(timeMs('the time for which the schedule made it')),
  attempt: optional(whole('from 1')),
  runner: optional(text('the runner that took it, by the number of its opening of the store')),
  lease: optional(text('token of the holder that took it')),
  leaseUntil: optional(timeMs('when the lease ends')),
  deadlineMs: optional(timeMs('when the timeout of the attempt strikes')),
  durationMs: optional(whole("the handler's own time, ms")),
  result: optional(anything('JSON of the handler, as it was written')),
  reason: optional(text('why, in one word; of PAUSE in the words of whoever paused')),
  refund: optional(flag('the attempt does not count; left out when it does')),
  reset: optional(flag('attempts start again from 0; left out when they do not')),
  exitCode: optional(whole('of the process')),
  signal: optional(text('that ended the process')),
  error: optional(text('what the handler said last; of CANCEL why, for people')),
  ids: optional(jobIds('of PRUNE: the jobs that were forgotten')),
  cutoffSeq: optional(whole('of PRUNE: jobs that ended at or before this seq were forgotten')),
  completed: optional(flag('of PRUNE: completed ones')),
  dead: optional(flag('of PRUNE: dead ones')),
  cron: optional(text('of SCHEDULE: when it fires')),
  zone: optional(text('time zone of cron')),
  everyMs: optional(whole('of SCHEDULE: interval at which it fires, ms')),
  missed: optional(missed),
  concurrency: optional(whole('of LIMIT: jobs in flight at a time; 0 takes a limit away, here and below')),
  rateCount: optional(whole('of LIMIT: how many dispatches')),
  ratePerMs: optional(whole('within how many ms')),
  pendingMax: optional(whole('of LIMIT: jobs that may wait')),
  payloadBytesMax: optional(whole('of LIMIT: size of a payload, bytes')),
  keepMs: optional(whole('of LIMIT: finished jobs are forgotten after this many ms')),
  keepCount: optional(whole('of LIMIT: and beyond this many')),
  from: optional(text('its seq in the log that it was imported from')),
  undecoded: optional(text('why the record cannot be read: of a newer version, or of a faulty writer')),
} satisfies Members;

/** One event of `wal inspect`, of our own logs and of others. */
export const eventRow = shared(
  'event',
  object(
    {
      seq: integer('its number; one of another system may have more digits than a double holds'),
      type: eventType,
      job: optional(text('id of the job; absent where the event concerns no single one')),
      timeMs: optional(timeMs('when it happened; absent where the log has no times')),
      ...eventMembers,
      to: optional(whole('of LOST and CLEANED: last seq')),
      events: optional(whole('of LOST and CLEANED: how many')),
      text: optional(text('of another system: what stands behind the id')),
      checksum: optional(oneOf(['bad'], 'of another system: it does not fit the record')),
      file: text('the file it is in'),
      offset: whole('of its frame or line in that file'),
      afterHole: optional(flag('readable, but behind a fault: a recovery would not reach it')),
    },
    'an event',
  ),
);
