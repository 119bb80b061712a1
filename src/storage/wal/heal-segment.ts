import { crcOf, viewOf } from '../../base/bytes.ts';
import type { ByteSource } from '../../base/source.ts';
import { readInto } from '../../fs/read.ts';
import { flippedBit, flippedBitOrChecksum, oneInHowMany, withFlip } from './flipped-bit.ts';
import {
  checkFrameBody,
  decodeFrameHeader,
  decodeSegmentHeader,
  type FrameHeader,
  FrameType,
  frameBytes,
  frameHeaderBytes,
  frameName,
  payloadBytesMax,
  rangeOf,
  type SegmentHeader,
  segmentHeaderBytes,
  seqsOf,
} from './format.ts';
import type { HeadSlot } from './head.ts';
import type { SegmentName } from './names.ts';
import { type Flip, patchedSource } from './patched-source.ts';
import { forEachRecord, recordsFit } from './records.ts';
import { scanSegment } from './scan-segment.ts';
import type { Hole } from './scan-types.ts';

/**
 * Finds the one flipped bit of a damaged header or payload, and proves it or says why not. Nothing here writes, and no
 * checksum is computed anew over damaged bytes: a healed stretch passes the checksum that its writer wrote.
 */

/** Above this other damage looks too often like one flipped bit. */
export const healPayloadBytesMax = 8 * 1024;
/** A segment with more of them has another disease, and each costs a scan. */
const healsMax = 100;

/** One bit that provably was the other way round when the stretch around it was written. */
export interface FlippedBit extends Flip {
  what: 'segment header' | 'frame header' | 'payload';
  /** The header of the segment, or the whole frame. */
  offset: number;
  bytes: number;
  /** Events that can be read again with it, inclusive. */
  seqFirst?: number;
  seqLast?: number;
}

export interface SegmentHeal {
  flips: FlippedBit[];
  /** One bit would explain the damage, but in a stretch so long other damage may look like it, once in so many. */
  candidates: (FlippedBit & { oneIn: number })[];
  refused: { offset: number; why: string }[];
}

export interface HealFacts {
  storeId: string;
  name: SegmentName;
  /** Headers of the neighbours, where they can be read. */
  before?: SegmentHeader;
  after?: SegmentHeader;
  head?: HeadSlot;
  /** Whether a record is one that a writer writes. */
  readable(record: Uint8Array): boolean;
}

export async function healSegment(source: ByteSource, facts: HealFacts): Promise<SegmentHeal> {
  const found: SegmentHeal = { flips: [], candidates: [], refused: [] };
  const patched = patchedSource(source, found.flips);
  const header = await readHeader(patched, found, facts);
  const settled = new Set<number>();
  while (header !== undefined) {
    const before = found.flips.length;
    for (const hole of (await scanSegment(patched)).holes) {
      if ((hole.kind !== 'header' && hole.kind !== 'payload') || settled.has(hole.offset)) continue;
      settled.add(hole.offset);
      const heal = hole.kind === 'header' ? frameHeader : framePayload;
      const outcome = await heal(patched, hole, header, facts);
      if (typeof outcome === 'string') found.refused.push({ offset: hole.offset, why: outcome });
      else if (outcome.oneIn !== undefined) found.candidates.push({ ...outcome, oneIn: outcome.oneIn });
      else if (found.flips.length < healsMax) found.flips.push(outcome);
    }
    // A healed frame may show that the damage behind it was another one's.
    if (found.flips.length === before) break;
  }
  return found;
}

type Healing = (FlippedBit & { oneIn?: number }) | string;

const notOneBit = 'more than one bit differs';

/** Heals the header of the segment if need be; without it there is no salt, and nothing can be checked. */
async function readHeader(
  source: ByteSource,
  found: SegmentHeal,
  facts: HealFacts,
): Promise<SegmentHeader | undefined> {
  const bytes = await stretch(source, 0, segmentHeaderBytes);
  const result = decodeSegmentHeader(bytes);
  if (result.ok) return result.header;
  const refuse = (why: string): undefined => {
    found.refused.push({ offset: 0, why });
  };
  if (result.why === 'newer' || bytes.length < segmentHeaderBytes) return refuse('the header is not there');
  const place = flippedBitOrChecksum(syndromeOf(bytes, segmentHeaderBytes, 0), segmentHeaderBytes - 4);
  if (place === undefined) return refuse(notOneBit);
  const healed = decodeSegmentHeader(withFlip(bytes, place));
  if (!healed.ok) return refuse('with the bit turned it is no header');
  const { header, link } = healed;
  const { name, before, after, head } = facts;
  const named = header.ordinal === name.ordinal && header.seqFirst === name.seqFirst;
  if (!named || header.storeId !== facts.storeId) return refuse('with the bit turned it names another segment');
  const follows = before === undefined || before.salt === header.prevSalt;
  if (!follows || (after !== undefined && after.prevSalt !== header.salt))
    return refuse('its neighbours do not fit it');
  if (!(await linksTo(source, segmentHeaderBytes, header, link, head))) return refuse('nothing after it confirms it');
  found.flips.push({
    what: 'segment header',
    offset: 0,
    bytes: segmentHeaderBytes,
    at: place.byte,
    bit: place.bit,
  });
  return header;
}

