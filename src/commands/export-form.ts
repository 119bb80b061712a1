import { newerError } from '../base/errors.ts';
import { VarintReader } from '../base/varint.ts';
import { lostType } from './event-row.ts';
import { LineFault, LineMembers, membersText, refuseOtherSpelling } from './line-members.ts';

/**
 * The lines of an export that are no events (docs/export.md): the first one, which says what it is, lost seqs, and the
 * last one, which proves that nothing is missing or changed.
 */

const exportFormat = 'walq-export';
const exportVersion = 1;

/** Longer than the line of any event or job that this version knows; so that a line can be looked at as a whole. */
export const lineBytesMax = 32 * 1024 * 1024;

export interface ExportHeader {
  /** Id of the store, 32 hex digits. */
  store: string;
  /** The first seq that follows. */
  seqFirst: number;
  base?: ExportBase;
}

/** The state that the events stand on: at `seq`, in so many entries. */
export interface ExportBase {
  seq: number;
  entries: number;
  /** Hex SHA-256 of the state, as snapshots carry it. */
  stateHash: string;
}

export interface ExportTrailer {
  /** Lines before this one. */
  lines: number;
  events: number;
  /** Seqs that are lost. */
  lost: number;
  /** The last seq, lost ones included; one less than the first where nothing follows. */
  seqLast: number;
  /** Of the state at the end; absent when there is an event that this version cannot apply. */
  stateHash?: string;
  /** Hex SHA-256 of all lines before this one, line ends included. */
  sha256: string;
}

/** Seqs that a salvage could not read, as one frame has them. */
export interface LostLine {
  seqFirst: number;
  seqLast: number;
  /** When the salvage was. */
  timeMs?: number;
}

const start = `{"format":"${exportFormat}",`;

/** By content. */
export function isExport(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, start.length)).toString('latin1') === start;
}

export function headerLine({ store, seqFirst, base }: ExportHeader): string {
  const members = membersText([
    ['format', exportFormat],
    ['version', exportVersion],
    ['store', store],
    ['first', seqFirst],
    ['baseSeq', base?.seq],
    ['baseEntries', base?.entries],
    ['baseHash', base?.stateHash],
  ]);
  return `{${members}}`;
}

/** Throws LineFault; E_NEWER_FORMAT (5) for a version that is not known. */
export function parseHeaderLine(text: string, file: string): ExportHeader {
  const m = new LineMembers(text);
  const version = m.needed(m.int('version'), 'version');
  if (version > exportVersion) {
    throw newerError('E_NEWER_FORMAT', `${file} is an export of a newer walq`, {
      data: { file, got: version, expected: exportVersion },
    });
  }
  const store = m.needed(m.text('store'), 'store');
  const seqFirst = m.needed(m.int('first'), 'first');
  const seq = m.int('baseSeq');
  const base =
    seq === undefined
      ? {}
      : { base: { seq, entries: m.needed(m.int('baseEntries'), 'baseEntries'), stateHash: hexIn(m, 'baseHash') } };
  const header = { store, seqFirst, ...base };
  refuseOtherSpelling(text, headerLine(header));
  if (!/^[0-9a-f]{32}$/.test(store)) throw m.fault('store', 'is no id of a store');
  if (seqFirst < 1) throw m.fault('first', 'is no seq');
  // A log that begins later stands on a state, and no state is older than what came before the log.
  if (seq === undefined ? seqFirst > 1 : seq < 1 || seq < seqFirst - 1) throw m.fault('first', 'does not fit the base');
  return header;
}

export function trailerLine({ lines, events, lost, seqLast, stateHash, sha256 }: ExportTrailer): string {
  const counts = membersText([
    ['lines', lines],
    ['events', events],
    ['lost', lost],
    ['last', seqLast],
  ]);
  const hash = stateHash === undefined ? 'null' : `"${stateHash}"`;
  return `{"end":true,${counts},"stateHash":${hash},"sha256":"${sha256}"}`;
}

export function isTrailerLine(text: string): boolean {
  return text.startsWith('{"end":');
}

/** Throws LineFault. */
export function parseTrailerLine(text: string): ExportTrailer {
  const m = new LineMembers(text);
  const hash = text.includes('"stateHash":null') ? {} : { stateHash: hexIn(m, 'stateHash') };
  const trailer = {
    lines: m.needed(m.int('lines'), 'lines'),
    events: m.needed(m.int('events'), 'events'),
    lost: m.needed(m.int('lost'), 'lost'),
    seqLast: m.needed(m.int('last'), 'last'),
    ...hash,
    sha256: hexIn(m, 'sha256'),
  };
  refuseOtherSpelling(text, trailerLine(trailer));
  return trailer;
}

export function lostLine({ seqFirst, seqLast, timeMs }: LostLine): string {
  return `{${membersText([
    ['seq', seqFirst],
    ['type', lostType],
    ['timeMs', timeMs],
    ['to', seqLast],
  ])}}`;
}

export function isLostLine(text: string): boolean {
  return /^\{"seq":\d+,"type":"LOST"/.test(text);
}

/** A frame counts its seqs in 32 bits. */
const lostMax = 2 ** 32 - 1;

/** Throws LineFault. */
export function parseLostLine(text: string): LostLine {
  const m = new LineMembers(text);
  const seqFirst = m.needed(m.int('seq'), 'seq');
  const seqLast = m.needed(m.int('to'), 'to');
  const timeMs = m.int('timeMs');
  const lost = { seqFirst, seqLast, ...(timeMs === undefined ? {} : { timeMs }) };
  refuseOtherSpelling(text, lostLine(lost));
  if (seqLast < seqFirst || seqLast - seqFirst >= lostMax) throw m.fault('to', 'is no end of lost seqs');
  if (timeMs !== undefined && timeMs < 0) throw m.fault('timeMs', 'is no time');
  return lost;
}

/** What the payload of a LOST frame says, if it says it as ours do. */
export function lostTime(payload: Uint8Array): number | undefined {
  const reader = new VarintReader(payload);
  try {
    const timeMs = reader.next();
    return reader.offset === payload.length ? timeMs : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function hexIn(m: LineMembers, name: string): string {
  const text = m.needed(m.text(name), name);
  if (!/^[0-9a-f]{64}$/.test(text)) throw m.fault(name, 'is no SHA-256');
  return text;
}

/** The fault of a line that is whole, but not what must stand there. */
export function misplaced(what: string): LineFault {
  return new LineFault(what, 0);
}
