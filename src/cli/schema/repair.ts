import type { UndoResult } from '../../commands/repair.ts';
import type { SalvageResult, TouchedJobs } from '../../commands/salvage.ts';
import type { GoBackResult } from '../../commands/snapshot-restore.ts';
import type { Unreadable } from '../../fs/read-around.ts';
import type { RepairPlan } from '../../storage/repair.ts';
import type { HealCandidate } from '../../storage/repair-heal.ts';
import type { AppliedAction, RepairAction, RepairJournal, SetAsideAction } from '../../storage/repair-journal.ts';
import type { RestorePlan } from '../../storage/restore-in-place.ts';
import type { SalvagePlan } from '../../storage/salvage.ts';
import type { StoreIdentity } from '../../storage/store-file.ts';
import {
  constant,
  either,
  flag,
  list,
  type Members,
  type MembersOf,
  membersOf,
  oneOf,
  optional,
  shared,
  structure,
  text,
  whole,
} from './build.ts';
import { exit, finding, jobIds, lostRange, snapshotSummary, storeId, storeName, timeMs, verdict } from './shared.ts';

/** Repairs of all modes, and going back in place: plan, what was done, and its undo. */

const file = text('path relative to the store');
const sha256 = text('hex SHA-256 of the bytes that are taken away or changed');

const identity = structure<StoreIdentity>(
  { id: storeId, createdMs: timeMs('when it was made') },
  'what STORE.json will say',
);

type Kind<T, K> = Extract<T, { kind: K }>;

const writeStoreFile = membersOf<Kind<RepairAction, 'write-store-file'>>({
  kind: constant('write-store-file', 'STORE.json is written anew'),
  file,
  identity,
  sha256: optional(sha256),
});

const trim = membersOf<Kind<RepairAction, 'trim'>>({
  kind: constant('trim', 'the end of a segment is cut off'),
  file,
  offset: whole('where'),
  bytes: whole('how many'),
  sha256,
});

const flippedBit = membersOf<Omit<HealCandidate, 'oneIn'>>({
  file,
  at: whole('offset of the byte'),
  bit: whole('in it, 0 is the lowest'),
  what: oneOf(['segment header', 'frame header', 'payload'], 'what it is in'),
  offset: whole('of that header, or of the whole frame'),
  bytes: whole('its length'),
  seqFirst: optional(whole('first event that can be read again with it')),
  seqLast: optional(whole('last one')),
});

const heal = membersOf<Kind<RepairAction, 'heal'>>({
  kind: constant('heal', 'a flipped bit is turned back'),
  ...flippedBit,
  sha256,
  sha256After: text('hex SHA-256 of the same stretch with the bit turned'),
});

const move = membersOf<Kind<RepairAction, 'move'>>({
  kind: constant('move', 'a file is set aside whole'),
  file,
  sha256,
});

const replace = membersOf<Kind<SetAsideAction, 'replace'>>({
  kind: constant('replace', 'a file is set aside whole, and another takes its place'),
  file,
  after: text('hex SHA-256 of what takes its place'),
  sha256: optional(sha256),
});

type Done<K> = Kind<AppliedAction, K>;
const quarantine = optional(text('name, in quarantine/, of what was taken away'));

const repairAction = shared(
  'action',
  either([structure(writeStoreFile), structure(trim), structure(move), structure(heal)]),
);
const setAside = shared('setAside', either([structure(move), structure(replace)]));
const applied = shared(
  'applied',
  structure<RepairJournal>(
    {
      walq: constant(1, 'version of the journal'),
      appliedMs: timeMs('when it was begun'),
      mark: optional(text('hex SHA-256 of HEAD and the sizes of the log: an undo looks whether somebody wrote since')),
      actions: list(
        either([
          structure<Done<'write-store-file'>>({ ...writeStoreFile, quarantine }),
          structure<Done<'trim'>>({ ...trim, quarantine }),
          structure<Done<'heal'>>({ ...heal, quarantine }),
          structure<Done<'move'>>({ ...move, quarantine }),
          structure<Done<'replace'>>({ ...replace, quarantine }),
        ]),
        'in order',
      ),
      undo: optional(oneOf(['begun', 'done'], 'whether it was taken back')),
    },
    'the journal of what was done, as it is kept in quarantine/',
  ),
);

