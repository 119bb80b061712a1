import type { CheckResult } from '../../commands/queue/checks.ts';
import type { Opening, Rate } from '../../commands/queue/log-facts.ts';
import type { RunnerMembers, StatusMembers } from '../../commands/queue/status-members.ts';
import type { RunningJob, StatusReport } from '../../queue/run/status.ts';
import { allLanes } from '../../queue/state/lane.ts';
import { phaseKinds } from '../../queue/state/phase.ts';
import {
  decimal,
  flag,
  list,
  type MembersOf,
  membersOf,
  oneOf,
  optional,
  shared,
  structure,
  table,
  text,
  whole,
} from './build.ts';
import { fieldSeen } from './field.ts';
import { settings } from './settings.ts';
import { counts, judged, storeId, storeName, timeMs } from './shared.ts';

/** How a queue stands. */

export const runningJob = shared(
  'runningJob',
  structure<RunningJob>(
    {
      id: text('of the job'),
      name: text('of the job'),
      attempt: whole('from 1'),
      pid: optional(whole('absent where it runs in the runner itself, or has not begun')),
      startedMs: timeMs('when it was dispatched'),
      progress: optional(decimal('0..1, what the handler said last')),
    },
    'an attempt under way',
  ),
);

export const runner = shared(
  'runner',
  structure<RunnerMembers>(
    {
      pid: whole('of the runner'),
      workers: whole('jobs that it runs at a time'),
      running: whole('jobs that it runs now'),
      active: list(runningJob, 'in the order they were dispatched'),
      sinceMs: timeMs('when it began'),
      handler: text('what runs the jobs'),
      stopping: flag('it starts no more jobs'),
      runner: text('by the number of its opening of the store, as events and jobs name it'),
      lanes: list(oneOf(allLanes, 'jobs without a command of their own, jobs with one'), 'which jobs it takes'),
      names: optional(list(text('of jobs'), 'only jobs of these names')),
      groupLimit: optional(whole('in flight at a time of each group that has no limit of its own')),
      diskFull: optional(flag('outcomes wait for room on the disk: nothing is begun until there is some')),
    },
    'the runner at work',
  ),
);

export const runnerError = optional(
  structure<NonNullable<StatusMembers['runnerError']>>(
    { code: text('stable name of the failure'), message: text('in plain words') },
    'why the runner that is there could not be asked',
  ),
);

export const phases = shared('phases', table(phaseKinds, whole('jobs'), 'jobs by phase (docs/queue-look.md)'));
const jobs = whole('jobs');

export const totalsMembers = membersOf<StatusReport['totals']>({
  enqueued: jobs,
  dispatched: whole('attempts that began'),
  completed: jobs,
  retried: whole('attempts that were followed by another'),
  crashed: whole('of those retried: because the runner died'),
  timedOut: whole('attempts that took too long'),
  dead: jobs,
  pruned: whole('finished jobs that were forgotten'),
  skipped: whole('imported events that did not fit'),
  cancelled: whole('jobs that were asked to end; some complete all the same'),
  removed: whole('jobs that were removed one by one'),
  failed: whole('attempts that ended without success, and counted'),
  expired: whole('of the dead: nobody began them in time'),
});

const report: MembersOf<Omit<StatusReport, 'runner'>> = {
  storeId,
  seqLast: whole('last seq'),
  counts,
  phases,
  ready: whole('pending jobs that may run now'),
  delayed: whole('pending jobs that wait for their time'),
  blocked: whole('pending jobs that wait for other jobs'),
  commands: whole('pending jobs that bring their own command'),
  nextDueAt: optional(timeMs('when the next delayed job is due')),
  oldestReadyMs: optional(whole('age of the oldest job that may run now, ms')),
  totals: structure<StatusReport['totals']>(totalsMembers, 'since the queue began'),
  settings,
  snapshot: optional(
    structure<NonNullable<StatusReport['snapshot']>>(
      {
        file: text('path relative to the store'),
        seq: whole('last seq covered'),
        createdMs: timeMs('when it was written'),
        bytes: whole('size of the file, bytes'),
      },
      'the newest one',
    ),
  ),
  recovery: optional(
    structure<NonNullable<StatusReport['recovery']>>(
      {
        ms: decimal('that it took, ms'),
        replayed: whole('events'),
        snapshotSeq: optional(whole('of the snapshot that it began with')),
        trimmedBytes: optional(whole('of a torn write, moved to quarantine/')),
      },
      'how the runner came to its state when it opened the store',
    ),
  ),
};

const opening = shared(
  'opening',
  structure<Opening>(
    {
      atMs: timeMs('when'),
      pid: whole('of the process'),
      runner: text('by its number, as events and jobs name a runner'),
      after: oneOf(['creation', 'close', 'crash', 'unknown'], 'how the writer before it ended'),
    },
    'an opening of the store for writing',
  ),
);

export const status: MembersOf<StatusMembers> = {
  store: storeName,
  from: oneOf(['runner', 'files'], 'who said so'),
  ...judged,
  runnerError,
  readFromSeq: whole('the log was read, and judged, from this seq on'),
  ...report,
  runner: optional(runner),
  rates: list(
    structure<Rate>({
      windowMs: whole('the time before now, ms'),
      spanMs: whole('less where the log does not reach back so far, ms'),
      enqueued: jobs,
      completed: jobs,
      dead: jobs,
    }),
    'how much happened lately',
  ),
  opening: optional(opening),
  lastCrash: optional(opening),
  checks: optional(
    list(
      structure<CheckResult>({
        check: text('as given'),
        ok: flag('it holds'),
        found: list(fieldSeen, 'what the queue has of all that the check looks at'),
      }),
      'of --check, in order',
    ),
  ),
};
