import { allZero, crcOf, readU64, viewOf, writeU64 } from '../../base/bytes.ts';
import { decodePreamble, encodePreamble, preambleBytes } from '../preamble.ts';

/** Bytes <-> values of segment and frame headers. No I/O, no policy. The page beside this file is FORMAT.md. */

export const walVersion = 1;
export const segmentMagic = 'WALQseg\n';
export const segmentHeaderBytes = 96;
export const frameHeaderBytes = 40;
export const frameAlignment = 8;
/** What a disk writes whole or not at all. */
export const sectorBytes = 512;
export const payloadBytesMax = 64 * 1024 * 1024;
export const sealBytes = 48;
/** Offsets are 32-bit; the last frame may start just below this size and still fit. */
export const segmentBytesMax = 2 * 1024 * 1024 * 1024;
const padByte = 0xa5;
const frameMagic = [0xf7, 0x57, 0x51] as const;
/** What a resync looks for. */
export const frameMagicBytes: Uint8Array = Uint8Array.from(frameMagic);

export const FrameType = { data: 1, open: 2, close: 3, seal: 4, snapshot: 5, lost: 6 } as const;
export type FrameName = keyof typeof FrameType | 'other';
const frameNames: readonly (FrameName | undefined)[] = [undefined, 'data', 'open', 'close', 'seal', 'snapshot', 'lost'];
const skippableFrom = 128;

/** 'other' is a skippable type from a newer walq; `undefined` one that must not be skipped. */
export function frameName(type: number): FrameName | undefined {
  return frameNames[type] ?? (type >= skippableFrom ? 'other' : undefined);
}

export interface SegmentHeader {
  /** 32 hex digits. */
  storeId: string;
  ordinal: number;
  seqFirst: number;
  salt: number;
  prevSalt: number;
  prevEnd: number;
  prevLink: number;
  createdMs: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const view = viewOf(bytes);
  bytes.set(encodePreamble(segmentMagic, walVersion, walVersion), 0);
  bytes.set(Buffer.from(header.storeId, 'hex'), 16);
  writeU64(view, 32, header.ordinal);
  writeU64(view, 40, header.seqFirst);
  view.setUint32(48, header.salt, true);
  view.setUint32(52, header.prevSalt, true);
  writeU64(view, 56, header.prevEnd);
  view.setUint32(64, header.prevLink, true);
  writeU64(view, 68, header.createdMs);
  view.setUint32(92, crcOf(bytes.subarray(0, 92)), true);
  return bytes;
}

export type SegmentHeaderResult =
  | { ok: true; header: SegmentHeader; link: number }
  | { ok: false; why: 'cut' | 'magic' | 'bad-crc'; got?: number; expected?: number }
  | { ok: false; why: 'newer'; version: number };

/** Magic, then version, then checksum, then content: each its own answer. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeaderResult {
  const preamble = decodePreamble(bytes.subarray(0, preambleBytes));
  if (preamble === 'cut') return { ok: false, why: 'cut' };
  if (preamble === 'bad-crc') return { ok: false, why: 'bad-crc' };
  if (preamble.magic !== segmentMagic) return { ok: false, why: 'magic' };
  if (preamble.oldestReader > walVersion) return { ok: false, why: 'newer', version: preamble.version };
  if (bytes.length < segmentHeaderBytes) return { ok: false, why: 'cut' };
  const view = viewOf(bytes);
  const expected = view.getUint32(92, true);
  const got = crcOf(bytes.subarray(0, 92));
  if (got !== expected) return { ok: false, why: 'bad-crc', got, expected };
  const ordinal = readU64(view, 32);
  const seqFirst = readU64(view, 40);
  const prevEnd = readU64(view, 56);
  const createdMs = readU64(view, 68);
  if (ordinal === undefined || seqFirst === undefined || prevEnd === undefined || createdMs === undefined) {
    return { ok: false, why: 'bad-crc' };
  }
  const header: SegmentHeader = {
    storeId: Buffer.from(bytes.subarray(16, 32)).toString('hex'),
    ordinal,
    seqFirst,
    salt: view.getUint32(48, true),
    prevSalt: view.getUint32(52, true),
    prevEnd,
    prevLink: view.getUint32(64, true),
    createdMs,
  };
  return { ok: true, header, link: got };
}

export interface FrameHeader {
  type: number;
  payloadBytes: number;
  count: number;
  seqFirst: number;
  offset: number;
  certified: number;
  link: number;
  payloadCrc: number;
  /** The link of the next frame. */
  headerCrc: number;
}

