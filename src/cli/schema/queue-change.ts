import type { EnqueueResult } from '../../commands/queue/enqueue.ts';
import type { ImportResult } from '../../commands/queue/import.ts';
import type { EnqueueAnswer } from '../../queue/engine-types.ts';
import type { JobTemplate } from '../../queue/events/event-base.ts';
import type { Answer, DrainAnswer, OperationName, TakenJob } from '../../queue/run/operations.ts';
import type { RunSummary } from '../../queue/run/runner-types.ts';
import {
  anything,
  constant,
  either,
  flag,
  integer,
  list,
  type Members,
  type MembersOf,
  object,
  oneOf,
  optional,
  shared,
  structure,
  text,
  whole,
} from './build.ts';
import type { Kinds } from './kind.ts';
import { groupOfLimit, limitMembers, limitSet, missed, rule } from './settings.ts';
import { exit, failure, findings, jobIds, storeName, timeMs } from './shared.ts';

/** Commands that put jobs into a queue, run them, or change them and its settings. */

const seq = whole('of the event');
const jobs = whole('jobs');

/** One answer for each id, or token. */
function forEach(what: string, ...answers: readonly Members[]): Members {
  const id = text(what);
  const results = [...answers.map((members) => object({ id, ...members })), object({ id, error: failure })];
  return { results: list(shared('result', either(results)), 'in the order given'), exit };
}

type Of<K extends OperationName> = MembersOf<Answer<K>>;

const ofJob = 'of the job';
const done: Of<'update' | 'promote' | 'remove' | 'unschedule'> = { seq };
const cancelled: Of<'cancel'> = {
  seq,
  status: oneOf(['cancelled', 'cancelling'], 'cancelling: a runner has the job; it dies once its process is over'),
  alsoDead: jobIds('jobs that waited for it, and died with it'),
};
const redriven: Of<'redrive'> = { seq, also: jobIds('jobs that had died with it, and are pending again too') };
const redrivenAll: Of<'redrive-all'> = { jobs: whole('dead jobs that are pending again') };
const removedAll: Of<'remove-all'> = { removed: jobs, kept: whole('jobs that stay because others wait for them') };
const acked: MembersOf<Omit<Answer<'ack'>, 'id'>> = {
  seq,
  resultDropped: flag('the result was larger than allowed, or nested too deep, and was not kept'),
};
const retried: MembersOf<Omit<Extract<Answer<'fail'>, { verdict: 'retry' }>, 'id'>> = {
  verdict: constant('retry', 'it is pending again'),
  seq,
  runAt: timeMs('when the next attempt may begin'),
  reason: text('why, in one word'),
};
const died: MembersOf<Omit<Extract<Answer<'fail'>, { verdict: 'dead' }>, 'id'>> = {
  verdict: constant('dead', 'there is no further attempt'),
  seq,
  reason: text('why, in one word'),
};

const enqueueAnswer = shared(
  'enqueued',
  structure<EnqueueAnswer>(
    {
      id: text('of the job that is in the queue now: with a unique key it may be an older one'),
      status: oneOf(['enqueued', 'duplicate', 'replaced'], 'duplicate: one with this id or key was there already'),
      seq: whole('of the ENQUEUE, this one or the first one'),
      replaced: optional(text('id of the job that was replaced')),
    },
    'what became of one job',
  ),
);

const added: MembersOf<Omit<EnqueueResult, 'skipped'>> = {
  store: storeName,
  created: flag('the store was made for it'),
  enqueued: jobs,
  replaced: whole('jobs that took the place of one that waited with the same key'),
  duplicates: whole('jobs that were there already'),
};
const skipped = list(failure, 'records left out because they were no good jobs');
const answered = list(enqueueAnswer, 'jobs that are on disk, in the order of the input');

const imported: MembersOf<ImportResult> = {
  ...added,
  skipped: whole('bad lines'),
  completed: whole('completed jobs that were left out'),
  dead: whole('dead jobs that were left out'),
};

const ran: MembersOf<Omit<RunSummary, 'failure'>> = {
  completed: jobs,
  retried: whole('attempts that failed, their jobs to be tried again'),
  givenBack: whole('attempts that do not count: the runner stopped, or the handler does not work'),
  dead: whole('jobs that it would take and that died meanwhile, of whatever cause'),
  resultsDropped: whole('completed jobs whose result was too large or nested too deep, and was not kept'),
  remaining: whole('jobs that it would run sooner or later, had it gone on'),
  left: whole('jobs that it could run and a pause holds back'),
  others: whole('jobs that wait for another handler, or for a job that does'),
  broken: optional(text('why the handler itself cannot run')),
  unwritten: whole('attempts whose outcome is not in the log: their jobs run again'),
  interrupted: whole('attempts that a stop ended before their time: their jobs run again'),
  halted: flag('it stopped because --halt was reached'),
  stopped: flag('it was told to stop'),
};

