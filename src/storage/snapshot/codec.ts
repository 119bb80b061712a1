import { crcOf, hex32, readU64, viewOf, writeU64 } from '../../base/bytes.ts';
import { assert } from '../../base/errors.ts';
import { encodePreamble, preambleBytes } from '../preamble.ts';
import type { ChainPoint, SnapshotSummary } from '../types.ts';
import type { BlockHeader, Fault, SnapshotCodec } from './block-types.ts';

/**
 * Bytes <-> values of the three fixed parts of a snapshot: header, block header, footer. No I/O, no policy. FORMAT.md
 * is the spec. Decoders return a `Fault` instead of throwing: what the bytes are is the file's business, not a bug.
 */
export const snapshotMagic = 'WALQsnp\n';
/** The newest that is read. What is written says the oldest that has its codec. */
export const snapshotVersion = 2;

export const headerBytes = 76;
export const blockHeaderBytes = 32;
export const footerBytes = 100;

/** One entry. Larger ones are refused when writing. */
export const entryBytesMax = 32 * 1024 * 1024;
/** A block of more than one entry. A block of one entry may hold `entryBytesMax`. */
export const blockRawMax = 1024 * 1024;
/** Before each entry inside a block: its length. */
export const entryPrefixBytes = 4;

const blockMagic = Buffer.from('WQbk', 'latin1').readUInt32LE();
const footerMagic = Buffer.from('WQft', 'latin1').readUInt32LE();

export type SnapshotKind = SnapshotSummary['kind'];
const kinds: readonly (SnapshotKind | undefined)[] = [undefined, 'checkpoint', 'base', 'detached'];
const codecs: readonly SnapshotCodec[] = ['none', 'brotli', 'hex'];
const sinceVersion: Readonly<Record<SnapshotCodec, number>> = { none: 1, brotli: 1, hex: 2 };

export interface SnapshotHeader {
  /** 32 hex digits. */
  storeId: string;
  kind: SnapshotKind;
  point: ChainPoint;
  /** Milliseconds since the epoch. */
  createdMs: number;
  /** What the writer was asked to use; each block says for itself what it uses, which is never a later one. */
  codec: SnapshotCodec;
}

export interface SnapshotFooter {
  blocks: number;
  entries: number;
  rawBytes: number;
  /** Bytes before the footer, so its own offset. */
  offset: number;
  /** 64 hex digits. */
  stateHash: string;
  /** 64 hex digits: SHA-256 of every byte before the footer. */
  sha256: string;
}

export function encodeHeader(header: SnapshotHeader): Buffer {
  const { storeId, kind, point, createdMs, codec } = header;
  assert(/^[0-9a-f]{32}$/.test(storeId), 'a store id is 32 hex digits');
  const bytes = Buffer.alloc(headerBytes);
  const view = viewOf(bytes);
  bytes.set(encodePreamble(snapshotMagic, sinceVersion[codec], sinceVersion[codec]));
  bytes.write(storeId, 16, 'hex');
  writeU64(view, 32, point.seq);
  writeU64(view, 40, point.offset);
  writeU64(view, 48, createdMs);
  bytes.writeUInt32LE(point.ordinal, 56);
  bytes.writeUInt32LE(point.link, 60);
  bytes.writeUInt32LE(point.salt, 64);
  bytes.writeUInt8(kinds.indexOf(kind), 68);
  bytes.writeUInt8(codecs.indexOf(codec), 69);
  bytes.writeUInt32LE(crcOf(bytes.subarray(0, 72)), 72);
  return bytes;
}

/** `bytes` are `headerBytes` long and their preamble was found good and readable. */
export function decodeHeader(bytes: Buffer): SnapshotHeader | Fault {
  const fault = crcFault('header', bytes, 72, 0);
  if (fault !== undefined) return fault;
  const kind = kinds[bytes.readUInt8(68)];
  if (kind === undefined) return { message: 'unknown kind of snapshot', got: String(bytes[68]), expected: '1, 2 or 3' };
  const codec = codecs[bytes.readUInt8(69)];
  if (codec === undefined) return { message: 'unknown codec', got: String(bytes[69]), expected: '0, 1 or 2' };
  if (bytes.readUInt16LE(70) !== 0) return reservedFault(bytes.subarray(70, 72));
  const view = viewOf(bytes);
  const [seq, offset, createdMs] = [readU64(view, 32), readU64(view, 40), readU64(view, 48)];
  if (seq === undefined || offset === undefined || createdMs === undefined) {
    return { message: 'a number above 2^53-1', got: bytes.toString('hex', 32, 56), expected: 'at most 2^53-1' };
  }
  const point: ChainPoint = {
    seq,
    ordinal: bytes.readUInt32LE(56),
    offset,
    link: bytes.readUInt32LE(60),
    salt: bytes.readUInt32LE(64),
  };
  return { storeId: bytes.toString('hex', 16, preambleBytes + 16), kind, point, createdMs, codec };
}

