import type { CodeHelp } from '../../commands/catalogue.ts';
import type { Recovered } from '../../commands/demo/measure.ts';
import type { Diagnosis, Interrupted, JobsInQuestion } from '../../commands/doctor/diagnose.ts';
import type { DiskUse } from '../../commands/doctor/disk-use.ts';
import type { BackupResult } from '../../storage/backup.ts';
import type { LogReport } from '../../storage/types.ts';
import type { BundleWritten } from '../doctor-bundle.ts';
import {
  decimal,
  either,
  facts,
  flag,
  list,
  type MembersOf,
  membersOf,
  nothing,
  object,
  oneOf,
  optional,
  shared,
  structure,
  text,
  whole,
} from './build.ts';
import type { Kinds } from './kind.ts';
import {
  counts,
  exit,
  judged,
  logMembers,
  snapshotCheck,
  stateHash,
  step,
  storeId,
  storeName,
  timeMs,
} from './shared.ts';

/** Commands that stand in no group. */

const files = (description: string) =>
  structure<DiskUse['logs']>({ files: whole('how many'), bytes: whole('together') }, description);

const inQuestion = structure<JobsInQuestion>(
  {
    counts,
    seq: whole('last seq in the state that this says; the log may go on behind a hole'),
    running: whole('jobs in flight at the runner'),
    leased: whole('jobs in flight at a holder outside'),
    interrupted: list(
      structure<Interrupted>({
        id: text('of the job'),
        name: text('of the job'),
        attempt: whole('from 1'),
        maxAttempts: whole('attempts that it has'),
        startedAt: timeMs('when the attempt began'),
      }),
      'in flight at a dead runner: may be done already, and will run again; the first five',
    ),
    interruptedCount: whole('how many those are'),
  },
  'the jobs, as far as a state can be computed',
);

const disk = structure<DiskUse>(
  {
    log: structure<DiskUse['log']>({ segments: whole('files'), bytes: whole('together') }, 'the log'),
    snapshots: files('snapshots'),
    logs: files('output of attempts'),
    quarantine: files('what repairs set aside'),
    pinned: list(text('in plain words'), 'why the log is no shorter'),
  },
  'what takes how much room',
);

const diagnosis: MembersOf<Diagnosis> = {
  store: storeName,
  ...judged,
  traces: list(either([text('in plain words'), nothing]), 'what the bytes at a finding show, in the order of findings'),
  log: structure<LogReport>({ ...judged, ...logMembers }, 'the log, as wal verify answers'),
  ending: oneOf(['never written', 'closed', 'at work', 'broken off', 'unknown'], 'how the writing of the log ended'),
  opening: optional(
    structure<NonNullable<Diagnosis['opening']>>(
      { atMs: timeMs('when'), pid: whole('of the process') },
      'the last opening of the log for writing',
    ),
  ),
  jobs: optional(inQuestion),
  jobsError: optional(
    structure<NonNullable<Diagnosis['jobsError']>>(
      { code: text('stable name of the failure'), message: text('in plain words') },
      'why no state can be computed',
    ),
  ),
  snapshots: list(snapshotCheck, 'newest first'),
  baseSeq: whole('seq of the newest good snapshot, 0 without one: a recovery begins there'),
  stateLacks: flag('some of the lost events came after that: the state lacks them'),
  disk,
  steps: list(step, 'at most three, in the order to be done'),
};

const bundle = structure<BundleWritten>(
  {
    file: text('as it was named'),
    bytes: whole('its size'),
    files: list(text('name'), 'what is in it'),
    payloads: flag('payloads, results, error texts and commands are in it'),
  },
  'what --bundle wrote',
);

const copy: MembersOf<BackupResult> = {
  storeId,
  seqLast: whole('last seq in the copy'),
  segments: whole('files of the log'),
  snapshots: whole('files'),
  bytes: whole('copied'),
  stateHash,
  ...judged,
};

const recovered = shared(
  'recovered',
  structure<Recovered>(
    {
      answered: whole('jobs that were answered before the kill'),
      found: whole('of these, found again'),
      ms: decimal('that the recovery took, ms'),
      bytes: whole('on disk'),
      replayed: whole('events replayed after the snapshot'),
    },
    'what one way of keeping state gave back after the kill',
  ),
);

const codeHelp = membersOf<CodeHelp>({
  code: text('stable name; of help also an exit code, or the word of a verdict'),
  title: text('in a few words'),
  explain: text('what it means, what can cause it, what is and is not lost'),
  next: text('what to do next'),
});

export const programKinds: Kinds = {
  doctor: { answers: [{ ...diagnosis, bundle: optional(bundle), exit }] },
  backup: { answers: [{ store: storeName, dir: text('folder of the copy'), ...copy, exit }] },
  demo: {
    answers: [{ jobs: whole('of the measured part'), wal: recovered, snapshot: recovered, both: recovered, exit }],
  },
  completion: {
    answers: [{ shell: oneOf(['bash', 'zsh', 'fish'], 'as named'), script: text('to be loaded by it'), exit }],
  },
  help: {
    answers: [
      { ...codeHelp, exit },
      { codes: list(object(codeHelp, 'a code'), 'all of them'), exit },
      {
        commands: list(object({ command: text('its words'), text: text('its help') }), 'of --all, parents first'),
        exit,
      },
    ],
  },
  schema: {
    answers: [
      {
        kinds: list(
          object({
            kind: text('as documents carry it'),
            title: text('of what it is the answer'),
            lines: flag('it is also printed line by line: --lines gives the schema of a line'),
          }),
          'all of them',
        ),
        exit,
      },
      { schema: facts('a JSON Schema, draft 2020-12'), exit },
    ],
  },
};
