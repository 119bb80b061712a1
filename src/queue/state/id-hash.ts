/** Of an id that is ASCII, where it lies: what `hashOfText` makes of it. */
export function hashOfBytes(bytes: Uint8Array, from: number, length: number): number {
  let hash = length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const two = (bytes[from + at] ?? 0) | ((bytes[from + at + 1] ?? 0) << 16);
    const more = (bytes[from + at + 2] ?? 0) | ((bytes[from + at + 3] ?? 0) << 16);
    hash = mixed(hash, two, more);
  }
  for (; at < length; at++) hash = Math.imul(hash ^ (bytes[from + at] ?? 0), 0x5bd1e995);
  return finished(hash);
}

/** Four characters at a time, as MurmurHash2 takes bytes; 32 bits, signed. */
export function hashOfText(text: string): number {
  const { length } = text;
  let hash = length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const two = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
    const more = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 16);
    hash = mixed(hash, two, more);
  }
  for (; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x5bd1e995);
  return finished(hash);
}

function mixed(hash: number, two: number, more: number): number {
  const next = Math.imul(hash ^ two ^ Math.imul(more, 0x2c1b3c6d), 0x5bd1e995);
  return next ^ (next >>> 15);
}

function finished(hash: number): number {
  const next = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995);
  return next ^ (next >>> 15);
}
