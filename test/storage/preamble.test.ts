import { describe, expect, it } from 'vitest';
import { decodePreamble, encodePreamble, preambleBytes } from '../../src/storage/preamble.ts';

const magic = 'WALQtst\n';

describe('preamble', () => {
  it('is 16 bytes whose layout never changes', () => {
    expect(Buffer.from(encodePreamble(magic, 3, 2)).toString('hex')).toBe('57414c517473740a030002001ece45ca');
  });

  it('gives back what was written, also inside a larger buffer and at the ends of the range', () => {
    for (const [version, oldestReader] of [
      [1, 1],
      [0xffff, 1],
      [0xffff, 0xffff],
      [258, 257],
    ] as const) {
      const padded = Buffer.concat([
        Buffer.from('xyz'),
        encodePreamble(magic, version, oldestReader),
        Buffer.from('more'),
      ]);
      expect(decodePreamble(padded.subarray(3))).toEqual({ magic, version, oldestReader });
    }
  });

  it('detects every flipped bit', () => {
    const good = encodePreamble(magic, 1, 1);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Uint8Array.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodePreamble(bad)).toBe('bad-crc');
    }
  });

  it('calls fewer than 16 bytes cut, and zeros bad', () => {
    const good = encodePreamble(magic, 1, 1);
    for (let length = 0; length < preambleBytes; length++) expect(decodePreamble(good.subarray(0, length))).toBe('cut');
    expect(decodePreamble(new Uint8Array(preambleBytes))).toBe('bad-crc');
  });

  it('hands out a foreign magic for the caller to judge', () => {
    expect(decodePreamble(encodePreamble('FOREIGN!', 1, 1))).toMatchObject({ magic: 'FOREIGN!' });
  });

  it('refuses to write a magic that is not 8 ASCII characters, or versions out of range', () => {
    for (const bad of ['', 'short', 'too long!', 'WALQtst\u00e9'])
      expect(() => encodePreamble(bad, 1, 1)).toThrow(/magic/);
    for (const [version, oldest] of [
      [0, 0],
      [1, 2],
      [0x10000, 1],
    ] as const) {
      expect(() => encodePreamble(magic, version, oldest)).toThrow(/versions/);
    }
  });
});
