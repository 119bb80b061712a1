import { Exit } from '../../base/errors.ts';
import { type Finding, severities } from '../../base/finding.ts';
import type { Step } from '../../commands/next-steps.ts';
import type { ReplayResult } from '../../commands/replay-types.ts';
import type { TargetName } from '../../commands/target.ts';
import { jobStates } from '../../queue/state/job.ts';
import type {
  ChainPoint,
  LogReport,
  LostRange,
  SegmentSummary,
  SnapshotCheck,
  SnapshotSummary,
} from '../../storage/types.ts';
import {
  either,
  facts,
  flag,
  integer,
  list,
  membersOf,
  object,
  oneOf,
  optional,
  shared,
  structure,
  table,
  text,
  whole,
} from './build.ts';

/** What answers of many commands have in common. */

export const exit = shared(
  'exit',
  oneOf([...Object.values(Exit), 129, 130, 143], 'the exit code of the process, by docs/exit-codes.md'),
);

export const verdict = shared(
  'verdict',
  oneOf(
    ['clean', 'padded', 'torn', 'ambiguous', 'corrupt', 'degraded', 'no base', 'newer'],
    'what was found; clean and padded exit 0, torn 4, newer 5, the rest 3',
  ),
);

const seqOf = (description: string) =>
  either(
    [whole('a number'), text('digits that a number of JSON may not hold, of a log of another system')],
    description,
  );

export const seqOfAnySystem = seqOf('seq; text where a number of another system exceeds 2^53');

export const finding = shared(
  'finding',
  structure<Finding>(
    {
      code: text('stable name of the fault; walq help E_CODE explains it'),
      severity: oneOf(severities, 'how bad it is; a note never changes the exit code'),
      file: text("path relative to what was named, or the file's own name"),
      offset: optional(whole('first byte concerned')),
      end: optional(whole('one past the last byte concerned')),
      seqFirst: optional(seqOf('first seq concerned')),
      seqLast: optional(seqOf('last seq concerned, inclusive')),
      message: text('one clause in plain words, without file, offset, got and expected'),
      got: optional(text('what was found')),
      expected: optional(text('what should have been there')),
    },
    'one fault, and where it is',
  ),
);

export const findings = list(finding, 'every fault that was found');

/** What can be read, also of a damaged log, and how sound it is. */
export const judged = { verdict, findings } as const;

export const failure = shared(
  'error',
  object(
    {
      code: text('stable name of the failure; walq help E_CODE explains it'),
      message: text('what is wrong, in plain words; may change'),
      data: facts('the facts behind the message, which depend on the code: file, offset, seq, got, expected, ...'),
      next: optional(text('the next command to type, or the next thing to do')),
      exit,
    },
    'why there is no answer, or only a part of one',
  ),
);

export const target = shared(
  'target',
  structure<TargetName>(
    {
      kind: oneOf(
        [
          'store',
          'wal-folder',
          'segment',
          'snapshot',
          'segment-stream',
          'snapshot-stream',
          'export',
          'export-stream',
          'foreign',
          'foreign-stream',
        ],
        'what the path turned out to be; a stream is standard input',
      ),
      path: text('as it was named'),
      format: optional(text('name of the format, of a log or snapshot of another system')),
    },
    'what the answer is about',
  ),
);

export const storeName = text('folder of the store, as it was named');
export const storeId = text('32 hex digits that name the store, whatever folder it is in');
export const stateHash = text('hex SHA-256 of the state: equal states have equal hashes, however they came about');
export const timeMs = (description: string) => integer(`${description}, ms since the epoch`);
export const jobIds = (description: string) => list(text('id of a job'), description);
export const counts = shared('counts', table(jobStates, whole('jobs'), 'jobs by state'));

export const lostRange = shared(
  'lostRange',
  structure<LostRange>(
    { seqFirst: whole('first seq'), seqLast: whole('last seq, inclusive') },
    'a run of seqs that cannot be read',
  ),
);

const segment = shared(
  'segment',
  structure<SegmentSummary>(
    {
      file: text('path of the segment'),
      ordinal: whole('its number in the log'),
      size: whole('bytes in the file'),
      end: whole('offset of the end of the last good frame'),
      frames: whole('good frames'),
      records: whole('events in them'),
      seqFirst: optional(whole('first seq; absent where there is no event')),
      seqLast: optional(whole('last seq')),
      sealed: flag('closed by its writer, and followed by another one'),
    },
    'one file of the log',
  ),
);

const chainPoint = shared(
  'chainPoint',
  structure<ChainPoint>(
    {
      seq: whole('last seq in the state'),
      ordinal: whole('number of the segment'),
      offset: whole('byte after the frame that holds the seq'),
      link: whole('CRC of the header of that frame'),
      salt: whole('of that segment'),
    },
    'where in the log the state belongs',
  ),
);

export const snapshotSummary = shared(
  'snapshot',
  structure<SnapshotSummary>(
    {
      file: text('path relative to the store'),
      seq: whole('last seq covered'),
      kind: oneOf(
        ['checkpoint', 'base', 'detached'],
        'a checkpoint belongs to the log beside it, a base began the store, a detached one was saved by wal replay',
      ),
      bytes: whole('size of the file, bytes'),
      rawBytes: whole('size of the state before compression, bytes'),
      entries: whole('entries of the state: jobs, settings and totals'),
      createdMs: timeMs('when it was written'),
      sha256: text("hex SHA-256 of the file's bytes before the footer"),
      stateHash,
      storeId,
      point: chainPoint,
    },
    'a good snapshot',
  ),
);

export const snapshotCheckMembers = membersOf<SnapshotCheck>({
  file: text('path of the snapshot'),
  bytes: whole('size of the file, bytes'),
  summary: optional(snapshotSummary),
  findings: list(finding, 'its faults'),
});

export const snapshotCheck = shared(
  'snapshotCheck',
  structure<SnapshotCheck>(snapshotCheckMembers, 'a snapshot file as found; without a summary it cannot be used'),
);

/** What the reading of a whole log of ours gives, beside verdict and findings. */
export const logMembers = membersOf<Omit<LogReport, 'verdict' | 'findings'>>({
  storeId: optional(storeId),
  segments: list(segment, 'the files of the log, in order'),
  frames: whole('good frames'),
  records: whole('events in them'),
  bytes: whole('size of the log, bytes'),
  seqFirst: optional(whole('first seq that is there')),
  seqLast: optional(whole('last seq that is there')),
  lost: list(lostRange, 'seqs provably written and not readable; all of them unless lostUnknown'),
  lostUnknown: flag('the loss reaches past the last readable frame, and nothing says how far'),
  recordsAfterHole: whole('good events that lie after the first hole'),
  tail: optional(
    structure<NonNullable<LogReport['tail']>>(
      {
        file: text('the last segment'),
        offset: whole('where the good frames end'),
        bytes: whole('from there to the end of the file'),
      },
      'what a writer would trim',
    ),
  ),
  strays: list(text('the file'), 'files behind the proven end of the log that are no part of it'),
  endProven: flag(
    'false where the log ends openly and nothing beside it says where: a file, a stream, no HEAD, half of HEAD',
  ),
});

export const step = shared(
  'step',
  structure<Step>({ command: text('to copy'), does: text('what it does') }, 'what to do next'),
);

export const filesNamed = (description: string) => list(text('path relative to the store'), description);

export const snapshotStart = shared(
  'start',
  structure<NonNullable<ReplayResult['snapshot']>>(
    { file: text('path of the snapshot'), seq: seqOfAnySystem },
    'the snapshot that the replay started from',
  ),
);
