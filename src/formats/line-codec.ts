import type { Code } from '../base/code.ts';
import type { SeqValue } from './seq.ts';

/** What a line log's codec must know: one record in some bytes, and where inside a broken line another may begin. */
export interface LineCodec {
  name: string;
  /** Whether every file and session counts from 1, so that a higher start means a loss. */
  startsAtOne: boolean;
  /** Whether a last record without its line end may be shorter than it was. */
  endIsOpen: boolean;
  parse(buffer: Buffer, start: number, end: number): LineRecord | NotARecord;
  /** The next place at or after `from` where a record may begin; -1 when there is none. */
  findStart(buffer: Buffer, from: number, end: number): number;
  /** The end of a record that has other bytes behind it; -1 when it cannot be told. */
  findEnd(buffer: Buffer, start: number, end: number): number;
  /** For a record whose checksum is 'bad'. */
  whyBad(buffer: Buffer, start: number, end: number): BadChecksum;
  /** The number that a broken record claims, where one can be read. */
  claim(buffer: Buffer, start: number, end: number): SeqValue | undefined;
}

/** All fields are always there, so that every record has one shape: reading is twice as fast for it. */
export interface LineRecord {
  seq: SeqValue;
  type: string;
  known: boolean;
  jobId: string;
  timeMs: number | string | undefined;
  details: string | undefined;
  checksum: 'ok' | 'bad' | 'none';
  /** Exactly as the system writes it. */
  asWritten: boolean;
  /** 32 bits of its content. */
  mark: number;
}

/** A checksum that does not match: why, as far as it can be told, and the two numbers. */
interface BadChecksum {
  message: string;
  got: string;
  expected: string;
}

/** Why bytes are not a record. */
export interface NotARecord {
  code: Code;
  message: string;
  got?: string;
  expected?: string;
  /** Sound as far as it goes: it was cut off. */
  cutOff: boolean;
}

export function isRecord(parsed: LineRecord | NotARecord): parsed is LineRecord {
  return 'seq' in parsed;
}
