import { unreachable } from '../../base/errors.ts';
import { enqueueDefaults, eventLimits } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import { newerRecord, recordError, tagFrom } from '../events/record.ts';
import { packReader, type RecordReader } from '../events/record-reader.ts';
import { RecordWriter } from '../events/record-writer.ts';
import { writeRun, writeWork } from '../events/template-writer.ts';
import type { Job, Setback } from './job.ts';
import { decodeJob } from './job-decode.ts';
import { decodeSetting } from './setting-codec.ts';
import type { SettingEntry } from './settings.ts';
import { writeHold, writeOrigin } from './special-codec.ts';
import { noTotals, type QueueTotals } from './totals.ts';

/** Snapshot entries: one of facts about the whole queue, one per setting, one per job. EVENTS.md has the bytes. */

/** In the order of their tags. */
const totalNames = [
  'enqueued',
  'dispatched',
  'completed',
  'retried',
  'crashed',
  'timedOut',
  'dead',
  'pruned',
  'skipped',
  'cancelled',
  'removed',
  'failed',
  'expired',
] as const satisfies readonly (keyof QueueTotals)[];

const entryTypes = { facts: 1, pending: 2, in_flight: 3, completed: 4, dead: 5 } as const;
const states: readonly (Job['state'] | undefined)[] = [
  undefined,
  undefined,
  'pending',
  'in_flight',
  'completed',
  'dead',
];

const limits = eventLimits;
const timeMax = limits.timeMs;
const w = new RecordWriter();

export function encodeTotals(totals: QueueTotals): Uint8Array {
  w.begin(entryTypes.facts, '', 0);
  totalNames.forEach((name, at) => {
    w.int(at + 1, totals[name], timeMax, name, 0);
  });
  return w.finish();
}

/** The canonical entry of one job. Throws usageError E_FIELD when a value is beyond the limits of the format. */
export function encodeJob(job: Job): Uint8Array {
  const options = job.options;
  w.begin(entryTypes[job.state], job.id, job.createdAt);
  writeWork(w, options, job.payload, enqueueDefaults);
  if (job.state === 'pending') w.int(5, job.runAt, timeMax, 'runAt', job.createdAt);
  writeRun(w, options, enqueueDefaults);
  w.int(9, job.seq, timeMax, 'seq');
  w.int(10, job.attempt, limits.attempts, 'attempt', 0);
  w.int(11, job.crashes, timeMax, 'crashes', 0);
  if (job.setback !== undefined) encodeSetback(job.setback);
  encodeState(job);
  const { special } = job;
  if (special !== undefined) writeHold(w, special);
  w.text(44, options.group, limits.groupBytes, 'group', enqueueDefaults.group);
  if (special !== undefined) writeOrigin(w, special);
  w.text(tagFrom, job.from, limits.fromBytes, 'from');
  return w.finish();
}

function encodeSetback(setback: Setback): void {
  w.int(12, setback.at, timeMax, 'setback.at');
  w.text(13, setback.reason, limits.reasonBytes, 'setback.reason', 'failed');
  w.foreignText(14, setback.error, limits.errorBytes, 'setback.error');
  w.int(15, setback.exitCode, limits.exitCode, 'setback.exitCode');
  w.text(16, setback.signal, limits.signalBytes, 'setback.signal');
}

function encodeState(job: Job): void {
  switch (job.state) {
    case 'pending':
      w.int(17, job.timedOut ? 1 : 0, 1, 'timedOut', 0);
      return;
    case 'in_flight':
      w.int(20, job.dispatchSeq, timeMax, 'dispatchSeq');
      w.int(21, job.startedAt, timeMax, 'startedAt');
      if (job.owner.kind === 'runner') w.int(22, job.owner.epoch, timeMax, 'epoch');
      if (job.owner.kind === 'lease') {
        w.text(23, job.owner.token, limits.tokenBytes, 'token');
        w.int(24, job.owner.deadlineMs, timeMax, 'owner.deadlineMs');
      }
      w.int(25, job.deadlineMs, timeMax, 'deadlineMs');
      w.int(26, job.cancelledAt, timeMax, 'cancelledAt');
      return;
    case 'completed':
      w.int(30, job.endSeq, timeMax, 'endSeq');
      w.int(31, job.endedAt, timeMax, 'endedAt');
      w.int(32, job.startedAt, timeMax, 'startedAt');
      w.int(33, job.durationMs, timeMax, 'durationMs');
      w.packed(34, job.result, limits.resultBytes, 'result');
      return;
    case 'dead':
      w.int(30, job.endSeq, timeMax, 'endSeq');
      w.int(31, job.endedAt, timeMax, 'endedAt');
      w.text(35, job.reason, limits.reasonBytes, 'reason', 'attempts');
      w.foreignText(36, job.error, limits.errorBytes, 'error');
      w.int(37, job.exitCode, limits.exitCode, 'exitCode');
      w.text(38, job.signal, limits.signalBytes, 'signal');
      return;
    default:
      unreachable(job);
  }
}

export type Entry =
  | { kind: 'facts'; totals: QueueTotals }
  | { kind: 'setting'; entry: SettingEntry }
  | { kind: 'job'; job: Job };

/** Throws damageError E_RECORD, or newerError E_RECORD_NEWER. Copies what it keeps. */
export function decodeEntry(bytes: Uint8Array, from = 0, to = bytes.length): Entry {
  return packReader.readStretch(bytes, from, to, entryOf);
}

function entryOf(r: RecordReader<Packed>): Entry {
  const type = r.type();
  if (type === entryTypes.facts) return { kind: 'facts', totals: decodeTotals(r) };
  const state = states[type];
  if (state !== undefined) return { kind: 'job', job: decodeJob(r, state) };
  const entry = decodeSetting(r, type);
  if (entry === undefined) throw newerRecord(`snapshot entry ${type}`);
  return { kind: 'setting', entry };
}

function decodeTotals(r: RecordReader<Packed>): QueueTotals {
  if (r.text(limits.idBytes) !== '' || r.next() !== 0) throw recordError('facts with an id or a time');
  const totals = noTotals();
  for (let tag = r.nextTag(); tag !== 0; tag = r.nextTag()) {
    const name = totalNames[tag - 1];
    if (name === undefined) r.unknown(tag);
    else totals[name] = r.int(timeMax, 0);
  }
  return totals;
}
