import {
  frameAlignment,
  frameHeaderBytes,
  frameMagicBytes,
  segmentHeaderBytes,
  segmentMagic,
} from '../../storage/wal/format.ts';

const hidden = 0x78;
const magic = Buffer.from(segmentMagic);

/** A stretch of a file, and what is known of it. */
export interface Stretch {
  /** Where in the file it begins. */
  from: number;
  isSegment: boolean;
  /** Where in the file the fault is: a frame should begin there, though one byte of its magic may be wrong. */
  faultAt: number;
}

/**
 * The bytes without what jobs put into them: each that is neither 0x00 nor 0xFF becomes 'x', so that holes, lost
 * sectors and cuts can still be seen. Headers of segments and frames stay as they are, but where text stands in them:
 * then something else was written there, and that may be a payload.
 */
export function redacted(bytes: Uint8Array, { from, isSegment, faultAt }: Stretch): Uint8Array {
  const shown = bytes.map((byte) => (byte === 0x00 || byte === 0xff ? byte : hidden));
  if (!isSegment) return shown;
  const keep = (at: number, to: number): void => {
    const header = bytes.subarray(at, Math.max(at, to));
    if (!holdsText(header)) shown.set(header, at);
  };
  // The magic is text that is known.
  const begin = from === 0 && magic.every((byte, at) => bytes[at] === byte) ? magic.length : 0;
  shown.set(bytes.subarray(0, begin));
  keep(begin, segmentHeaderBytes - from);
  for (let at = -from & (frameAlignment - 1); at + frameHeaderBytes <= bytes.length; at += frameAlignment) {
    const matching = frameMagicBytes.filter((byte, index) => bytes[at + index] === byte).length;
    const needed = from + at === faultAt ? frameMagicBytes.length - 1 : frameMagicBytes.length;
    if (matching >= needed) keep(at, at + frameHeaderBytes);
  }
  return shown;
}

/** So many printable characters in a row: by chance one header in some hundreds has them, and is hidden for nothing. */
const textMin = 6;

function holdsText(bytes: Uint8Array): boolean {
  let row = 0;
  for (const byte of bytes) {
    row = byte >= 0x20 && byte < 0x7f ? row + 1 : 0;
    if (row >= textMin) return true;
  }
  return false;
}
