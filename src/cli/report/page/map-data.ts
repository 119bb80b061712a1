import { bytes, count, counted } from '../../text.ts';
import type { PageFault, PageSegment } from '../page-data.ts';
import { firstAbove, type Model } from './model.ts';

/** A stretch of a segment that can be pointed at. */
export interface Spot {
  kind: string;
  offset: number;
  end: number;
  text: string;
  /** Last seq of its events, where it has some. */
  seq?: number;
  /** Number among the faults, if it is one. */
  fault?: number;
}

/** One line of the map: a segment, or the place where some are missing. */
export interface MapLine {
  segment?: PageSegment;
  /** From the left to the right. */
  spots: Spot[];
  title: string;
}

const headerBytes = 96;
const missingCode = 'E_MISSING_SEGMENT';
const eventKinds = new Set(['data', 'lost']);

/** Segments from the first to the last, what lies in each, and where one is missing. */
export function mapLines({ facts, cells }: Model): MapLine[] {
  const lines: MapLine[] = [];
  for (const [index, segment] of facts.segments.entries()) {
    const before = facts.segments[index - 1];
    const isGap = before !== undefined && segment.ordinal > before.ordinal + 1;
    const missing = facts.faults.findIndex((fault) => fault.segment === index && fault.code === missingCode);
    if (isGap) lines.push(missingLine(before.ordinal + 1, segment.ordinal - 1, facts.faults, missing));
    const from = firstAbove(cells.segment, index - 1);
    const to = firstAbove(cells.segment, index);
    const spots: Spot[] = headerSpot(segment);
    for (let cell = from; cell < to; cell++) spots.push(frameSpot(cells, facts.cellTypes, cell));
    const ahead = aheadSpot(segment, spots, facts.faults, index);
    if (ahead !== undefined) spots.push(ahead);
    for (const [number, fault] of facts.faults.entries())
      if (fault.segment === index && number !== missing) spots.push(...faultSpot(fault, number, segment));
    spots.sort((a, b) => a.offset - b.offset);
    lines.push({ segment, spots, title: titleOf(segment) });
    const next = segment.ordinal + 1;
    if (!isGap && missing >= 0) lines.push(missingLine(next, next, facts.faults, missing));
  }
  return lines;
}

function titleOf({ ordinal, size, seqFirst, seqLast, sealed }: PageSegment): string {
  const seqs = seqFirst === undefined ? 'no events' : `seq ${count(seqFirst)}..${count(seqLast ?? seqFirst)}`;
  return `segment ${ordinal} · ${seqs} · ${bytes(size)}${sealed ? '' : ' · open'}`;
}

/** `fault`: the number of the one that says so, -1 without. */
function missingLine(first: number, last: number, faults: readonly PageFault[], fault: number): MapLine {
  const { seqFirst, seqLast = seqFirst } = faults[fault] ?? {};
  const which = first === last ? `segment ${first} is missing` : `segments ${first} to ${last} are missing`;
  const seqs = seqFirst === undefined ? '' : `: seq ${count(seqFirst)}..${count(seqLast ?? seqFirst)}`;
  const spot = { kind: 'damage', offset: 0, end: 0, text: `${which}${seqs}` };
  return { spots: [{ ...spot, ...(fault >= 0 && { fault }) }], title: spot.text };
}

function headerSpot({ size }: PageSegment): Spot[] {
  return [{ kind: 'header', offset: 0, end: Math.min(size, headerBytes), text: `segment header · ${headerBytes} B` }];
}

function frameSpot(cells: Model['cells'], types: readonly string[], cell: number): Spot {
  const [offset = 0, size = 0, type = 0] = [cells.offset[cell], cells.bytes[cell], cells.type[cell]];
  const [seqFirst = 0, seqs = 0, frames = 1] = [cells.seqFirst[cell], cells.seqs[cell], cells.frames[cell]];
  const kind = types[type] ?? 'other';
  const what = frames > 1 ? `${counted(frames, `${kind} frame`)}` : `${kind.toUpperCase()} frame`;
  const range = seqs > 1 ? `seq ${count(seqFirst)}..${count(seqFirst + seqs - 1)}` : `seq ${count(seqFirst)}`;
  const behind = cells.afterHole[cell] === 1 ? ' · behind a fault' : '';
  const text = `${what} at offset ${count(offset)} · ${bytes(size)}${seqs > 0 ? ` · ${range}, ${counted(seqs, 'event')}` : ''}${behind}`;
  const holds = seqs > 0 && eventKinds.has(kind);
  return { kind, offset, end: offset + size, text, ...(holds && { seq: seqFirst + seqs - 1 }) };
}

/** Room that a writer made ahead of itself: zeros, and no fault. */
function aheadSpot(
  segment: PageSegment,
  spots: readonly Spot[],
  faults: readonly PageFault[],
  index: number,
): Spot | undefined {
  const last = Math.max(segment.end, spots.at(-1)?.end ?? 0);
  const isFault = faults.some((fault) => fault.segment === index && isDamage(fault) && (fault.offset ?? 0) >= last);
  if (segment.size <= last || isFault) return undefined;
  const text = `zeros ahead of the writer from offset ${count(last)} · ${bytes(segment.size - last)}`;
  return { kind: 'ahead', offset: last, end: segment.size, text };
}

export function isDamage({ severity }: PageFault): boolean {
  return severity !== 'note';
}

function faultSpot(fault: PageFault, number: number, segment: PageSegment): Spot[] {
  const { offset = 0, text } = fault;
  if (!isDamage(fault)) return [];
  const end = Math.min(Math.max(fault.end ?? offset, offset), segment.size);
  return [{ kind: 'damage', offset, end, text: `${fault.severity}: ${text} [${fault.code}]`, fault: number }];
}
