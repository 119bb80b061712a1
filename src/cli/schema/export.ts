import type { ExportResult } from '../../commands/export.ts';
import type { ExportBase, ExportHeader, ExportTrailer } from '../../commands/export-form.ts';
import { jobStates } from '../../queue/state/job.ts';
import {
  type AnySchema,
  anything,
  constant,
  either,
  flag,
  integer,
  list,
  type Members,
  meaning,
  nothing,
  object,
  oneOf,
  optional,
  partly,
  structure,
  text,
  whole,
} from './build.ts';
import { eventMembers, eventType } from './event.ts';
import type { KindSchemas } from './kind.ts';
import { totalsMembers } from './queue-status.ts';
import { exit, failure, jobIds, judged, stateHash, storeId, target, timeMs } from './shared.ts';

/** What `wal export` writes (docs/export.md), and what it says of it. */

const sha256 = text('hex SHA-256 of all lines before the last one, line ends included');
const raw = text('what is written there as base64, where its members could not give back the same bytes');
const commit = optional(whole('how many events, this one first, were one write to the log; left out for 1'));

const headLine = object(
  {
    format: constant('walq-export', 'what this is'),
    version: constant(1, 'of the form'),
    store: storeId,
    first: whole('the first seq'),
    baseSeq: optional(whole('seq of the state that the events stand on')),
    baseEntries: optional(whole('lines that it has')),
    baseHash: optional(stateHash),
  },
  'the first line',
);

const eventHead: Members = {
  seq: whole('its number'),
  type: eventType,
  job: optional(text('id of the job; absent where the event concerns no single one')),
  timeMs: optional(timeMs('when it happened; absent where that cannot be read')),
  commit,
};
const { undecoded: _, ...said } = eventMembers;
const eventLine = object({ ...eventHead, ...said }, 'an event');
const rawEventLine = object(
  { ...eventHead, schedule: optional(text('id of the schedule that the event is about')), raw },
  'an event that cannot be said in members: of a newer version, or with a payload that is no compact JSON',
);
const lostLine = object(
  {
    seq: whole('the first one'),
    type: constant('LOST', 'a salvage could not read them'),
    timeMs: optional(timeMs('when that was')),
    to: whole('the last one'),
  },
  'seqs that are lost',
);

const factsLine = object(
  { base: constant('facts', 'counts'), ...partly(totalsMembers) },
  'what the queue has counted since it began; counts of 0 are left out',
);

/** Some members of events, which mean the same here. */
function pick(...names: (keyof typeof eventMembers)[]): Members {
  return Object.fromEntries(names.map((name) => [name, eventMembers[name]]));
}

const work = pick('name', 'group', 'priority', 'maxAttempts', 'timeoutMs', 'backoff', 'command', 'payload');
const limits = pick('concurrency', 'rateCount', 'ratePerMs', 'pendingMax', 'payloadBytesMax', 'keepMs', 'keepCount');
const rule = pick('cron', 'zone', 'everyMs', 'missed', 'expiresAfterMs');

const settingLines: readonly AnySchema[] = [
  object({ base: constant('limits', 'limits in force'), group: optional(text('of this group')), ...limits }, 'limits'),
  object(
    {
      base: constant('pause', 'a pause in force'),
      timeMs: timeMs('since when'),
      name: optional(text('only jobs of this name')),
      group: optional(text('only jobs of this group')),
      reason: optional(text('why, for people')),
    },
    'a pause',
  ),
  object(
    {
      base: constant('schedule', 'a schedule'),
      schedule: text('its id'),
      timeMs: timeMs('when it was set'),
      ...rule,
      lastSlot: optional(timeMs('the latest slot that fired')),
      ...work,
    },
    'a schedule',
  ),
];

