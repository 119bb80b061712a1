import { WalqError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { type JsonMember, jsonMembers, jsonString } from '../../base/json.ts';
import type { LineRecord, NotARecord } from '../line-codec.ts';
import { parseSeq, type SeqValue } from '../seq.ts';
import { eventTypes } from '../types.ts';
import { checksumOf, crcByte, crcEnd, crcRune, crcStart } from './checksum.ts';
import { decodeGoText } from './go-text.ts';

/**
 * One line of a raft-recovery log, written by Go's json.Encoder:
 *
 *   {"seq":1,"type":"ENQUEUE","job_id":"job-1","timestamp":1763846477123,"checksum":2912206775}
 *
 *   seq        uint64   from 1 in each file and session
 *   type       string   ENQUEUE DISPATCH ACK RETRY TIMEOUT DEAD
 *   job_id     string   `<>&`, U+2028, U+2029 as \uXXXX; bytes that were not UTF-8 as \ufffd
 *   timestamp  int64    milliseconds since the epoch; not covered by the checksum
 *   checksum   uint32   see checksum.ts
 *
 * Its reader takes more than its writer writes: keys in any order and case, keys twice (the last counts), unknown
 * keys, missing or null fields (zero). So does this one, and says so in `asWritten`. Integers outside their type,
 * other kinds of value and bad JSON are refused by both.
 */
export interface WalRecord extends LineRecord {
  /** As stored. */
  stored: number;
  /** As it should be. They differ: damage. */
  computed: number;
}

/** Parses `buffer[start, end)`. */
export function parseWalRecord(buffer: Buffer, start: number, end: number): WalRecord | NotARecord {
  const usual = parseUsual(buffer, start, end);
  if (usual !== undefined) return usual;
  const at = skipSpace(buffer, start, end);
  if (buffer[at] !== 0x7b || at === end) {
    const got = excerpt(decodeGoText(buffer.subarray(start, Math.min(end, start + 80))));
    return {
      code: 'E_LOG_GARBAGE',
      message: 'the line is not a JSON record',
      got,
      expected: '{"seq":…}',
      cutOff: false,
    };
  }
  return parseAny(decodeGoText(buffer.subarray(start, end)));
}

function skipSpace(buffer: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && (buffer[at] === 0x20 || buffer[at] === 0x09 || buffer[at] === 0x0d)) at++;
  return at;
}

const seqKey = Buffer.from('{"seq":');
const typeKey = Buffer.from(',"type":"');
const jobIdKey = Buffer.from('","job_id":"');
const timestampKey = Buffer.from('","timestamp":');
const checksumKey = Buffer.from(',"checksum":');
const typeBytes = eventTypes.map((type) => Buffer.from(type));

/** Where the last `digits` call stopped. */
let after = 0;

/**
 * The form that nearly every line has, byte by byte: known type, printable ASCII id, safe integers. `undefined`: look
 * closer.
 */
function parseUsual(buffer: Buffer, start: number, end: number): WalRecord | undefined {
  if (end - start < 60 || !matches(buffer, start, seqKey)) return undefined;
  const seq = digits(buffer, start + seqKey.length, end, 15);
  if (seq < 0 || !matches(buffer, after, typeKey)) return undefined;
  let at = after + typeKey.length;
  const index = typeBytes.findIndex((known) => matches(buffer, at, known) && buffer[at + known.length] === 0x22);
  const type = eventTypes[index];
  if (type === undefined) return undefined;
  let crc = typeStarts[index] as number;
  at += type.length;
  if (!matches(buffer, at, jobIdKey)) return undefined;
  const idStart = at + jobIdKey.length;
  for (at = idStart; at < end; at++) {
    const byte = buffer[at] as number;
    if (byte === 0x22) break;
    if (byte < 0x20 || byte > 0x7e || byte === 0x5c) return undefined;
    crc = crcByte(crc, byte);
  }
  if (!matches(buffer, at, timestampKey)) return undefined;
  const timestamp = digits(buffer, at + timestampKey.length, end, 15);
  if (timestamp < 0 || !matches(buffer, after, checksumKey)) return undefined;
  const checksum = digits(buffer, after + checksumKey.length, end, 10);
  if (checksum < 0 || checksum > 0xffffffff || buffer[after] !== 0x7d || after + 1 !== end) return undefined;
  return walRecord(
    seq,
    type,
    buffer.toString('latin1', idStart, at),
    timestamp,
    checksum,
    crcEnd(crcRune(crc, seq)),
    true,
  );
}

function walRecord(
  seq: SeqValue,
  type: string,
  jobId: string,
  timeMs: number | string,
  stored: number,
  computed: number,
  asWritten: boolean,
): WalRecord {
  const checksum = stored === computed ? 'ok' : 'bad';
  // Two records of one number that differ, differ in their checksum or their time.
  const mark = (stored ^ (typeof timeMs === 'number' ? timeMs : Number(timeMs))) >>> 0;
  const known = eventTypes.includes(type);
  return { seq, type, known, jobId, timeMs, details: undefined, checksum, asWritten, mark, stored, computed };
}

