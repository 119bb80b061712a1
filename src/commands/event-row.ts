import { isError } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { eventDetails } from '../queue/events/event-details.ts';
import type { QueueEvent } from '../queue/events/event-types.ts';
import { decodeEvent, recordJobId, recordTime, recordTypeName } from '../queue/events/events.ts';
import type { FrameView, RecordView } from '../storage/types.ts';
import { type DetailValue, eventMembers } from './event-members.ts';
import { JsonText } from './json-text.ts';

/** How the place of lost events is called, where the types of events stand. */
export const lostType = 'LOST';

/** The same of events that a writer cleaned away before whoever follows the log could see them. */
const cleanedType = 'CLEANED';

/** One event as shown by `wal inspect`: of our own logs and of foreign ones. */
export interface EventRow {
  /** Text where a foreign number exceeds 2^53. */
  seq: number | string;
  type: string;
  /** '' for an event that concerns no single job. Of SCHEDULE and UNSCHEDULE the schedule's id. */
  job: string;
  /** Milliseconds since the epoch; text where a foreign number exceeds 2^53. */
  timeMs?: number | string;
  /** Names and plain texts for people, defaults left out; as stored, not yet escaped. */
  words(): readonly (readonly [string, string])[];
  /** Members for machines, numbers as numbers, JSON texts as written. */
  details(): readonly (readonly [string, DetailValue])[];
  file: string;
  /** Of the frame or line. */
  offset: number;
  /** Readable, but behind a fault: recovery would not reach it. */
  afterHole: boolean;
  /** The record itself; empty for a line. */
  bytes: Uint8Array;
  /** Bytes of the record or line; 0 where none stands behind the row. */
  size: number;
}

/** What filters look at; cheaper than the whole row. */
export interface RowHead {
  type: string;
  job: string;
}

export function headOfRecord(bytes: Uint8Array): RowHead {
  return { type: recordTypeName(bytes), job: safely(() => recordJobId(bytes)) ?? '' };
}

/** A record that cannot be decoded (a newer type, or the work of a faulty writer) is shown as far as it goes. */
export function rowOfRecord(record: RecordView): EventRow {
  const { seq, file, offset, afterHole } = record;
  // A Buffer's own slice() would be a view of bytes that the scan uses again, and rows are decoded later.
  const bytes = Uint8Array.from(record.bytes);
  const head = headOfRecord(bytes);
  const timeMs = safely(() => recordTime(bytes));
  return {
    seq,
    ...head,
    ...(timeMs === undefined ? {} : { timeMs }),
    // Each form of output asks for one of the two at most, and some filters for neither.
    words: () => decoded(bytes, eventDetails),
    details: () => decoded(bytes, eventMembers),
    file,
    offset,
    afterHole,
    bytes,
    size: bytes.length,
  };
}

/** Seqs that a salvage could not read, as one row: no event stands behind it. */
export function rowOfLost({ seqFirst, count, ...place }: FrameView): EventRow {
  return rowOfAbsent(lostType, seqFirst, seqFirst + count - 1, place);
}

/** Seqs that were cleaned away unseen, up to `to`, as one row; the log goes on at `place`. */
export function rowOfCleaned(from: number, to: number, place: RowPlace): EventRow {
  return rowOfAbsent(cleanedType, from, to, place);
}

type RowPlace = Pick<EventRow, 'file' | 'offset' | 'afterHole'>;

function rowOfAbsent(type: string, from: number, to: number, { file, offset, afterHole }: RowPlace): EventRow {
  const members = [
    ['to', to],
    ['events', to - from + 1],
  ] as const;
  return {
    seq: from,
    type,
    job: '',
    words: () => members.map(([name, value]) => [name, String(value)] as const),
    details: () => members,
    file,
    offset,
    afterHole,
    bytes: new Uint8Array(),
    size: 0,
  };
}

function decoded<T>(bytes: Uint8Array, list: (event: QueueEvent) => T[]): readonly (T | [string, string])[] {
  let event: QueueEvent;
  try {
    event = decodeEvent(bytes);
  } catch (error) {
    return [['undecoded', isError(error) ? error.message : String(error)]];
  }
  return list(event);
}

/** What a record says, as far as it can be read. */
export function safely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** `name=send maxAttempts=3 payload={"a":1}`: one line, escaped. */
export function detailsText(row: EventRow): string {
  return row
    .words()
    .map(([name, value]) => `${name}=${wordText(value)}`)
    .join(' ');
}

/** JSON texts stand as they are; other texts are quoted where a space or a quote would blur them. */
export function wordText(value: string): string {
  return /^[^\s"]+$/.test(value) || /^[[{"]/.test(value) ? escapeText(value) : escapeText(JSON.stringify(value));
}

/** `[seq=1] ENQUEUE job_1  name=default …`: the text form, escaped, uncoloured. `--grep` searches it. */
export function rowText(row: EventRow): string {
  const head = `[seq=${row.seq}] ${escapeText(row.type)}${row.job === '' ? '' : ` ${escapeText(row.job)}`}`;
  const details = detailsText(row);
  return details === '' ? head : `${head}  ${details}`;
}

/**
 * The row as a JSON object in one line. Written by hand: this is what a log of millions of events spends its time in.
 */
export function rowJson(row: EventRow): string {
  let text = `{"seq":${numberText(row.seq)},"type":${JSON.stringify(row.type)}`;
  // Schedules have a name space of their own: no job may be taken for one.
  const isSchedule = row.type === 'SCHEDULE' || row.type === 'UNSCHEDULE';
  if (row.job !== '') text += `,"${isSchedule ? 'schedule' : 'job'}":${JSON.stringify(row.job)}`;
  if (row.timeMs !== undefined) text += `,"timeMs":${numberText(row.timeMs)}`;
  for (const [name, value] of row.details()) text += `,${JSON.stringify(name)}:${detailJson(value)}`;
  text += `,"file":${JSON.stringify(row.file)},"offset":${row.offset}`;
  return row.afterHole ? `${text},"afterHole":true}` : `${text}}`;
}

function detailJson(value: DetailValue): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

/** Digits too many for a double stay as they are. */
function numberText(value: number | string): string {
  return typeof value === 'string' && !/^-?\d+$/.test(value) ? JSON.stringify(value) : String(value);
}