const drained: MembersOf<DrainAnswer> = {
  completed: whole('jobs, since the runner was asked'),
  dead: whole('jobs, since then'),
  left: whole('jobs that it could run and a pause holds back'),
  unfinished: optional(text('why it ended before the queue was worked off')),
};

const taken = shared(
  'taken',
  structure<Omit<TakenJob, 'attemptsMax' | 'payload'> & { maxAttempts: number; payload?: unknown }>(
    {
      token: text('for queue ack, fail and extend'),
      id: text(ofJob),
      name: text(ofJob),
      payload: optional(anything('JSON of the user, as it was written')),
      attempt: whole('from 1'),
      maxAttempts: whole('attempts that it has'),
      deadlineMs: timeMs('when the lease ends'),
    },
    "a job that is now the caller's",
  ),
);

const scope: Members = {
  name: optional(text('only jobs of this name')),
  group: optional(text('only jobs of this group')),
};

const template = structure<Omit<JobTemplate, 'payload'> & { payload?: unknown }>(
  {
    name: text(ofJob),
    payload: optional(anything('JSON of the user, as it was written')),
    priority: integer('higher runs first'),
    maxAttempts: whole('attempts that it has'),
    timeoutMs: whole('of one attempt, ms; 0: none'),
    backoff: text('how long to wait after a failed attempt, in the words of --backoff'),
    command: optional(list(text('a word'), 'of a job that brings its own command')),
    group: text('whose limits it shares; empty: none'),
  },
  'the jobs it makes',
);

const schedule = object({
  id: text('of the schedule'),
  rule,
  missed,
  setMs: timeMs('when it was set'),
  nextMs: optional(timeMs('when it fires next; absent when never')),
  lastMs: optional(timeMs('the latest slot that fired')),
  job: template,
  expireMs: optional(whole('its jobs are dead if not begun this long after their slot, ms')),
});

const idOfJob = 'of the job, as given';
const token = 'of the job; beside an error the token, as given';
const redriveAll: Members = { ...redrivenAll, exit };

export const queueChangeKinds: Kinds = {
  'queue.enqueue': {
    answers: [
      { ...added, jobs: answered, skipped, exit },
      { jobs: answered, skipped, error: failure },
    ],
  },
  'queue.import': { answers: [{ ...imported, exit }] },
  'queue.run': { answers: [{ ...ran, error: optional(failure), exit }] },
  'queue.drain': { answers: [{ ...drained, exit }] },
  'queue.cancel': { answers: [forEach(idOfJob, cancelled)] },
  'queue.update': { answers: [forEach(idOfJob, done)] },
  'queue.promote': { answers: [forEach(idOfJob, done)] },
  'queue.rm': { answers: [forEach(idOfJob, done), { ...removedAll, exit }] },
  'queue.dead.rm': { answers: [forEach(idOfJob, done), { ...removedAll, exit }] },
  'queue.retry': { answers: [forEach(idOfJob, redriven), redriveAll] },
  'queue.dead.retry': { answers: [forEach(idOfJob, redriven), redriveAll] },
  'queue.prune': {
    answers: [
      {
        dryRun: constant(true, 'nothing was changed'),
        completed: whole('completed jobs that would be forgotten'),
        dead: whole('dead jobs that would be forgotten'),
        findings,
        exit,
      },
      { dryRun: constant(false, 'it was done'), pruned: whole('finished jobs that were forgotten'), exit },
    ],
  },
  'queue.take': { answers: [{ jobs: list(taken, 'empty when there was none'), exit }], lines: [taken] },
  'queue.ack': { answers: [forEach(token, acked)] },
  'queue.fail': { answers: [forEach(token, retried, died)] },
  'queue.extend': { answers: [{ token: text('as given'), deadlineMs: timeMs('when the lease ends now'), exit }] },
  'queue.pause': { answers: [{ ...scope, seq, exit }] },
  'queue.resume': { answers: [{ ...scope, seq: optional(whole('absent where nothing was paused')), exit }] },
  'queue.limit': {
    answers: [
      { group: groupOfLimit, ...limitMembers, seq: optional(whole('absent where the limits stood so')), exit },
      { limits: list(limitSet, 'in force'), findings, exit },
    ],
  },
  'queue.schedule.add': { answers: [{ id: text('of the schedule'), rule, missed, seq, exit }] },
  'queue.schedule.list': { answers: [{ schedules: list(schedule, 'all of them'), findings, exit }] },
  'queue.schedule.rm': { answers: [forEach('of the schedule, as given', done)] },
  'queue.schedule.next': {
    answers: [
      {
        slots: list(object({ schedule: text('id of it'), atMs: timeMs('when it fires') }), 'in order'),
        findings,
        exit,
      },
    ],
  },
};