const repairPlan = structure<RepairPlan>(
  {
    storeDir: storeName,
    mode: oneOf(['trim', 'heal'], 'of the repair'),
    verdict,
    mends: list(finding, 'faults that the plan mends'),
    leaves: list(finding, 'faults that it leaves: damage that this mode cannot mend'),
    actions: list(repairAction, 'in order'),
    candidates: list(
      structure<HealCandidate>({ ...flippedBit, oneIn: whole('other damage looks the same once in this many cases') }),
      'healing: stretches that one flipped bit would explain, too long to be sure',
    ),
    refused: list(
      structure<RepairPlan['refused'][number]>({ file, offset: whole('where'), why: text('in plain words') }),
      'healing: why a place is left as it is',
    ),
    needsYes: flag('the last write may have been acknowledged: applying needs --yes too'),
  },
  'what would be done, or was',
);

const backTo = either(
  [
    structure<{ snapshot: string }>({ snapshot: file }),
    structure<{ seq: number }>({ seq: whole('last event of an operation') }),
  ],
  'what was asked for',
);

const restorePlan = structure<RestorePlan>(
  {
    storeDir: storeName,
    verdict,
    to: backTo,
    seq: whole('the last one that stays'),
    snapshot: optional(snapshotSummary),
    seqLast: whole('last seq that can be read now: what lies after seq goes'),
    actions: list(setAside, 'in order; empty where nothing came after'),
    leaves: list(finding, 'faults that would stay: bad snapshots that are older'),
  },
  'what would be done, or was',
);

const salvagePlan = structure<SalvagePlan>(
  {
    storeDir: storeName,
    seqFirst: whole('first seq that goes over'),
    seqLast: whole('last seq that goes over'),
    frames: whole('that go over'),
    events: whole('that go over'),
    lost: list(lostRange, 'seqs that cannot be read, in order'),
    lostUnknown: flag('events beyond seqLast may be gone too'),
    tail: optional(
      structure<NonNullable<SalvagePlan['tail']>>(
        {
          file,
          offset: whole('where'),
          bytes: whole('how many'),
          ambiguous: flag('it may have been acknowledged'),
        },
        'an unreadable end, left out',
      ),
    ),
    repeated: whole('events of good frames that repeat what is there already, left out'),
    snapshots: list(structure<SalvagePlan['snapshots'][number]>({ file, seq: whole('last one') }), 'that go over'),
    rescued: list(file, 'segments read with a header pieced together'),
    displaced: optional(list(file, 'segments of which frames were put back to where they had been written')),
    filled: optional(
      list(
        structure<NonNullable<SalvagePlan['filled']>[number]>({ file, from: text('name of the copy') }),
        'segments of which stretches are read from a copy under another name',
      ),
    ),
    foreign: list(file, 'segments of another store, or of a copy of this one that went its own way, left out'),
    unreadable: optional(
      list(
        structure<Unreadable>({ file, offset: whole('where'), bytes: whole('how many') }),
        'what the disk does not give; taken as damaged',
      ),
    ),
    turned: list(
      structure<SalvagePlan['turned'][number]>({
        file,
        at: whole('offset of the byte'),
        bit: whole('in it, 0 is the lowest'),
        oneIn: optional(whole('other damage looks the same once in this many cases; absent where it is proved')),
      }),
      'bits that are taken over turned',
    ),
    until: optional(whole('nothing after this seq goes over')),
    leftBehind: optional(whole('events after it that stay behind')),
    sha256: text('hex SHA-256 of everything that goes over'),
  },
  'what goes over into the new store, and what cannot',
);

const touched = structure<TouchedJobs>(
  {
    covered: whole('lost events whose effect is in a snapshot'),
    unknown: whole('lost events of which nothing is known'),
    open: jobIds('jobs that were not finished when events were lost'),
    skipped: list(
      structure<TouchedJobs['skipped'][number]>({
        seq: whole('of the event'),
        job: text('its id, empty where it concerns no single one'),
        why: text('in plain words'),
      }),
      'events after the loss that do not apply',
    ),
  },
  'what the lost events may have meant for jobs',
);

const changed = flag('false for a plan: then nothing was changed');
const next = text('the next command to type');

const wentBack: MembersOf<GoBackResult> = { plan: restorePlan, applied: optional(applied), verdict };
const undone: MembersOf<UndoResult> = { undone: applied, verdict };
const salvaged: MembersOf<SalvageResult> = { plan: salvagePlan, touched, storeId: optional(storeId) };

/** Going back in place, and taking a repair or that back. */
export const goBackAnswers: readonly Members[] = [
  { store: storeName, ...wentBack, changed, next: optional(next), exit },
  { store: storeName, ...undone, exit },
];

export const repairAnswers: readonly Members[] = [
  { store: storeName, plan: repairPlan, applied: optional(applied), verdict, changed, next: optional(next), exit },
  { store: storeName, to: text('folder of the new store'), ...salvaged, changed, next, exit },
  ...goBackAnswers,
];