/** The seed of every later CRC of the file: a block or footer of another snapshot does not pass for one of this. */
export function headerSeed(bytes: Buffer): number {
  return bytes.readUInt32LE(72);
}

export function encodeBlockHeader(block: BlockHeader, seed: number): Buffer {
  const bytes = Buffer.alloc(blockHeaderBytes);
  bytes.writeUInt32LE(blockMagic, 0);
  bytes.writeUInt32LE(block.index, 4);
  bytes.writeUInt8(codecs.indexOf(block.codec), 8);
  bytes.writeUInt32LE(block.rawLength, 12);
  bytes.writeUInt32LE(block.storedLength, 16);
  bytes.writeUInt32LE(block.entries, 20);
  bytes.writeUInt32LE(block.storedCrc, 24);
  bytes.writeUInt32LE(crcOf(bytes.subarray(0, 28), seed), 28);
  return bytes;
}

/** Believed only whole: after this returns a header, its lengths are within bounds and agree with each other. */
export function decodeBlockHeader(bytes: Buffer, seed: number, index: number): BlockHeader | Fault {
  if (bytes.readUInt32LE(0) !== blockMagic) {
    return {
      message: 'neither a block nor a footer',
      got: bytes.toString('hex', 0, 4),
      expected: '5751626b or 57516674',
    };
  }
  const fault = crcFault('block header', bytes, 28, seed);
  if (fault !== undefined) return fault;
  const found = bytes.readUInt32LE(4);
  if (found !== index) return { message: 'block out of order', got: `block ${found}`, expected: `block ${index}` };
  const codec = codecs[bytes.readUInt8(8)];
  if (codec === undefined) return { message: 'unknown codec', got: String(bytes[8]), expected: '0, 1 or 2' };
  if (bytes.readUIntLE(9, 3) !== 0) return reservedFault(bytes.subarray(9, 12));
  const rawLength = bytes.readUInt32LE(12);
  const storedLength = bytes.readUInt32LE(16);
  const entries = bytes.readUInt32LE(20);
  const rawMax = entries === 1 ? entryBytesMax + entryPrefixBytes : blockRawMax;
  const rawMin = entries * (entryPrefixBytes + 1);
  if (entries < 1 || rawLength > rawMax || rawLength < rawMin) {
    return {
      message: 'impossible raw length',
      got: `${rawLength} bytes for ${entries} entries`,
      expected: `at least 1 entry, ${rawMin}..${rawMax} bytes`,
    };
  }
  const storedFits = codec === 'none' ? storedLength === rawLength : storedLength >= 1 && storedLength < rawLength;
  if (!storedFits) {
    const expected = codec === 'none' ? `${rawLength}` : `1..${rawLength - 1}`;
    return { message: 'impossible stored length', got: `${storedLength}`, expected };
  }
  return { index, codec, rawLength, storedLength, entries, storedCrc: bytes.readUInt32LE(24) };
}

export function isFooterStart(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32LE(0) === footerMagic;
}

export function encodeFooter(footer: SnapshotFooter, seed: number): Buffer {
  const bytes = Buffer.alloc(footerBytes);
  const view = viewOf(bytes);
  bytes.writeUInt32LE(footerMagic, 0);
  bytes.writeUInt32LE(footer.blocks, 4);
  writeU64(view, 8, footer.entries);
  writeU64(view, 16, footer.rawBytes);
  writeU64(view, 24, footer.offset);
  bytes.write(footer.stateHash, 32, 'hex');
  bytes.write(footer.sha256, 64, 'hex');
  bytes.writeUInt32LE(crcOf(bytes.subarray(0, 96), seed), 96);
  return bytes;
}

/** `bytes` are `footerBytes` long and begin with the footer's magic. */
export function decodeFooter(bytes: Buffer, seed: number): SnapshotFooter | Fault {
  const fault = crcFault('footer', bytes, 96, seed);
  if (fault !== undefined) return fault;
  const view = viewOf(bytes);
  const [entries, rawBytes, offset] = [readU64(view, 8), readU64(view, 16), readU64(view, 24)];
  if (entries === undefined || rawBytes === undefined || offset === undefined) {
    return { message: 'a number above 2^53-1', got: bytes.toString('hex', 8, 32), expected: 'at most 2^53-1' };
  }
  const stateHash = bytes.toString('hex', 32, 64);
  return { blocks: bytes.readUInt32LE(4), entries, rawBytes, offset, stateHash, sha256: bytes.toString('hex', 64, 96) };
}

function crcFault(part: string, bytes: Buffer, end: number, seed: number): Fault | undefined {
  const got = crcOf(bytes.subarray(0, end), seed);
  const expected = bytes.readUInt32LE(end);
  if (got === expected) return undefined;
  return { message: `${part} checksum mismatch`, got: hex32(got), expected: hex32(expected) };
}

function reservedFault(bytes: Buffer): Fault {
  return { message: 'reserved bytes are not zero', got: bytes.toString('hex'), expected: '00'.repeat(bytes.length) };
}
