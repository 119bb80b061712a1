import type { WaitResult } from '../../commands/queue/wait.ts';
import type { Waited } from '../../commands/queue/wait-goals.ts';
import { jobStates } from '../../queue/state/job.ts';
import {
  decimal,
  flag,
  integer,
  list,
  type Members,
  type MembersOf,
  object,
  oneOf,
  optional,
  structure,
  text,
  whole,
} from './build.ts';
import { explained, logFile, viewed } from './explain.ts';
import { exportedJob } from './exported.ts';
import { phase, queueJob } from './job.ts';
import { document, type Kinds, summaryLine } from './kind.ts';
import { phases, runner, runnerError, status } from './queue-status.ts';
import { counts, exit, findings, judged, storeName, timeMs, verdict } from './shared.ts';
import { inspectKind } from './wal.ts';

/** Commands that look at a queue and change nothing. */

const jobs = whole('jobs');

const listed: Members = { store: storeName, seq: whole('last seq in the state'), shown: whole('jobs'), ...judged };

const listKind = (kind: string) => ({
  answers: [{ jobs: list(queueJob, 'in the order asked for'), ...listed, exit }],
  lines: [queueJob, summaryLine(kind, listed)],
});

const shown: Members = { store: storeName, ...viewed, seq: whole('last seq in the state'), exit };

const waited: MembersOf<WaitResult> = {
  store: storeName,
  jobs: list(
    structure<Waited>({
      id: text('of the job'),
      state: oneOf([...jobStates, 'missing'], 'what became of it'),
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
  'job.explain': { answers: [explained] },
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
