import { changeKinds, type Move } from '../../commands/diff/compare.ts';
import type { SettingChange } from '../../commands/diff/settings.ts';
import type { PointFacts } from '../../commands/diff/states.ts';
import { jobStates } from '../../queue/state/job.ts';
import {
  anything,
  dictionary,
  either,
  facts,
  flag,
  integer,
  list,
  type Members,
  type MembersOf,
  nothing,
  object,
  oneOf,
  optional,
  partly,
  shared,
  structure,
  text,
  whole,
} from './build.ts';
import { jobState, stateJob } from './job.ts';
import { summaryLine } from './kind.ts';
import { totalsMembers } from './queue-status.ts';
import { counts, exit, judged, snapshotStart, target, timeMs } from './shared.ts';

/** The difference between two states: of points of a log, of two logs, of snapshots. */

const side = (description: string) =>
  either([nothing, object({ status: jobState }, 'of a job that is on both sides'), stateJob], description);

const change = shared(
  'change',
  object(
    {
      job: text('its id'),
      name: optional(text('of the job')),
      changes: list(oneOf(changeKinds, 'seen from the first side'), 'what became of it; several may hold at a time'),
      before: side('on the first side; null where it is not there'),
      after: side('on the second side; null where it is not there'),
      fields: optional(
        dictionary(
          object({ before: anything('null where it has none'), after: anything('null where it has none') }),
          'members of the job that are not the same, by their names',
        ),
      ),
      left: optional(oneOf(['removed', 'pruned'], 'how it is gone, where that is known')),
    },
    'a job that is not the same on both sides, or was asked for',
  ),
);

const from: MembersOf<Omit<PointFacts, 'seq'>> = {
  target,
  atMs: optional(timeMs('when its last event was, as far as is known; when a snapshot was written')),
  snapshot: optional(snapshotStart),
  replayed: whole('events applied after it'),
};

const point = shared(
  'point',
  object(
    {
      ...from,
      seq: either([integer('a number'), text('digits, of a log of another system'), nothing], 'last seq in the state'),
      counts,
      whole: flag('it lacks nothing up to its point, whatever is wrong elsewhere'),
      ...judged,
    },
    'one of the two states, and where it is from',
  ),
);

const ends = [...jobStates, 'none'] as const;

const setting = structure<SettingChange>({
  kind: oneOf(['pause', 'limits', 'schedule'], 'what it is'),
  scope: structure<SettingChange['scope']>(
    {
      name: optional(text('of a pause: only jobs of this name')),
      group: optional(text('of a pause: only jobs of this group; of limits whose, empty: those of the whole queue')),
      id: optional(text('of the schedule')),
    },
    'what it is about',
  ),
  before: optional(facts('its members on the first side; absent where it is not set')),
  after: optional(facts('its members on the second side; absent where it is not set')),
});

const summary: Members = {
  shown: whole('jobs that were shown'),
  before: point,
  after: point,
  backwards: flag('the first of the two is the later one'),
  acrossLogs: flag('they are of two logs: numbers of a log are not compared'),
  totals: object(
    {
      differing: whole('jobs that are not the same on both sides'),
      same: whole('jobs that are'),
      ...Object.fromEntries(changeKinds.map((kind) => [kind, whole('jobs')])),
    },
    'however many were shown',
  ),
  moves: list(
    structure<Move>({
      from: oneOf(ends, 'none: it was not there'),
      to: oneOf(ends, 'none: it is not there'),
      jobs: whole('how many'),
    }),
    'jobs that went from one status to another',
  ),
  events: optional(object(partly(totalsMembers), 'events between the two by what they did; of one log only')),
  settings: list(setting, 'pauses, limits and schedules that are not the same'),
};

export const diffKind = (kind: string) => ({
  answers: [
    {
      jobs: list(change, 'in the order of the earlier state, then those that only the later one has'),
      ...summary,
      exit,
    },
  ],
  lines: [change, summaryLine(kind, summary)],
});
