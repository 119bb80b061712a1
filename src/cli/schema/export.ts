import type { ExportResult } from '../../commands/export.ts';
import type { ExportBase, ExportHeader, ExportTrailer } from '../../commands/export-form.ts';
import { missedSlots } from '../../queue/events/setting-types.ts';
import { jobStates } from '../../queue/state/job.ts';
import {
  constant,
  either,
  flag,
  integer,
  list,
  type Members,
  type MembersOf,
  nothing,
  object,
  oneOf,
  optional,
  shared,
  structure,
  text,
  whole,
} from './build.ts';
import { eventMembers, eventType } from './event.ts';
import { totalsMembers } from './queue-status.ts';
import { exit, failure, judged, stateHash, storeId, target, timeMs } from './shared.ts';

/** A log as text, line by line (docs/export.md), and what is said of it. */

const seqFirst = whole('the first seq that follows');

const exportBase = structure<ExportBase>(
  { seq: whole('last seq in the state'), entries: whole('of the state'), stateHash },
  'the state that the events stand on',
);

export const exportHeader = structure<ExportHeader>(
  { store: storeId, seqFirst, base: optional(exportBase) },
  'its first line',
);

export const exportTrailer = structure<ExportTrailer>(
  {
    lines: whole('before the last one'),
    events: whole('in them'),
    lost: whole('seqs that are lost'),
    seqLast: whole('last seq, lost ones included'),
    stateHash: optional(stateHash),
    sha256: text('hex SHA-256 of all lines before the last one'),
  },
  'its last line',
);

const raw = optional(text('base64 of the bytes, where members would not give the same again'));

const header = object(
  {
    format: constant('walq-export', 'what it is'),
    version: constant(1, 'of the format'),
    store: storeId,
    first: seqFirst,
    baseSeq: optional(whole('last seq in the state that the events stand on')),
    baseEntries: optional(whole('lines with its entries, which follow')),
    baseHash: optional(stateHash),
  },
  'the first line',
);

const eventLine = object(
  {
    seq: whole('its number'),
    type: eventType,
    job: optional(text('id of the job')),
    timeMs: optional(timeMs('when it happened')),
    commit: optional(whole('so many events, this one first, were one write; left out for 1')),
    ...eventMembers,
    raw,
    to: optional(whole('of LOST: last seq')),
  },
  'an event, or lost seqs',
);

const option: Members = {
  name: text('of the jobs'),
  group: optional(text('whose limits they share')),
  priority: optional(integer('higher runs first; left out when 0')),
  maxAttempts: whole('attempts that they have'),
  timeoutMs: optional(whole('of one attempt, ms')),
  backoff: text('how long to wait after a failed attempt'),
  command: optional(list(text('a word'), 'of a job that brings its own command')),
};

const pick = (...names: string[]): Members =>
  Object.fromEntries(names.flatMap((name) => (eventMembers[name] ? [[name, eventMembers[name]]] : [])));

const entryLine = shared(
  'entry',
  either(
    [
      object({ base: constant('raw', 'an entry as bytes'), raw: text('base64 of them') }),
      object({
        base: constant('facts', 'what was counted since the queue began'),
        ...Object.fromEntries(Object.entries(totalsMembers).map(([name, schema]) => [name, optional(schema)])),
      }),
      object({
        base: constant('limits', 'of a group, or of the whole queue'),
        group: optional(text('absent: the whole queue')),
        ...pick('concurrency', 'rateCount', 'ratePerMs', 'pendingMax', 'payloadBytesMax', 'keepMs', 'keepCount'),
      }),
      object({
        base: constant('pause', 'what holds jobs back'),
        timeMs: timeMs('since when'),
        ...pick('name', 'group', 'reason'),
      }),
      object({
        base: constant('schedule', 'what makes jobs'),
        schedule: text('its id'),
        timeMs: timeMs('when it was set'),
        ...pick('cron', 'zone', 'everyMs', 'expiresAfterMs', 'payload'),
        missed: oneOf(missedSlots, 'what becomes of slots that passed while nobody ran'),
        lastSlot: optional(timeMs('the latest slot that fired')),
        ...option,
      }),
      object({
        base: constant('job', 'a job'),
        job: text('its id'),
        state: oneOf(jobStates, 'of the job'),
        seq: whole('of its ENQUEUE'),
        timeMs: timeMs('when it was enqueued'),
        ...option,
        ...pick('attempt', 'runAt', 'runner', 'lease', 'leaseUntil', 'deadlineMs', 'durationMs', 'result', 'payload'),
        ...pick('reason', 'exitCode', 'signal', 'error', 'key', 'keyUntil', 'parents', 'expiresAt', 'schedule', 'slot'),
        ...pick('from'),
        crashes: optional(whole('attempts that ended because the runner died')),
        timedOut: optional(flag('the last attempt ran into its timeout, and nothing says what follows')),
        dispatchSeq: optional(whole('of its DISPATCH')),
        startedMs: optional(timeMs('when the attempt began')),
        cancelledMs: optional(timeMs('when it was cancelled')),
        endSeq: optional(whole('of its ACK or DEAD')),
        endedMs: optional(timeMs('when it ended')),
        setbackMs: optional(timeMs('when the last attempt ended without success')),
        setbackReason: optional(text('why, in one word')),
        setbackExitCode: optional(whole('of its process')),
        setbackSignal: optional(text('that ended its process')),
        setbackError: optional(text('what the handler said')),
        waitingFor: optional(list(text('id of a job'), 'parents that have not completed')),
      }),
    ],
    'an entry of the state that the events stand on',
  ),
);

const trailer = object(
  {
    end: constant(true, 'nothing follows'),
    lines: whole('before this one'),
    events: whole('in them'),
    lost: whole('seqs that are lost'),
    last: whole('last seq, lost ones included'),
    stateHash: either([stateHash, nothing], 'of the state at the end; null where it is unknown'),
    sha256: text('hex SHA-256 of all lines before this one, line ends included'),
  },
  'the last line, which proves that nothing is missing or changed',
);

const line = shared('line', either([header, entryLine, eventLine, trailer], 'a line of the export'));

const result: MembersOf<Omit<ExportResult, 'log' | 'verdict' | 'findings'>> = {
  target,
  storeId,
  seqFirst,
  seqLast: whole('last seq, lost ones included'),
  base: optional(exportBase),
  events: whole('that were written'),
  lost: whole('seqs that are lost'),
  stateHash: optional(stateHash),
  stateUnknown: optional(
    structure<NonNullable<ExportResult['stateUnknown']>>(
      { seq: whole('of the event'), why: text('in plain words') },
      'the first event that this version cannot apply: from there on the state is unknown',
    ),
  ),
};

const facts: Members = {
  format: oneOf(['ndjson', 'csv', 'document', 'raft-recovery'], 'of the export'),
  ...result,
  leftOut: optional(whole('events of types that the format does not know')),
  sha256: optional(text('hex SHA-256 of all lines before the last one')),
  ...judged,
  exit,
};

export const exportKind = {
  answers: [
    { lines: list(line, 'the export'), ...facts },
    { lines: list(line, 'those that were written'), error: failure },
    { file: text('as it was named'), bytes: whole('its size'), ...facts },
  ],
  lines: [line],
};
