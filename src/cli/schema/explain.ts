import type { Attempt, Departure } from '../../commands/explain/history.ts';
import type { Reason } from '../../commands/explain/reason-types.ts';
import type { TimeSpent } from '../../commands/explain/time-spent.ts';
import type { TimelineStep } from '../../commands/explain/timeline.ts';
import type { JobView } from '../../commands/explain/view.ts';
import type { LogFileInfo } from '../../queue/process/log-files.ts';
import { jobStates } from '../../queue/state/job.ts';
import { phaseKinds } from '../../queue/state/phase.ts';
import {
  constant,
  flag,
  integer,
  list,
  type Members,
  membersOf,
  object,
  oneOf,
  optional,
  structure,
  text,
  whole,
} from './build.ts';
import { eventMembers, eventType } from './event.ts';
import { jobState, queueJob } from './job.ts';
import { runnerError, runningJob } from './queue-status.ts';
import { exit, judged, lostRange, step as nextStep, seqOfAnySystem, snapshotStart, target, timeMs } from './shared.ts';

/** What is known of one job: `queue show` and its `--explain`. */

const attempt = structure<Attempt>(
  {
    attempt: optional(whole('from 1; one that was given back is followed by one of the same number')),
    dispatchSeq: optional(seqOfAnySystem),
    startedMs: optional(timeMs('when it began')),
    endedMs: optional(timeMs('when it ended')),
    tookMs: optional(whole('from its DISPATCH to the event that ended it, ms')),
    durationMs: optional(whole("completed: the handler's own time, ms")),
    pendingMs: optional(integer('from the moment it became pending to its begin, ms')),
    runner: optional(text('that had it, by the number of its opening of the store')),
    lease: optional(text('token of the holder that had it')),
    outcome: oneOf(['running', 'completed', 'failed', 'returned', 'dead'], 'one that was returned did not count'),
    timedOut: optional(flag('it ran into its timeout')),
    reason: optional(text('why, in one word')),
    error: optional(text('what the handler said last')),
    nextRunMs: optional(timeMs('when the next one may begin')),
    exitCode: optional(whole('of the process')),
    signal: optional(text('that ended the process')),
  },
  'one attempt, as far as the log still tells of it',
);

export const logFile = membersOf<LogFileInfo>({
  path: text('of the file'),
  dispatchSeq: whole('seq of the DISPATCH that began the attempt'),
  attempt: whole('from 1'),
  bytes: whole('so far'),
});

export const viewed: Members = {
  id: text('of the job'),
  job: optional(queueJob),
  why: optional(text('why it is where it is, in a sentence for people')),
  running: optional(runningJob),
  attempts: list(attempt, 'in order'),
  changes: list(
    object({ seq: seqOfAnySystem, atMs: timeMs('when'), type: eventType, ...eventMembers }),
    'events that were no part of an attempt',
  ),
  departure: optional(
    structure<Departure>(
      {
        seq: seqOfAnySystem,
        atMs: timeMs('when'),
        how: oneOf(['removed', 'pruned'], 'how'),
        replacedBy: optional(text('id of the job of the same key that took its place')),
      },
      'how it left the queue',
    ),
  ),
  earlierLives: whole('jobs under this id that were gone before this one came'),
  log: object(
    {
      begins: optional(seqOfAnySystem),
      whole: flag('the log tells of the ENQUEUE of the job'),
      lost: optional(list(lostRange, 'seqs that cannot be read: what they say of the job is missing')),
      snapshot: optional(snapshotStart),
    },
    'how far back this goes',
  ),
  parents: list(
    structure<JobView['parents'][number]>({
      id: text('of the job'),
      state: optional(jobState),
      phase: optional(oneOf(phaseKinds, 'what it waits for')),
      waits: flag('this job still waits for it'),
    }),
    'jobs that it is to run after; without a state those that are not in the queue any more',
  ),
  children: list(
    structure<JobView['children'][number]>({ id: text('of the job'), state: jobState }),
    'jobs that run after it, the first 100',
  ),
  childCount: whole('how many those are'),
  logFiles: list(structure<LogFileInfo>(logFile), 'output of its attempts, oldest first'),
  ...judged,
  runnerError,
};

const step = structure<TimelineStep>(
  {
    seq: seqOfAnySystem,
    atMs: timeMs('when'),
    sinceMs: optional(integer('since the step before, ms; negative where the clock stepped back')),
    type: eventType,
    attempt: optional(whole('that it begins or ends')),
    runner: optional(text('that had it')),
    lease: optional(text('token of the holder that had it')),
    text: text('what happened, for people'),
    around: optional(constant(true, 'of another job, or of the queue: it changed what this job waited for')),
  },
  'one event of the life of the job',
);

const spent = structure<TimeSpent>(
  {
    blockedMs: whole('for other jobs to complete'),
    delayedMs: whole('for its time, before the first attempt or after a change by hand'),
    backoffMs: whole('for the next attempt, after one that failed'),
    pausedMs: whole('held back by a pause, when nothing else did'),
    readyMs: whole('for a worker, or a place among those of its group'),
    inFlightMs: whole('in the hands of a runner or a holder outside'),
    deadMs: whole('dead, until somebody called it back'),
    untoldMs: whole('what the log does not tell of'),
    totalMs: whole('from its ENQUEUE to its end, or until now'),
  },
  'where the time went, ms',
);

const reasons = [
  ...phaseKinds.filter((kind) => kind !== 'ready'),
  'group-limit',
  'runner-group-limit',
  'damaged-log',
  'no-runner',
  'silent-runner',
  'full-disk',
  'ending-runner',
  'busy-workers',
  'rate',
  'turn',
  'free',
  'timed-out',
  'gone',
  'unknown',
] as const;

const { why: _why, ...facts } = viewed;

export const explained: Members = {
  target,
  live: flag('as the queue stands now, its runner asked; else as a log says, up to a point'),
  atMs: timeMs('now; in the past the time of the last event'),
  ...facts,
  seq: optional(seqOfAnySystem),
  state: oneOf([...jobStates, 'gone', 'unknown'], 'unknown where nothing gives the state'),
  reason: structure<Reason>(
    { kind: oneOf(reasons, 'its phase, or what a job that is due waits for'), text: text('for people') },
    'why it is in its state',
  ),
  steps: list(nextStep, 'what can be done about it: one, or none'),
  timeline: list(step, 'its life, in the order of the log'),
  spent,
  exit,
};
