import type { ListedSnapshot, SnapshotListing } from '../../commands/snapshots.ts';
import type { RestoreResult } from '../../storage/restore.ts';
import type { RetentionPlan } from '../../storage/retention.ts';
import type { CheckpointResult } from '../../storage/types.ts';
import { decimal, flag, list, type Members, type MembersOf, optional, structure, text, whole } from './build.ts';
import { diffKind } from './diff.ts';
import { foreignSnapshot } from './foreign.ts';
import type { Kinds } from './kind.ts';
import { goBackAnswers } from './repair.ts';
import {
  exit,
  filesNamed,
  judged,
  snapshotCheck,
  snapshotCheckMembers,
  snapshotSummary,
  stateHash,
  storeId,
  storeName,
  target,
} from './shared.ts';
import { stateKind } from './wal.ts';

const created: MembersOf<Pick<CheckpointResult, 'snapshot' | 'unchanged' | 'ms'>> = {
  snapshot: snapshotSummary,
  unchanged: flag('nothing had happened since the newest snapshot: no new file'),
  ms: decimal('that it took, ms'),
};

const listing: MembersOf<SnapshotListing> = {
  store: storeName,
  snapshots: list(
    structure<ListedSnapshot>({ ...snapshotCheckMembers, seq: whole('last seq covered, by the name of the file') }),
    'newest first, each read and checked',
  ),
  ignored: list(text('name'), 'other files in the folder'),
};

const restored: MembersOf<RestoreResult> = {
  storeId,
  seq: whole('the new log begins after it'),
  stateHash,
  from: snapshotSummary,
};

const kept: MembersOf<Pick<RetentionPlan, 'kept' | 'findings'>> = {
  kept: list(
    structure<RetentionPlan['kept'][number]>({
      file: text('path relative to the store'),
      seq: whole('last seq covered'),
    }),
    'snapshots that verified and stay, newest first',
  ),
  findings: judged.findings,
};

/** Of a file, of a store, of a file of another system. */
const verified: readonly Members[] = [
  { target, ...judged, snapshots: list(snapshotCheck, 'newest first'), exit },
  { target, ...judged, foreign: foreignSnapshot, exit },
];

export const snapshotKinds: Kinds = {
  'snapshot.create': { answers: [{ store: storeName, ...created, exit }] },
  'snapshot.verify': { answers: verified },
  'snapshot.list': { answers: [{ ...listing, exit }] },
  'snapshot.show': stateKind('snapshot.show', {
    snapshot: optional(snapshotSummary),
    foreign: optional(foreignSnapshot),
  }),
  'snapshot.diff': diffKind('snapshot.diff'),
  'snapshot.restore': { answers: [{ store: storeName, ...restored, exit }, ...goBackAnswers] },
  'snapshot.prune': {
    answers: [
      {
        store: storeName,
        dryRun: flag('nothing was changed: this is what would be'),
        ...kept,
        removed: filesNamed('snapshots that went, or would go'),
        exit,
      },
    ],
  },
};
