/**
 * Which single bit, flipped, makes a checksum differ as it does. CRC-32 is linear: what one flipped bit does to it
 * depends on its distance to the end alone, not on the bytes and not on the seed. So the difference names the bit,
 * and no two bits of a stretch below 2^32 bits share one. Two flipped bits never look like one in a stretch below
 * 91,607 bits, where four are the fewest that the checksum misses.
 */

const polynomial = 0xedb88320;

/** What a byte alone does to the checksum when it is the last one. */
const last: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** The highest byte of an entry is its own: that makes the way back from one byte to the one before it a look-up. */
const byHighest: Uint8Array = new Uint8Array(256);
for (const [byte, value] of last.entries()) byHighest[value >>> 24] = byte;

const bitOf: ReadonlyMap<number, number> = new Map([0, 1, 2, 3, 4, 5, 6, 7].map((bit) => [last[1 << bit] ?? 0, bit]));

/** A bit of a stretch: byte from its start, and bit 0..7 of that byte, the lowest first. */
export interface BitPlace {
  byte: number;
  bit: number;
}

/** `syndrome` is the checksum computed XOR the checksum stated; `bytes` the length of what it covers. */
export function flippedBit(syndrome: number, bytes: number): BitPlace | undefined {
  if (syndrome === 0) return undefined;
  let value = syndrome >>> 0;
  for (let byte = bytes - 1; byte >= 0; byte--) {
    const bit = bitOf.get(value);
    if (bit !== undefined) return { byte, bit };
    const before = byHighest[value >>> 24] ?? 0;
    value = (((value ^ (last[before] ?? 0)) << 8) | before) >>> 0;
  }
  return undefined;
}

/** The same where the stated checksum, little-endian behind the bytes, may itself be what was hit. */
export function flippedBitOrChecksum(syndrome: number, bytes: number): BitPlace | undefined {
  const value = syndrome >>> 0;
  const isOneBit = value !== 0 && (value & (value - 1)) === 0;
  if (!isOneBit) return flippedBit(syndrome, bytes);
  const bit = 31 - Math.clz32(value);
  return { byte: bytes + (bit >> 3), bit: bit & 7 };
}

/** Of how many stretches with any other damage one looks as if a single bit had been flipped. */
export function oneInHowMany(bytes: number): number {
  return Math.floor(2 ** 32 / (8 * bytes));
}

export function withFlip(bytes: Uint8Array, { byte, bit }: BitPlace): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[byte] = (copy[byte] ?? 0) ^ (1 << bit);
  return copy;
}
