import type { ByteSource } from '../../base/source.ts';
import {
  checkFrameBody,
  decodeFrameHeader,
  type FrameHeader,
  FrameType,
  frameBytes,
  frameHeaderBytes,
  frameMagicBytes,
  payloadBytesMax,
  segmentHeaderBytes,
  seqsOf,
} from './format.ts';
import { recordsFit } from './records.ts';
import { Window } from './window.ts';

/** A stretch of whole frames that stands at `from` in the file and was written at `to`. */
export interface Displaced {
  from: number;
  to: number;
  bytes: number;
}

/** A row of sound frames, each behind the one before it and all displaced by the same bytes. */
interface Row extends Displaced {
  seqFirst: number;
  seqNext: number;
  /** Of the first frame. */
  link: number;
  /** Of what comes behind the last. */
  linkNext: number;
  /** It says to lie before the end of what was found already: a copy, or frames out of their order. */
  back: boolean;
}

/** A segment with more of them has another disease. */
const rowsMax = 1000;

/**
 * Frames that stand elsewhere than they were written, because somebody put bytes into the file or took some out. Each
 * frame states its own place, under the checksum that the salt of its segment seeds; so where it belongs is known and
 * not guessed. One counts only where no other frame stands, and where link and seqs of those around it agree. The last
 * stretch reaches as far as the file.
 */
export async function findDisplaced(source: ByteSource & { size: number }, salt: number): Promise<Displaced[]> {
  const rows = await rowsOf(source, salt);
  const placed = rows.filter(({ from, to }) => from === to);
  const displaced: Row[] = [];
  for (const back of [false, true]) {
    for (const row of rows) {
      if (row.from === row.to || row.back !== back || !fits(row, placed)) continue;
      placed.push(row);
      displaced.push(row);
    }
  }
  const last = rows.at(-1);
  if (last !== undefined && displaced.includes(last)) last.bytes = source.size - last.from;
  return displaced.map(({ from, to, bytes }) => ({ from, to, bytes }));
}

/** In the order of the file. */
async function rowsOf(source: ByteSource, salt: number): Promise<Row[]> {
  const window = new Window(source);
  const rows: Row[] = [];
  let end = 0;
  try {
    for (let at = 0; (await window.need(at, frameHeaderBytes)) >= frameHeaderBytes; ) {
      const index = nextMagic(window, at);
      if (index < 0) {
        at = window.end - (frameHeaderBytes - 1);
        continue;
      }
      const from = window.base + index;
      const header = await soundFrame(window, from, salt);
      if (header === undefined) {
        at = from + 1;
        continue;
      }
      const bytes = frameBytes(header.payloadBytes);
      if (!addTo(rows, from, bytes, header, end)) break;
      end = Math.max(end, header.offset + bytes);
      at = from + bytes;
    }
  } finally {
    await window.settle();
  }
  return rows;
}

function nextMagic({ bytes, base }: Window, at: number): number {
  const index = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(frameMagicBytes, at - base);
  return index + frameHeaderBytes > bytes.length ? -1 : index;
}

/** Whatever place it states. */
async function soundFrame(window: Window, from: number, salt: number): Promise<FrameHeader | undefined> {
  const at = from - window.base;
  const stated = new DataView(window.bytes.buffer, window.bytes.byteOffset + at).getUint32(20, true);
  const header = decodeFrameHeader(window.bytes, at, stated, salt);
  if (header === undefined || header.payloadBytes > payloadBytesMax || stated < segmentHeaderBytes) return undefined;
  const total = frameBytes(header.payloadBytes);
  if ((await window.need(from, total)) < total) return undefined;
  const body = window.bytes.subarray(from - window.base + frameHeaderBytes, from - window.base + total);
  const isWhole = checkFrameBody(body, header, salt).ok;
  const holds = header.type !== FrameType.data || recordsFit(body.subarray(0, header.payloadBytes), header.count);
  return isWhole && holds ? header : undefined;
}

/** False once there are too many rows. */
function addTo(rows: Row[], from: number, bytes: number, header: FrameHeader, end: number): boolean {
  const { offset: to, link, headerCrc: linkNext, seqFirst } = header;
  const seqNext = seqFirst + seqsOf(header);
  const back = to < end;
  const row = rows.at(-1);
  const follows = row && row.from + row.bytes === from && row.to + row.bytes === to;
  if (follows && row.linkNext === link && row.seqNext === seqFirst && row.back === back) {
    Object.assign(row, { bytes: row.bytes + bytes, seqNext, linkNext });
    return true;
  }
  rows.push({ from, to, bytes, seqFirst, seqNext, link, linkNext, back });
  return rows.length < rowsMax;
}

function fits(row: Row, placed: readonly Row[]): boolean {
  const end = row.to + row.bytes;
  return placed.every((other) => {
    const otherEnd = other.to + other.bytes;
    if (otherEnd <= row.to) return other.seqNext <= row.seqFirst && (otherEnd < row.to || other.linkNext === row.link);
    if (other.to >= end) return row.seqNext <= other.seqFirst && (other.to > end || row.linkNext === other.link);
    return false;
  });
}

/** Stands for what was taken out. No zeros: those would pass for room that nothing was written to yet. */
const filler = 0xbd;

/** The file with these stretches where they were written. Where one of them is the last, the end moves with it. */
export function putBack(
  source: ByteSource,
  size: number,
  displaced: readonly Displaced[],
): ByteSource & { size: number } {
  const stretches = [...displaced].sort((a, b) => a.to - b.to);
  const last = stretches.find(({ from, bytes }) => from + bytes === size);
  const sizeNow = last === undefined ? size : last.to + last.bytes;
  return {
    size: sizeNow,
    async read(buffer, position) {
      const here = stretches.find(({ to, bytes }) => to <= position && position < to + bytes);
      const next = stretches.find(({ to }) => to > position);
      const end = here === undefined ? (next?.to ?? sizeNow) : here.to + here.bytes;
      const part = buffer.subarray(0, Math.max(0, Math.min(buffer.length, end - position)));
      const got = await source.read(part, here === undefined ? position : here.from + position - here.to);
      if (got > 0 || part.length === 0) return got;
      return part.fill(filler).length;
    },
  };
}
