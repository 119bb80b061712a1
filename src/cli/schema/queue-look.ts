import type { Attempt, Departure } from '../../commands/queue/history.ts';
import type { JobView } from '../../commands/queue/show.ts';
import type { WaitResult } from '../../commands/queue/wait.ts';
import type { Waited } from '../../commands/queue/wait-goals.ts';
import type { LogFileInfo } from '../../queue/process/log-files.ts';
import {
  decimal,
  flag,
  integer,
  list,
  type Members,
  type MembersOf,
  membersOf,
  object,
  oneOf,
  optional,
  structure,
  text,
  whole,
} from './build.ts';
import { eventMembers, eventType } from './event.ts';
import { exportedJob } from './exported.ts';
import { jobState, phase, queueJob, summaryOf } from './job.ts';
import { document, type Kinds } from './kind.ts';
import { phases, runner, runnerError, runningJob, status } from './queue-status.ts';
import { counts, exit, findings, judged, storeName, timeMs, verdict } from './shared.ts';
import { inspectKind } from './wal.ts';

/** Commands that look at a queue and change nothing. */

const jobs = whole('jobs');

const listed: Members = { store: storeName, seq: whole('last seq in the state'), shown: whole('jobs'), ...judged };

const listKind = (kind: string) => ({
  answers: [{ jobs: list(queueJob, 'in the order asked for'), ...listed, exit }],
  lines: [queueJob, document(kind, summaryOf(listed))],
});

const attempt = structure<Attempt>(
  {
    attempt: optional(whole('from 1; one that was given back is followed by one of the same number')),
    dispatchSeq: optional(whole('seq of its DISPATCH')),
    startedMs: optional(timeMs('when it began')),
    endedMs: optional(timeMs('when it ended')),
    durationMs: optional(whole('that it took, ms')),
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

const logFile = membersOf<LogFileInfo>({
  path: text('of the file'),
  dispatchSeq: whole('seq of the DISPATCH that began the attempt'),
  attempt: whole('from 1'),
  bytes: whole('so far'),
});

const shown: Members = {
  store: storeName,
  seq: whole('last seq in the state'),
  id: text('of the job'),
  job: optional(queueJob),
  why: optional(text('why it is where it is, in a sentence for people')),
  running: optional(runningJob),
  attempts: list(attempt, 'in order'),
  changes: list(
    object({ seq: whole('of the event'), atMs: timeMs('when'), type: eventType, ...eventMembers }),
    'events that were no part of an attempt',
  ),
  departure: optional(
    structure<Departure>(
      { seq: whole('of the event'), atMs: timeMs('when'), how: oneOf(['removed', 'pruned'], 'how') },
      'how it left the queue',
    ),
  ),
  earlierLives: whole('jobs under this id that were gone before this one came'),
  log: object(
    { begins: whole('first seq that the log still has'), whole: flag('the log tells of the ENQUEUE of the job') },
    'how far back this goes',
  ),
  parents: list(
    structure<JobView['parents'][number]>({
      id: text('of the job'),
      state: optional(jobState),
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
  exit,
};

const waited: MembersOf<WaitResult> = {
  store: storeName,
  jobs: list(
    structure<Waited>({
      id: text('of the job'),
      state: oneOf(['completed', 'dead', 'missing', 'pending', 'in_flight'], 'what became of it'),
      reason: optional(text('dead: why; missing: what it was last')),
    }),
    'those asked for, in that order; without ids those that died meanwhile',
  ),
  completed: jobs,
  dead: jobs,
  missing: jobs,
  left: whole('jobs not finished when the time was up'),
  timedOut: flag('the time was up'),
  ...judged,
};

const watched = document('queue.watch', {
  atMs: timeMs('of this look'),
  seq: whole('last seq in the state'),
  counts,
  phases,
  runner: optional(runner),
  runnerError,
  perSecond: decimal('jobs completed a second, over the last seconds'),
  verdict,
  running: list(
    object({
      id: text('of the job'),
      name: text('of the job'),
      phase,
      attempt: whole('from 1'),
      startedMs: timeMs('when it was dispatched'),
      pid: optional(integer('of the process')),
      progress: optional(decimal('0..1, what the handler said last')),
    }),
    'jobs in flight, the oldest first, at most 200',
  ),
});

export const queueLookKinds: Kinds = {
  'queue.status': { answers: [{ ...status, exit }] },
  'queue.list': listKind('queue.list'),
  'queue.dead.list': listKind('queue.dead.list'),
  'queue.show': { answers: [shown] },
  'queue.dead.show': { answers: [shown] },
  'queue.events': inspectKind('queue.events'),
  'queue.logs': {
    answers: [
      {
        store: storeName,
        id: text('of the job'),
        files: list(object({ ...logFile, text: text('what was printed') }), 'one for each attempt, oldest first'),
        exit,
      },
    ],
  },
  'queue.wait': { answers: [{ ...waited, exit }] },
  'queue.watch': { answers: [], lines: [watched] },
  'queue.export': {
    answers: [
      {
        jobs: list(exportedJob, 'in the order of ENQUEUE'),
        store: storeName,
        seq: whole('last seq in the state'),
        exported: whole('jobs'),
        verdict,
        findings,
        exit,
      },
    ],
    lines: [exportedJob],
  },
};