/** CRC state after each known type. */
const typeStarts = typeBytes.map((known) => known.reduce(crcByte, crcStart));

function matches(buffer: Buffer, at: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index++) if (buffer[at + index] !== expected[index]) return false;
  return true;
}

/** A non-negative integer in its usual form, -1 if there is none or it is longer than `max` digits; sets `after`. */
function digits(buffer: Buffer, at: number, end: number, max: number): number {
  let value = 0;
  let index = at;
  for (; index < end; index++) {
    const digit = (buffer[index] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  after = index;
  const length = index - at;
  if (length === 0 || length > max || (length > 1 && buffer[at] === 0x30)) return -1;
  return value;
}

const fieldNames = ['seq', 'type', 'job_id', 'timestamp', 'checksum'] as const;
type FieldName = (typeof fieldNames)[number];

function parseAny(text: string): WalRecord | NotARecord {
  let members: JsonMember[];
  // A damaged log may hold millions of such lines, and a stack trace for each costs far more than reading it.
  const stackTraceLimit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    members = jsonMembers(text);
  } catch (error) {
    if (error instanceof WalqError) return garbage(text, error);
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const raw = new Map<FieldName, string>();
  for (const { key, value } of members) {
    const name = fieldNames.find((each) => each === fold(key));
    if (name !== undefined && value !== 'null') raw.set(name, value);
  }
  return fromFields(raw, isWrittenForm(members));
}

/** Go matches keys without regard to case, by Unicode's simple folding: the long s and the Kelvin sign too. */
function fold(key: string): string {
  return key.length > 16 ? key : key.toUpperCase().toLowerCase();
}

function isWrittenForm(members: readonly JsonMember[]): boolean {
  return (
    members.length === fieldNames.length &&
    members.every(({ key, value }, at) => key === fieldNames[at] && value !== 'null')
  );
}

function fromFields(raw: ReadonlyMap<FieldName, string>, asWritten: boolean): WalRecord | NotARecord {
  const seq = parseSeq(raw.get('seq') ?? '0');
  if (seq === undefined) return wrongField('seq', raw, 'an integer from 0 to 2^64-1');
  const type = textOf(raw.get('type') ?? '""');
  if (type === undefined) return wrongField('type', raw, 'a string');
  const jobId = textOf(raw.get('job_id') ?? '""');
  if (jobId === undefined) return wrongField('job_id', raw, 'a string');
  const timestamp = raw.get('timestamp') ?? '0';
  if (!isInt64(timestamp)) return wrongField('timestamp', raw, 'an integer from -2^63 to 2^63-1');
  const checksum = parseSeq(raw.get('checksum') ?? '0');
  if (typeof checksum !== 'number' || checksum > 0xffffffff)
    return wrongField('checksum', raw, 'an integer from 0 to 2^32-1');
  const computed = checksumOf(type, jobId, seq);
  const missing = fieldNames.filter((name) => !raw.has(name));
  // Its reader takes zero for what is missing; if the checksum agrees, so be it.
  if (missing.length > 0 && computed !== checksum) return field(`the record has no ${missing.join(', ')}`);
  return walRecord(seq, type, jobId, timestamp, checksum, computed, asWritten);
}

/** Lone surrogates become U+FFFD, as Go has it. */
function textOf(raw: string): string | undefined {
  return raw.startsWith('"') ? jsonString(raw).replace(/[\ud800-\udfff]/gu, '\ufffd') : undefined;
}

function isInt64(text: string): boolean {
  return /^-?(0|[1-9][0-9]{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

function wrongField(name: FieldName, raw: ReadonlyMap<FieldName, string>, expected: string): NotARecord {
  return field(`field ${name} does not hold what it should`, excerpt(raw.get(name) ?? ''), expected);
}

function field(message: string, got?: string, expected?: string): NotARecord {
  const details = { ...(got === undefined ? {} : { got }), ...(expected === undefined ? {} : { expected }) };
  return { code: 'E_LOG_FIELD', message, ...details, cutOff: false };
}

function garbage(text: string, error: WalqError): NotARecord {
  if (error.code === 'E_JSON_DEPTH') {
    return { code: 'E_LOG_GARBAGE', message: 'the line is JSON nested beyond any record', cutOff: false };
  }
  const { position, expected, found } = error.data;
  const cutOff = found === undefined && text.trimStart().startsWith('{');
  const at = `character ${typeof position === 'number' ? position + 1 : '?'}`;
  const got = cutOff || found === undefined ? 'the end of the line' : `'${found}' at ${at}`;
  return { code: 'E_LOG_GARBAGE', message: 'the line is not a JSON record', got, expected: String(expected), cutOff };
}
