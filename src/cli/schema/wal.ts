import type { ImportedFile, ImportResult } from '../../commands/import-types.ts';
import type { StateHash } from '../../commands/state-hash.ts';
import type { Latency, StatsResult } from '../../commands/stats/stats.ts';
import type { VerifyResult } from '../../commands/verify.ts';
import type { CompactPlan, CompactResult } from '../../storage/compact.ts';
import { bisectAnswer } from './bisect.ts';
import {
  constant,
  decimal,
  either,
  flag,
  integer,
  list,
  type Members,
  type MembersOf,
  meaning,
  membersOf,
  nothing,
  optional,
  structure,
  text,
  whole,
} from './build.ts';
import { diffKind } from './diff.ts';
import { eventRow, eventType } from './event.ts';
import { exportKind, verifiedExport } from './export.ts';
import { foreignLog, foreignSnapshot } from './foreign.ts';
import { stateJob } from './job.ts';
import { document, type Kinds, summaryLine } from './kind.ts';
import { repairAnswers } from './repair.ts';
import {
  counts,
  exit,
  failure,
  filesNamed,
  finding,
  findings,
  jobIds,
  judged,
  logMembers,
  lostRange,
  seqOfAnySystem,
  snapshotCheck,
  snapshotStart,
  snapshotSummary,
  stateHash,
  storeId,
  storeName,
  target,
  timeMs,
  verdict,
} from './shared.ts';

const inspected: Members = {
  shown: whole('events that were shown'),
  partial: flag('the range or the limit ended the reading: nothing is said about the rest of the log'),
  target,
  verdict: optional(verdict),
  findings,
  lost: optional(list(lostRange, 'seqs provably written and not readable')),
  lostUnknown: optional(flag('more may be lost than that')),
};

/** `queue events` is the same of the log of a queue. */
export const inspectKind = (kind: string) => ({
  answers: [
    { events: list(eventRow, 'in the order asked for'), ...inspected, exit },
    { events: list(eventRow, 'those that could be read'), error: failure },
  ],
  lines: [eventRow, summaryLine(kind, inspected)],
});

const deep = structure<NonNullable<VerifyResult['deep']>>(
  {
    applied: whole('events that were applied, one after another'),
    leftOut: whole('imported events among those that did not fit, and changed nothing'),
    stateless: whole('events that were not, because nothing gives the state before them'),
    proved: list(whole('seq of a snapshot'), 'snapshots whose state the log was found to give'),
  },
  'what --deep found',
);

const snapshots = list(snapshotCheck, 'every snapshot, newest first');
const verified: readonly Members[] = [
  { target, verdict, ...logMembers, snapshots: optional(snapshots), deep: optional(deep), exit },
  { target, verdict, ...logMembers, export: verifiedExport, exit },
  { target, verdict, snapshots, exit },
  { target, verdict, foreign: either([foreignLog, foreignSnapshot], 'of another system'), exit },
];

/** `wal replay`, `snapshot show`: all jobs of a state, and where it is from. */
export function stateKind(kind: string, from: Members) {
  const summary: Members = {
    target,
    ...from,
    seq: either(
      [integer('its number; one of another system may have more digits than a double holds'), nothing],
      'last seq in the state',
    ),
    counts,
    ...judged,
  };
  return {
    answers: [{ jobs: list(stateJob, 'all of them'), ...summary, exit }],
    lines: [stateJob, summaryLine(kind, summary)],
  };
}

const latency = structure<Latency>(
  {
    count: whole('how many values'),
    p50: optional(whole('half of all take no longer, ms')),
    p90: optional(whole('ms')),
    p99: optional(whole('ms')),
    max: optional(whole('ms')),
    shape: list(whole('how many'), 'from the shortest to the longest, on a scale that doubles'),
  },
  'times in ms, to within a twelfth',
);

const stats: MembersOf<StatsResult> = {
  target,
  ...judged,
  whole: flag('nothing of the range is missing; else all that follows is of the part that can be read'),
  events: whole('in the range'),
  bytes: whole('of their records; the log around them is a little larger'),
  logBytes: optional(whole('size of the whole log, bytes; without a range only')),
  segments: optional(whole('files of the whole log; without a range only')),
  seqFirst: optional(whole('first one')),
  seqLast: optional(whole('last one')),
  firstMs: optional(timeMs('time of the earliest event')),
  lastMs: optional(timeMs('time of the latest event')),
  undecoded: whole('events that cannot be read'),
  types: list(
    structure<StatsResult['types'][number]>({
      type: eventType,
      events: whole('how many'),
      bytes: whole('of their records'),
    }),
    'by type, most events first',
  ),
  names: list(
    structure<StatsResult['names'][number]>({
      name: text('of the jobs'),
      events: whole('how many'),
      bytes: whole('of their records'),
      enqueued: whole('jobs'),
      completed: whole('jobs'),
      dead: whole('jobs that died, or were cancelled, and were not called back'),
      retried: whole('how often one was to be tried again, by hand too'),
    }),
    'by name of the jobs, most events first',
  ),
  wait: meaning(latency, 'from the moment that a job could run to its DISPATCH: ms, to within a twelfth'),
  took: meaning(latency, 'from DISPATCH to the end of the attempt: ms, to within a twelfth'),
  retryRate: optional(decimal('share of the attempts that another followed; calls back by hand are none, 0..1')),
  deadRate: optional(decimal('share of the jobs that ended that are dead, 0..1')),
  unfinished: whole('jobs that were not finished at the end of the range'),
  liveRatio: decimal('share of the bytes that unfinished jobs need, 0..1'),
  timeline: structure<StatsResult['timeline']>(
    {
      widthMs: whole('of each stretch, ms'),
      stretches: list(
        structure<StatsResult['timeline']['stretches'][number]>({
          atMs: timeMs('when it begins'),
          enqueued: whole('jobs'),
          completed: whole('jobs'),
          dead: whole('jobs'),
        }),
        'in order, at most 120, the last ones',
      ),
    },
    'what happened when',
  ),
  replay: optional(
    structure<NonNullable<StatsResult['replay']>>(
      {
        fromSeq: whole('first seq that a recovery would replay'),
        events: whole('how many'),
        estimatedMs: decimal('about how long, by the speed of this reading, ms'),
      },
      'what a recovery would have to do',
    ),
  ),
};

