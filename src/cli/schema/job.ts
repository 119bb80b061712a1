import type { Owner } from '../../queue/events/event-types.ts';
import { jobStates, type Setback } from '../../queue/state/job.ts';
import { phaseKinds } from '../../queue/state/phase.ts';
import {
  anything,
  constant,
  either,
  integer,
  list,
  type Members,
  object,
  oneOf,
  optional,
  shared,
  structure,
  text,
  whole,
} from './build.ts';
import { jobIds, timeMs } from './shared.ts';

export const jobState = oneOf(jobStates, 'of the job');
export const phase = oneOf(phaseKinds, 'what it waits for, or what is happening to it (docs/queue-look.md)');

type OwnerOf<K> = Extract<Owner, { kind: K }>;

const owner = either(
  [
    object({
      kind: constant('runner', 'a runner'),
      runner: text('by the number of its opening of the store'),
    }),
    structure<OwnerOf<'lease'>>({
      kind: constant('lease', 'a holder outside'),
      token: text('what it answers with'),
      deadlineMs: timeMs('when its lease ends'),
    }),
    structure<OwnerOf<'unknown'>>({ kind: constant('unknown', 'in imported logs only') }),
  ],
  'who has the job',
);

const setback = structure<Setback>(
  {
    at: timeMs('when'),
    reason: text('why, in one word'),
    error: optional(text('what the handler said last')),
    exitCode: optional(whole('of the process')),
    signal: optional(text('that ended the process')),
  },
  'how the last attempt ended, unless in success',
);

/** A job in a state: of a log, of a snapshot, of the queue. */
const jobMembers: Members = {
  id: text('of the job'),
  status: jobState,
  attempt: whole('attempts that count, a running one included'),
  name: optional(text('of the job; absent where another system has none')),
  changedMs: optional(timeMs('when its state last changed')),
  seq: optional(whole('of its ENQUEUE')),
  group: optional(text('whose limits it shares')),
  key: optional(text('unique key')),
  keyUntilMs: optional(timeMs('the key is held at least until then')),
  parents: optional(jobIds('jobs that must have completed before')),
  waitingFor: optional(jobIds('those of them that have not')),
  expiresAtMs: optional(timeMs('dead if not begun by then')),
  schedule: optional(text('id of the schedule that made it')),
  slotMs: optional(timeMs('the time for which it was made')),
  priority: optional(integer('higher runs first')),
  maxAttempts: optional(whole('attempts that it has')),
  timeoutMs: optional(whole('of one attempt, ms')),
  backoff: optional(text('how long to wait after a failed attempt, in the words of queue enqueue --backoff')),
  command: optional(list(text('a word'), 'of a job that brings its own command')),
  createdMs: optional(timeMs('when it was enqueued')),
  from: optional(text('seq of its ENQUEUE in the log that it was imported from')),
  crashes: optional(whole('attempts that ended because the runner died')),
  setback: optional(setback),
  runAtMs: optional(timeMs('pending: not before')),
  dispatchSeq: optional(whole('in flight: seq of its DISPATCH')),
  startedMs: optional(timeMs('in flight: since when')),
  owner: optional(owner),
  deadlineMs: optional(timeMs('in flight: when the timeout of the attempt strikes')),
  cancelledMs: optional(timeMs('in flight: when it was cancelled')),
  workerId: optional(text('in flight, of another system: who has it')),
  endSeq: optional(whole('finished: seq of its ACK or DEAD')),
  durationMs: optional(whole("completed: the handler's own time in the last attempt, ms")),
  result: optional(anything('completed: JSON of the handler, as it was written')),
  reason: optional(text('dead: why, in one word')),
  error: optional(text('dead: what the handler said last')),
  exitCode: optional(whole('dead: of the process')),
  signal: optional(text('dead: that ended the process')),
  payload: optional(anything('JSON of the user, as it was written')),
};

/** Of `wal replay` and `snapshot show`. */
export const stateJob = shared('job', object(jobMembers, 'a job'));

/** Of the queue, which knows more: what the job waits for. */
export const queueJob = shared(
  'job',
  object(
    {
      ...jobMembers,
      phase,
      pausedBy: optional(
        object(
          {
            name: optional(text('only jobs of this name')),
            group: optional(text('only jobs of this group')),
            sinceMs: timeMs('since when'),
            reason: optional(text('in the words of whoever paused')),
          },
          'the pause that holds it back',
        ),
      ),
    },
    'a job',
  ),
);