/** Does a sound frame at `offset`, or HEAD, state this link? */
async function linksTo(
  source: ByteSource,
  offset: number,
  header: SegmentHeader,
  link: number,
  head: HeadSlot | undefined,
): Promise<boolean> {
  const next = await frameAt(source, offset, header.salt);
  if (next !== undefined) return next.link === link;
  return head?.ordinal === header.ordinal && head.salt === header.salt && head.end === offset && head.link === link;
}

/** Proof: its own checksum, the frame before it, its payload, and the frame behind it where one can be read. */
async function frameHeader(source: ByteSource, hole: Hole, segment: SegmentHeader, facts: HealFacts): Promise<Healing> {
  const { offset, follows } = hole;
  if (hole.zeroSector || follows === undefined) return 'a sector of it is missing';
  const bytes = await stretch(source, offset, frameHeaderBytes);
  if (bytes.length < frameHeaderBytes) return 'the file ends inside it';
  const place = flippedBitOrChecksum(syndromeOf(bytes, frameHeaderBytes, segment.salt), frameHeaderBytes - 4);
  if (place === undefined) return notOneBit;
  const header = decodeFrameHeader(withFlip(bytes, place), 0, offset, segment.salt);
  if (header === undefined || header.payloadBytes > payloadBytesMax) return 'with the bit turned it is no frame';
  const fits = header.link === follows.link && header.seqFirst === follows.seqNext && header.certified <= offset;
  if (!fits || frameName(header.type) === undefined) return 'with the bit turned it does not continue the log';
  const total = frameBytes(header.payloadBytes);
  const body = await stretch(source, offset + frameHeaderBytes, total - frameHeaderBytes);
  if (!bodyHolds(body, header, segment.salt, facts)) return 'its payload is damaged too';
  if (!(await continued(source, offset + total, header, segment, facts)))
    return 'the frame behind it does not follow it';
  return { what: 'frame header', offset, bytes: total, at: offset + place.byte, bit: place.bit, ...rangeOf(header) };
}

/** Proof: the sound header, which states the checksum, and records that can be read. */
async function framePayload(
  source: ByteSource,
  hole: Hole,
  segment: SegmentHeader,
  facts: HealFacts,
): Promise<Healing> {
  const { offset } = hole;
  if (hole.zeroSector) return 'a sector of it is missing';
  const header = await frameAt(source, offset, segment.salt);
  if (header === undefined) return 'its header is damaged too';
  const total = frameBytes(header.payloadBytes);
  const body = await stretch(source, offset + frameHeaderBytes, total - frameHeaderBytes);
  const place = flippedBit(header.payloadCrc ^ crcOf(body, segment.salt), body.length);
  if (place === undefined) return notOneBit;
  if (!bodyHolds(withFlip(body, place), header, segment.salt, facts)) return 'with the bit turned it holds no records';
  if (!(await continued(source, offset + total, header, segment, facts)))
    return 'the frame behind it does not follow it';
  const at = offset + frameHeaderBytes + place.byte;
  const flip: FlippedBit = { what: 'payload', offset, bytes: total, at, bit: place.bit, ...rangeOf(header) };
  return header.payloadBytes > healPayloadBytesMax ? { ...flip, oneIn: oneInHowMany(body.length) } : flip;
}

function bodyHolds(body: Uint8Array, header: FrameHeader, salt: number, facts: HealFacts): boolean {
  if (body.length !== frameBytes(header.payloadBytes) - frameHeaderBytes) return false;
  if (!checkFrameBody(body, header, salt).ok) return false;
  if (header.type !== FrameType.data) return true;
  const payload = body.subarray(0, header.payloadBytes);
  if (!recordsFit(payload, header.count)) return false;
  let readable = true;
  forEachRecord(payload, (record) => {
    readable &&= facts.readable(record);
  });
  return readable;
}

/** Does what is known of the place behind it agree? True too where that is nothing: an open end, or other damage. */
async function continued(
  source: ByteSource,
  end: number,
  header: FrameHeader,
  segment: SegmentHeader,
  { head, after }: HealFacts,
): Promise<boolean> {
  const next = await frameAt(source, end, segment.salt);
  const seqNext = header.seqFirst + seqsOf(header);
  if (next !== undefined && (next.link !== header.headerCrc || next.seqFirst !== seqNext)) return false;
  const headHere = head?.ordinal === segment.ordinal && head.salt === segment.salt && head.end === end;
  if (headHere && head.link !== header.headerCrc) return false;
  if (header.type !== FrameType.seal || after === undefined) return true;
  return after.prevEnd === end && after.prevLink === header.headerCrc && after.seqFirst === seqNext;
}

async function frameAt(source: ByteSource, offset: number, salt: number): Promise<FrameHeader | undefined> {
  return decodeFrameHeader(await stretch(source, offset, frameHeaderBytes), 0, offset, salt);
}

/** What is there of it; a length that a header states is not believed before the file has it. */
async function stretch(source: ByteSource, offset: number, bytes: number): Promise<Uint8Array> {
  const room = Math.max(0, Math.min(bytes, (source.size ?? Number.POSITIVE_INFINITY) - offset));
  const buffer = new Uint8Array(room);
  return buffer.subarray(0, await readInto(source, buffer, offset));
}

/** The checksum of a header stands in its last four bytes. */
function syndromeOf(header: Uint8Array, bytes: number, seed: number): number {
  return crcOf(header.subarray(0, bytes - 4), seed) ^ viewOf(header).getUint32(bytes - 4, true);
}