const hash: MembersOf<StateHash> = {
  target,
  seq: seqOfAnySystem,
  stateHash,
  ...judged,
  whole: optional(flag('nothing up to this point is missing, whatever is wrong with the rest')),
};

const request: Members = { store: storeName, keep: whole('snapshots to keep') };
const reasons = list(text('in plain words'), 'why the rest of the log stays');
const unfit = list(finding, 'snapshots that were to cover the log and cannot');

const planned: MembersOf<CompactPlan> = {
  baseSeq: whole('seq that the log would go back to'),
  segments: list(
    structure<CompactPlan['segments'][number]>({ file: text('path relative to the store'), bytes: whole('its size') }),
    'segments that would go',
  ),
  snapshots: filesNamed('snapshots that would go'),
  reasons,
  findings: unfit,
};

const compacted: MembersOf<CompactResult> = {
  snapshot: snapshotSummary,
  stateHash,
  removedSegments: filesNamed('segments that went'),
  removedSnapshots: filesNamed('snapshots that went'),
  reasons,
  findings: unfit,
  bytesBefore: whole('of log and snapshots, before'),
  bytesAfter: whole('of log and snapshots, after'),
};

const imported = membersOf<ImportResult>({
  store: storeName,
  storeId,
  files: list(
    structure<ImportedFile>({
      file: text('as it was named'),
      format: text('name of its format; empty for a log without events'),
      events: whole('that are now in the store'),
      covered: whole('sound, but covered by the snapshot and left out'),
      unknown: whole('sound, but of a type that this log has no name for; left out'),
      damaged: whole('records that could not be read'),
    }),
    'in the order given',
  ),
  base: optional(
    structure<NonNullable<ImportResult['base']>>(
      {
        file: text('the snapshot'),
        jobs: whole('in it'),
        lastSeq: optional(text('its last number, as digits')),
      },
      'the snapshot that became the base',
    ),
  ),
  baseSeq: whole('seqs 1..baseSeq stand for the jobs of a foreign snapshot; of an export, where its state stands'),
  seqLast: whole('last seq of the new store'),
  export: optional(
    structure<NonNullable<ImportResult['export']>>(
      { seqFirst: whole('first seq'), lost: whole('seqs that are lost'), stateHash: optional(stateHash) },
      'what an export names and the new store has',
    ),
  ),
  skipped: whole('events in the store that did not fit the state and changed nothing'),
  withoutPayload: jobIds('jobs whose log never had their payload'),
  renamed: list(
    structure<ImportResult['renamed'][number]>({ id: text('in the store'), was: text('in the log') }),
    'jobs under a new id, because their own cannot be held',
  ),
  ...judged,
});

export const walKinds: Kinds = {
  'wal.inspect': inspectKind('wal.inspect'),
  'wal.verify': {
    answers: verified.map((members) => ({ ...members, findings })),
    lines: [
      finding,
      ...verified.map((members) =>
        document('wal.verify', { ...members, findings: whole('how many lines stand above') }),
      ),
    ],
  },
  'wal.stats': { answers: [{ ...stats, exit }] },
  'wal.replay': stateKind('wal.replay', {
    snapshot: optional(snapshotStart),
    replayed: whole('events applied after it'),
    skipped: whole('events of another system that did not fit the state'),
    saved: optional(meaning(snapshotSummary, 'the detached snapshot that --save wrote')),
  }),
  'wal.state-hash': { answers: [{ ...hash, exit }] },
  'wal.bisect': { answers: [bisectAnswer] },
  'wal.repair': { answers: repairAnswers },
  'wal.compact': {
    answers: [
      { ...request, dryRun: constant(true, 'nothing was changed'), ...planned, exit },
      { ...request, dryRun: constant(false, 'it was done'), ...compacted, exit },
    ],
  },
  'wal.diff': diffKind('wal.diff'),
  'wal.export': exportKind,
  'wal.import': { answers: [{ ...imported, exit }] },
};
