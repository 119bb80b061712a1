import { crcOf } from '../base/bytes.ts';
import { assert } from '../base/errors.ts';

/**
 * The first 16 bytes of every binary file of the project. They never change, in any version, so that every reader can
 * tell damage from a newer format:
 *
 *    0  8  magic            what kind of file this is, 8 bytes of ASCII
 *    8  2  version          u16 LE, the version of what follows
 *   10  2  oldest reader    u16 LE, the oldest version whose reader understands this file
 *   12  4  CRC-32           u32 LE, of bytes 0..11
 *
 * A bad CRC is damage. A good CRC with an oldest reader above ours is a newer format, never damage.
 */
export interface Preamble {
  /** 8 characters, one a byte (latin1), as found: the caller compares. */
  magic: string;
  version: number;
  oldestReader: number;
}

export const preambleBytes = 16;
const magicBytes = 8;
const crcOffset = 12;

/** `magic` is 8 ASCII characters; `version` and `oldestReader` are 1..65535, and `oldestReader <= version`. */
export function encodePreamble(magic: string, version: number, oldestReader: number): Uint8Array {
  const bytes = Buffer.alloc(preambleBytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a magic ends in a newline, so that text-mode copies show
  assert(/^[\x00-\x7f]{8}$/.test(magic), 'a magic is 8 ASCII characters');
  assert(oldestReader >= 1 && oldestReader <= version && version <= 0xffff, 'versions count from 1');
  bytes.write(magic, 0, magicBytes, 'latin1');
  bytes.writeUInt16LE(version, 8);
  bytes.writeUInt16LE(oldestReader, 10);
  bytes.writeUInt32LE(crcOf(bytes.subarray(0, crcOffset)), crcOffset);
  return bytes;
}

/**
 * Looks at the first 16 bytes only. 'cut' = fewer than 16 bytes; 'bad-crc' = they are damaged, or this is no file of
 * ours.
 */
export function decodePreamble(bytes: Uint8Array): Preamble | 'cut' | 'bad-crc' {
  if (bytes.length < preambleBytes) return 'cut';
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, preambleBytes);
  if (crcOf(view.subarray(0, crcOffset)) !== view.readUInt32LE(crcOffset)) return 'bad-crc';
  return {
    magic: view.toString('latin1', 0, magicBytes),
    version: view.readUInt16LE(8),
    oldestReader: view.readUInt16LE(10),
  };
}
