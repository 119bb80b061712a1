import type { Fault } from './block-types.ts';

/**
 * Hex digits as bytes: ids and tokens are half as long so, and a compressor, which finds nothing in them, is quicker
 * and does better on the rest. FORMAT.md has the bytes. Pure; knows nothing of what they mean.
 */

/** Neither is in any UTF-8 text. */
const digits = 0xc0;
const uuid = 0xc1;
const dash = 0x2d;
const lengthBytes = 4;
/** Two bytes say that digits follow, so six of them save one. */
const pairsMin = 3;
const pairsMax = 255;
const uuidLength = 36;
const uuidPacked = 17;
/** Where in a UUID two digits stand that are one byte. */
const uuidPairs = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const uuidDashes = [8, 13, 18, 23];

/** Of a digit its value, of any other byte -1. */
const digitValue = new Int8Array(256).fill(-1);
/** Of a byte its two digits, the first one in the lower half. */
const digitsOf = new Uint16Array(256);
for (let value = 0; value < 16; value++) digitValue[value.toString(16).charCodeAt(0)] = value;
for (let byte = 0; byte < 256; byte++) digitsOf[byte] = Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16LE();

/** The same in other bytes; nothing where these would not be a tenth fewer. */
export function packHex(raw: Uint8Array): Buffer | undefined {
  const text = Buffer.allocUnsafe(raw.length);
  const bytes = Buffer.allocUnsafe(raw.length >> 1);
  // What one step writes at the most beside digits.
  const textMax = text.length - 2 * pairsMin;
  let textLength = 0;
  let byteCount = 0;
  for (let at = 0; at < raw.length; ) {
    if (textLength > textMax) return undefined;
    const byte = raw[at] ?? 0;
    if ((digitValue[byte] ?? -1) < 0) {
      if (byte === digits || byte === uuid) {
        text[textLength++] = digits;
        text[textLength++] = 0;
      }
      text[textLength++] = byte;
      at++;
      continue;
    }
    const end = endOfDigits(raw, at);
    if (end - at === 8 && isUuid(raw, at)) {
      text[textLength++] = uuid;
      for (const pair of uuidPairs) bytes[byteCount++] = byteAt(raw, at + pair);
      at += uuidLength;
      continue;
    }
    const pairs = (end - at) >> 1;
    if (pairs >= pairsMin) {
      text[textLength++] = digits;
      text[textLength++] = pairs;
      for (const stop = at + 2 * pairs; at < stop; at += 2) bytes[byteCount++] = byteAt(raw, at);
    }
    while (at < end) text[textLength++] = raw[at++] ?? 0;
  }
  const length = lengthBytes + textLength + byteCount;
  if (length > raw.length * 0.9) return undefined;
  const head = Buffer.allocUnsafe(lengthBytes);
  head.writeUInt32LE(textLength);
  return Buffer.concat([head, text.subarray(0, textLength), bytes.subarray(0, byteCount)], length);
}

/** Behind the digits that begin at `from`, or behind as many as one step takes. */
function endOfDigits(raw: Uint8Array, from: number): number {
  const stop = Math.min(raw.length, from + 2 * pairsMax);
  let end = from + 1;
  while (end < stop && (digitValue[raw[end] ?? 0] ?? -1) >= 0) end++;
  return end;
}

function byteAt(raw: Uint8Array, at: number): number {
  return ((digitValue[raw[at] ?? 0] ?? 0) << 4) | (digitValue[raw[at + 1] ?? 0] ?? 0);
}

function isUuid(raw: Uint8Array, from: number): boolean {
  for (const at of uuidDashes) if (raw[from + at] !== dash) return false;
  for (const at of uuidPairs) {
    if ((digitValue[raw[from + at] ?? 0] ?? -1) < 0 || (digitValue[raw[from + at + 1] ?? 0] ?? -1) < 0) return false;
  }
  return true;
}

/** The bytes that were packed, `rawLength` of them, or why these are not. */
export function unpackHex(packed: Buffer, rawLength: number): Buffer | Fault {
  const misfit = { message: 'the digits of the block do not come out as its header says' };
  if (packed.length < lengthBytes) return misfit;
  const textEnd = lengthBytes + packed.readUInt32LE(0);
  // A UUID is the most that so few bytes can become: no room is made for what a header only says.
  if (textEnd > packed.length || rawLength > (packed.length * uuidLength) / uuidPacked) return misfit;
  // What would go beyond the end goes nowhere, and is counted.
  const raw = Buffer.allocUnsafe(rawLength);
  let length = 0;
  let at = lengthBytes;
  let next = textEnd;
  while (at < textEnd && next <= packed.length) {
    let byte = packed[at++] ?? 0;
    // In a loop of its own it takes half as long.
    while (byte < digits || byte > uuid) {
      raw[length++] = byte;
      if (at === textEnd) break;
      byte = packed[at++] ?? 0;
    }
    if (byte < digits || byte > uuid) break;
    if (byte === uuid) {
      for (let pair = 0; pair < 16; pair++) {
        if (pair === 4 || pair === 6 || pair === 8 || pair === 10) raw[length++] = dash;
        const both = digitsOf[packed[next++] ?? 0] ?? 0;
        raw[length++] = both & 0xff;
        raw[length++] = both >> 8;
      }
      continue;
    }
    const pairs = packed[at++] ?? 0;
    if (pairs === 0) raw[length++] = packed[at++] ?? 0;
    for (const stop = next + pairs; next < stop; next++) {
      const both = digitsOf[packed[next] ?? 0] ?? 0;
      raw[length++] = both & 0xff;
      raw[length++] = both >> 8;
    }
  }
  return at === textEnd && next === packed.length && length === rawLength ? raw : misfit;
}