/** How many seqs a frame takes. */
export function seqsOf(header: Pick<FrameHeader, 'type' | 'count'>): number {
  return header.type === FrameType.data || header.type === FrameType.lost ? header.count : 0;
}

/** Seqs of its records, inclusive; undefined where it has none. */
export function rangeOf(header: FrameHeader): { seqFirst: number; seqLast: number } | undefined {
  return header.type === FrameType.data && header.count > 0
    ? { seqFirst: header.seqFirst, seqLast: header.seqFirst + header.count - 1 }
    : undefined;
}

function paddingFor(payloadBytes: number): number {
  return frameAlignment - (payloadBytes % frameAlignment);
}

/** Bytes of a whole frame. */
export function frameBytes(payloadBytes: number): number {
  return frameHeaderBytes + payloadBytes + paddingFor(payloadBytes);
}

/**
 * Finishes a frame in place: `frame` is exactly `frameBytes(payloadBytes)` long and holds the payload after the
 * header. Returns the header CRC, which is the link of the next frame.
 */
export function sealFrame(
  frame: Uint8Array,
  salt: number,
  header: Omit<FrameHeader, 'payloadCrc' | 'headerCrc'>,
): number {
  const view = viewOf(frame);
  frame.fill(padByte, frameHeaderBytes + header.payloadBytes);
  frame.set(frameMagic, 0);
  frame[3] = header.type;
  view.setUint32(4, header.payloadBytes, true);
  view.setUint32(8, header.count, true);
  writeU64(view, 12, header.seqFirst);
  view.setUint32(20, header.offset, true);
  view.setUint32(24, header.certified, true);
  view.setUint32(28, header.link, true);
  view.setUint32(32, crcOf(frame.subarray(frameHeaderBytes), salt), true);
  const headerCrc = crcOf(frame.subarray(0, 36), salt);
  view.setUint32(36, headerCrc, true);
  return headerCrc;
}

/**
 * The header at `at`, if one is there: magic, own offset and header CRC hold under this salt. `offset` is where `at`
 * lies in the segment file. A header that passes may still have a bad payload, a wrong link or a length beyond the
 * end.
 */
export function decodeFrameHeader(
  bytes: Uint8Array,
  at: number,
  offset: number,
  salt: number,
): FrameHeader | undefined {
  if (at + frameHeaderBytes > bytes.length || bytes[at] !== frameMagic[0]) return undefined;
  if (bytes[at + 1] !== frameMagic[1] || bytes[at + 2] !== frameMagic[2]) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(at + 20, true) !== offset) return undefined;
  const headerCrc = view.getUint32(at + 36, true);
  if (crcOf(bytes.subarray(at, at + 36), salt) !== headerCrc) return undefined;
  const seqFirst = readU64(view, at + 12);
  if (seqFirst === undefined) return undefined;
  return {
    type: bytes[at + 3] as number,
    payloadBytes: view.getUint32(at + 4, true),
    count: view.getUint32(at + 8, true),
    seqFirst,
    offset,
    certified: view.getUint32(at + 24, true),
    link: view.getUint32(at + 28, true),
    payloadCrc: view.getUint32(at + 32, true),
    headerCrc,
  };
}

/**
 * The CRC over payload and padding, and whether the padding is what it must be. `body` is everything after the
 * header.
 */
export function checkFrameBody(body: Uint8Array, header: FrameHeader, salt: number): { ok: boolean; got: number } {
  const got = crcOf(body, salt);
  if (got !== header.payloadCrc) return { ok: false, got };
  for (let at = header.payloadBytes; at < body.length; at++) if (body[at] !== padByte) return { ok: false, got };
  return { ok: true, got };
}

/**
 * True when some part of [from, to) that lies in one 512-byte sector is all zero: a sector that never reached the disk.
 * `base` is the file offset of bytes[0]; only parts that touch [from, touchEnd) count.
 */
export function hasZeroSector(bytes: Uint8Array, base: number, from: number, to: number, touchEnd: number): boolean {
  for (let at = from; at < Math.min(to, touchEnd); ) {
    const sectorEnd = Math.min(to, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    if (allZero(bytes, at - base, sectorEnd - base)) return true;
    at = sectorEnd;
  }
  return false;
}
