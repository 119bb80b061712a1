import { isRecord, type LineCodec, type LineRecord, type NotARecord } from './line-codec.ts';

/** A stretch of a line, in the buffer. */
export interface Piece {
  start: number;
  end: number;
  parsed: LineRecord | NotARecord;
}

/**
 * Takes a line apart that is not one record: at every place where one may begin, and behind one that is whole. Linear
 * in the line.
 */
export function piecesOf(codec: LineCodec, buffer: Buffer, start: number, end: number, whole: NotARecord): Piece[] {
  const pieces: Piece[] = [];
  for (let from = start; from < end; ) {
    const next = codec.findStart(buffer, from + 1, end);
    const to = next < 0 ? end : next;
    const isWhole = from === start && to === end;
    const parsed = isWhole ? whole : codec.parse(buffer, from, to);
    const recordEnd = isRecord(parsed) ? to : codec.findEnd(buffer, from, to);
    const trimmed = recordEnd > from && recordEnd < to ? codec.parse(buffer, from, recordEnd) : undefined;
    if (trimmed !== undefined && isRecord(trimmed)) {
      pieces.push({ start: from, end: recordEnd, parsed: trimmed });
      pieces.push({ start: recordEnd, end: to, parsed: codec.parse(buffer, recordEnd, to) });
    } else {
      pieces.push({ start: from, end: to, parsed });
    }
    from = to;
  }
  return pieces;
}