const jobLine = object(
  {
    base: constant('job', 'a job'),
    job: text('its id'),
    state: oneOf(jobStates, 'how it stands'),
    seq: whole('of its ENQUEUE'),
    timeMs: timeMs('when it was enqueued'),
    ...work,
    attempt: optional(whole('attempts that count; left out when 0')),
    crashes: optional(whole('attempts that ended because the runner died; left out when 0')),
    runAt: optional(timeMs('pending: not before; left out when that is its time')),
    timedOut: optional(flag('pending: its last attempt has timed out, and what follows was not said')),
    dispatchSeq: optional(whole('in flight: of its DISPATCH')),
    startedMs: optional(timeMs('in flight, completed: when the attempt began')),
    runner: optional(text('in flight: the runner that has it')),
    lease: optional(text('in flight: token of the holder that has it')),
    leaseUntil: optional(timeMs('in flight: when the lease ends')),
    deadlineMs: optional(timeMs('in flight: when the timeout strikes')),
    cancelledMs: optional(timeMs('in flight: when it was cancelled')),
    endSeq: optional(whole('finished: of its ACK or DEAD')),
    endedMs: optional(timeMs('finished: when')),
    durationMs: optional(whole("completed: the handler's own time, ms")),
    reason: optional(text('dead: why, in one word')),
    exitCode: optional(whole('dead: of the process')),
    signal: optional(text('dead: that ended the process')),
    error: optional(text('dead: what the handler said last')),
    setbackMs: optional(timeMs('when the last attempt ended without success')),
    setbackReason: optional(text('why')),
    setbackExitCode: optional(whole('of its process')),
    setbackSignal: optional(text('that ended its process')),
    setbackError: optional(text('what its handler said last')),
    key: optional(text('unique key')),
    keyUntil: optional(timeMs('the key is held at least until then')),
    parents: optional(jobIds('jobs that had to complete before')),
    waitingFor: optional(jobIds('those of them that have not')),
    expiresAt: optional(timeMs('dead if not begun by then')),
    schedule: optional(text('id of the schedule that made it')),
    slot: optional(timeMs('the time for which it was made')),
    from: optional(text('seq of its ENQUEUE in the log that it was imported from')),
    result: optional(anything('completed: JSON of the handler, as it was written')),
  },
  'a job of the state that the events stand on',
);
const rawEntryLine = object({ base: constant('raw', 'of a newer version'), raw }, 'an entry that cannot be said');

const lastLine = object(
  {
    end: constant(true, 'the last line'),
    lines: whole('before this one'),
    events: whole('of them'),
    lost: whole('seqs that are'),
    last: whole('the last seq'),
    stateHash: either(
      [meaning(stateHash, 'of the state'), nothing],
      'of the state at the end; null when it is unknown',
    ),
    sha256,
  },
  'the last line: nothing is missing, and nothing was changed',
);

const lines = [
  headLine,
  factsLine,
  ...settingLines,
  jobLine,
  rawEntryLine,
  eventLine,
  rawEventLine,
  lostLine,
  lastLine,
];

const base = structure<NonNullable<ExportResult['base']>>(
  { seq: whole('last seq in it'), entries: whole('lines that it has'), stateHash },
  'the state that the events stand on',
);

const facts: Members = {
  format: oneOf(['ndjson', 'csv', 'document', 'raft-recovery'], 'the form of the text'),
  target,
  storeId,
  seqFirst: whole('first seq'),
  seqLast: integer('last seq; one less than the first where there is no event'),
  base: optional(base),
  events: whole('that were exported'),
  lost: whole('seqs between them that are lost'),
  leftOut: optional(whole('events that the form of another system has no place for')),
  stateHash: optional(stateHash),
  stateUnknown: optional(
    structure<NonNullable<ExportResult['stateUnknown']>>(
      { seq: whole('of the event'), why: text('in plain words') },
      'the first event that this version cannot apply: from there on the state is unknown',
    ),
  ),
  sha256: optional(sha256),
  ...judged,
};

export const exportKind: KindSchemas = {
  answers: [
    { lines: list(either(lines), 'those of -o ndjson, in order'), ...facts, exit },
    { file: text('as it was named'), bytes: whole('size of the file'), ...facts, exit },
    { lines: list(either(lines), 'those that were written before it failed'), error: failure },
  ],
  lines,
};

/** What `wal verify` says of an export. */
export const verifiedExport = object(
  {
    header: optional(
      structure<ExportHeader>(
        {
          store: storeId,
          seqFirst: whole('first seq'),
          base: optional(
            structure<ExportBase>(
              { seq: whole('last seq in it'), entries: whole('lines that it has'), stateHash },
              'the state that the events stand on',
            ),
          ),
        },
        'its first line',
      ),
    ),
    trailer: optional(
      structure<ExportTrailer>(
        {
          lines: whole('before the last one'),
          events: whole('of them'),
          lost: whole('seqs that are'),
          seqLast: whole('the last seq'),
          stateHash: optional(stateHash),
          sha256,
        },
        'its last line',
      ),
    ),
  },
  'first and last line of an export, as far as they can be read',
);
