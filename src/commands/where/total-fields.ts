import type { StatusReport } from '../../queue/run/status.ts';
import type { JobCounts } from '../../queue/state/job.ts';
import { type PhaseKind, phaseKinds } from '../../queue/state/phase.ts';
import type { QueueTotals } from '../../queue/state/totals.ts';
import type { FieldTable } from './fields.ts';

/** A state, counted. */
export interface Counted {
  counts: Readonly<JobCounts>;
  totals: Readonly<QueueTotals>;
}

/** What can be asked about a state as a whole, whatever the clock says. */
export const totalFields: FieldTable<Counted> = {
  pending: { kind: 'number', about: 'jobs that wait', of: ({ counts }) => counts.pending },
  in_flight: { kind: 'number', about: 'jobs at work', also: ['processing'], of: ({ counts }) => counts.in_flight },
  completed: { kind: 'number', about: 'jobs that are done', of: ({ counts }) => counts.completed },
  dead: { kind: 'number', about: 'jobs that were given up', of: ({ counts }) => counts.dead },
  jobs: {
    kind: 'number',
    about: 'all of the above',
    of: ({ counts }) => counts.pending + counts.in_flight + counts.completed + counts.dead,
  },
  ...sinceBegin('enqueued', 'jobs'),
  ...sinceBegin('dispatched', 'attempts begun', 'attempts'),
  ...sinceBegin('completed', 'jobs completed'),
  ...sinceBegin('dead', 'jobs given up, those tried again included'),
  ...sinceBegin('retried', 'attempts followed by another one'),
  ...sinceBegin('failed', 'attempts that failed'),
  ...sinceBegin('crashed', 'attempts that ended when their runner died'),
  ...sinceBegin('timedOut', 'attempts that ran into their timeout', 'timed_out'),
  ...sinceBegin('expired', 'jobs that nobody began in time'),
  ...sinceBegin('cancelled', 'jobs asked to end'),
  ...sinceBegin('removed', 'jobs taken out by hand'),
  ...sinceBegin('pruned', 'finished jobs forgotten'),
  ...sinceBegin('skipped', 'imported events that did not fit'),
};

function sinceBegin(total: keyof QueueTotals, about: string, other?: string): FieldTable<Counted> {
  const snake = total === 'timedOut' ? 'timed_out' : total;
  const also = [other ?? '', total].filter((name) => name !== '' && name !== snake).map((name) => `totals.${name}`);
  return {
    [`totals.${snake}`]: {
      kind: 'number',
      about: `since the queue began: ${about}`,
      also,
      of: ({ totals }) => totals[total],
    },
  };
}

/** A queue as it stands now. */
export interface StatusView extends StatusReport {
  /** ms since the epoch. */
  now: number;
}

const phaseAbout: Readonly<Partial<Record<PhaseKind, string>>> = {
  scheduled: 'pending jobs that wait for their first time',
  retrying: 'pending jobs that wait to be tried again',
  paused: 'pending jobs that a pause holds back',
  'no-handler': 'pending jobs that the runner does not take',
  expired: 'pending jobs that nobody began in time',
  running: 'jobs that the runner has',
  leased: 'jobs that somebody took',
  cancelling: 'jobs that are ending',
  orphaned: 'jobs of a runner that is gone',
};

/** What `queue status --check` can ask. */
export const statusFields: FieldTable<StatusView> = {
  ...totalFields,
  ready: { kind: 'number', about: 'pending jobs that may run now', of: ({ ready }) => ready },
  delayed: { kind: 'number', about: 'pending jobs that wait for their time', of: ({ delayed }) => delayed },
  blocked: { kind: 'number', about: 'pending jobs that wait for others', of: ({ blocked }) => blocked },
  ...phaseFields(),
  oldest_ready: {
    kind: 'duration',
    about: 'how long the oldest ready job has been ready; 0 without one',
    also: ['oldest', 'oldestReadyMs'],
    of: ({ oldestReadyMs }) => oldestReadyMs ?? 0,
  },
  next_due: {
    kind: 'time',
    about: 'when the next delayed job is due',
    also: ['nextDueAt'],
    of: ({ nextDueAt }) => nextDueAt,
  },
  commands: { kind: 'number', about: 'pending jobs that carry their own command', of: ({ commands }) => commands },
  runner: { kind: 'flag', about: 'a runner is at work and answers', of: ({ runner }) => runner !== undefined },
  workers: { kind: 'number', about: 'how many that runner has', of: ({ runner }) => runner?.workers },
  seq: { kind: 'number', about: 'last seq of the log', also: ['seqLast'], of: ({ seqLast }) => seqLast },
  snapshot_seq: {
    kind: 'number',
    about: 'last seq that the newest snapshot covers',
    of: ({ snapshot }) => snapshot?.seq,
  },
  snapshot_age: {
    kind: 'duration',
    about: 'how old the newest snapshot is',
    of: ({ snapshot, now }) => (snapshot === undefined ? undefined : Math.max(0, now - snapshot.createdMs)),
  },
};

function phaseFields(): FieldTable<StatusView> {
  return Object.fromEntries(
    phaseKinds.flatMap((kind) => {
      const about = phaseAbout[kind];
      if (about === undefined) return [];
      return [[kind.replace('-', '_'), { kind: 'number', about, of: ({ phases }: StatusView) => phases[kind] }]];
    }),
  );
}

/** For those that know a state of the past and nothing else. */
export const withoutClock = {
  names: Object.keys(statusFields).filter((name) => !Object.hasOwn(totalFields, name)),
  why: 'it depends on more than the state: the clock, the runner or the files',
};
