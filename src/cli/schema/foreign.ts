import { severities } from '../../base/finding.ts';
import {
  type ForeignLogSummary,
  type ForeignSnapshotSummary,
  foreignStatuses,
  type SeqRange,
} from '../../formats/types.ts';
import { flag, list, oneOf, optional, shared, structure, table, text, whole } from './build.ts';

/** What answers say of logs and snapshots of other systems. Their numbers are text: they count beyond 2^53. */

const format = text('name of the format');
const severity = oneOf(severities, 'of the worst finding');
const stopped = flag('the reading was ended before the end of the file');

export const foreignLog = shared(
  'foreignLog',
  structure<Omit<ForeignLogSummary, 'findings'>>(
    {
      format,
      file: text('as it was named'),
      bytes: whole('read'),
      records: whole('sound records: the three that follow add up to it'),
      recordsBeforeDamage: whole('up to the first damaged line'),
      recordsAfterDamage: whole('on later lines'),
      recordsGlued: whole('on the line of a damaged one'),
      damaged: whole('records that cannot be trusted or read'),
      seqFirst: optional(text('lowest number, as digits')),
      seqLast: optional(text('highest number, as digits')),
      missing: list(
        structure<SeqRange>({ seqFirst: text('first, as digits'), seqLast: text('last, as digits, inclusive') }),
        'numbers that should be there; at most 1000 ranges',
      ),
      missingCount: text('how many numbers, as digits; complete'),
      restarts: whole('how often the numbers begin again'),
      outOfOrder: whole('records whose number is lower than one before them'),
      duplicates: whole('records that are there twice, word for word'),
      conflicts: whole('records that share their number with a different one'),
      withoutPayload: whole('ENQUEUE without a payload'),
      severity: optional(severity),
      stopped,
    },
    'a log of another system',
  ),
);

export const foreignSnapshot = shared(
  'foreignSnapshot',
  structure<Omit<ForeignSnapshotSummary, 'findings'>>(
    {
      format,
      file: text('as it was named'),
      bytes: whole('read'),
      jobs: whole('in it'),
      byStatus: table(foreignStatuses, whole('jobs'), 'jobs by state'),
      lastSeq: optional(text('last number, as digits')),
      schemaVersion: optional(text('as it stands there')),
      severity: optional(severity),
      stopped,
    },
    'a snapshot of another system',
  ),
);
