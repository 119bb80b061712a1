import { allZero, crcOf, readU64, viewOf, writeU64 } from '../../base/bytes.ts';
import { decodePreamble, encodePreamble, preambleBytes } from '../preamble.ts';
import { walVersion } from './format.ts';

/** HEAD, the watermark file: two slots written in turn. Codec only; FORMAT.md says what it proves. */

export const headMagic = 'WALQhed\n';
/** One for the preamble, one for each slot. */
const pageBytes = 4096;
export const headFileBytes = 3 * pageBytes;
const headSlotBytes = 64;

export interface HeadSlot {
  counter: number;
  storeId: string;
  ordinal: number;
  seqLast: number;
  end: number;
  link: number;
  salt: number;
  closed: boolean;
}

/** As it was found. */
export interface FoundSlot extends HeadSlot {
  /** The other slot does not hold: it may have been the newer one. */
  perhapsOlder?: true;
}

/** Where the slot with this counter goes: they alternate, in pages of their own. */
export function headSlotOffset(counter: number): number {
  return (1 + (counter % 2)) * pageBytes;
}

export function encodeHeadSlot(slot: HeadSlot): Uint8Array {
  const bytes = new Uint8Array(headSlotBytes);
  const view = viewOf(bytes);
  writeU64(view, 0, slot.counter);
  bytes.set(Buffer.from(slot.storeId, 'hex'), 8);
  writeU64(view, 24, slot.ordinal);
  writeU64(view, 32, slot.seqLast);
  view.setUint32(40, slot.end, true);
  view.setUint32(44, slot.link, true);
  view.setUint32(48, slot.salt, true);
  view.setUint32(52, slot.closed ? 1 : 0, true);
  view.setUint32(60, crcOf(bytes.subarray(0, 60)), true);
  return bytes;
}

/** A whole new HEAD file. Both slots say the same, unless this is the first that was ever written. */
export function encodeHeadFile(slot: HeadSlot): Uint8Array {
  const bytes = new Uint8Array(headFileBytes);
  bytes.set(encodePreamble(headMagic, walVersion, walVersion), 0);
  bytes.set(encodeHeadSlot(slot), headSlotOffset(slot.counter));
  const before = slot.counter - 1;
  if (before >= 0) bytes.set(encodeHeadSlot({ ...slot, counter: before }), headSlotOffset(before));
  return bytes;
}

export interface HeadResult {
  /** The valid slot with the highest counter. */
  slot?: FoundSlot;
  /** What is not as it must be; never decides anything by itself. */
  faults: { offset: number; message: string }[];
  newer?: number;
}

export function decodeHeadFile(bytes: Uint8Array): HeadResult {
  const preamble = decodePreamble(bytes.subarray(0, preambleBytes));
  if (preamble === 'cut') return { faults: [{ offset: bytes.length, message: 'HEAD is cut off' }] };
  const faults: HeadResult['faults'] = [];
  if (preamble === 'bad-crc' || preamble.magic !== headMagic)
    faults.push({ offset: 0, message: 'HEAD does not begin as it must' });
  else if (preamble.oldestReader > walVersion) return { faults, newer: preamble.version };
  let slot: FoundSlot | undefined;
  let isPair = true;
  const empty: number[] = [];
  for (const counter of [0, 1]) {
    const offset = headSlotOffset(counter);
    const found = decodeSlot(bytes.subarray(offset, offset + headSlotBytes));
    if (found === 'bad') {
      faults.push({ offset, message: `slot ${counter} of HEAD does not pass its checksum` });
      isPair = false;
    } else if (found === 'empty') empty.push(counter);
    else if (slot === undefined || found.counter > slot.counter) slot = found;
  }
  for (const counter of empty) {
    // A new HEAD has its first slot, with counter 0, and no other yet. Of one whose first slot is bad, who knows.
    if (slot === undefined ? empty.length === 1 : slot.counter === 0) continue;
    faults.push({
      offset: headSlotOffset(counter),
      message: `slot ${counter} of HEAD is empty, although it was in use`,
    });
    isPair = false;
  }
  for (const [page, used] of [preambleBytes, headSlotBytes, headSlotBytes].entries()) {
    const [from, to] = [page * pageBytes + used, (page + 1) * pageBytes];
    if (!allZero(bytes, Math.min(from, bytes.length), Math.min(to, bytes.length))) {
      faults.push({ offset: from, message: 'HEAD holds bytes where zeros belong' });
    }
  }
  if (bytes.length !== headFileBytes) faults.push({ offset: bytes.length, message: 'HEAD is not of its fixed size' });
  return { ...(slot && { slot: isPair ? slot : { ...slot, perhapsOlder: true } }), faults };
}

function decodeSlot(bytes: Uint8Array): HeadSlot | 'empty' | 'bad' {
  if (bytes.length < headSlotBytes) return 'bad';
  if (allZero(bytes)) return 'empty';
  const view = viewOf(bytes);
  if (crcOf(bytes.subarray(0, 60)) !== view.getUint32(60, true)) return 'bad';
  const counter = readU64(view, 0);
  const ordinal = readU64(view, 24);
  const seqLast = readU64(view, 32);
  if (counter === undefined || ordinal === undefined || seqLast === undefined) return 'bad';
  return {
    counter,
    storeId: Buffer.from(bytes.subarray(8, 24)).toString('hex'),
    ordinal,
    seqLast,
    end: view.getUint32(40, true),
    link: view.getUint32(44, true),
    salt: view.getUint32(48, true),
    closed: view.getUint32(52, true) === 1,
  };
}
