import { brotliCompressSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault } from '../../../src/storage/snapshot/block-types.ts';
import { packHex, unpackHex } from '../../../src/storage/snapshot/hex.ts';
import { assemble, oneEntry } from './assemble.ts';
import { judge } from './support.ts';

const hex = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes).toString('hex'));
const uuid = fc.uuid();
/** Parts of which a state is made, and such as look like them. */
const part = fc.oneof(
  uuid.map((text) => Buffer.from(text)),
  uuid.map((text) => Buffer.from(text.slice(0, -1))),
  uuid.map((text) => Buffer.from(text.toUpperCase())),
  hex(0, 20).map((text) => Buffer.from(text)),
  hex(250, 600).map((text) => Buffer.from(`${text}a`)),
  fc.string({ maxLength: 12 }).map((text) => Buffer.from(text)),
  fc.constantFrom(0, 0x0a, 0xc0, 0xc1, 0xff).map((byte) => Buffer.from([byte])),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
);
const raws = fc.array(part, { maxLength: 40 }).map((parts) => Buffer.concat(parts));

describe('hex digits as bytes', () => {
  it('come back as what they were', () => {
    let packedOnes = 0;
    fc.assert(
      fc.property(raws, (raw) => {
        const packed = packHex(raw);
        if (packed === undefined) return;
        packedOnes++;
        expect(packed.length).toBeLessThanOrEqual(raw.length * 0.9);
        expect(unpackHex(packed, raw.length)).toEqual(raw);
      }),
      { numRuns: 2000 },
    );
    expect(packedOnes).toBeGreaterThan(500);
  });

  it('take half the room: a UUID seventeen bytes, digits two more than half of them', () => {
    const id = '01977420-dc18-77da-8849-d73eb438a907';
    expect(packHex(Buffer.from(id))?.length).toBe(4 + 17);
    expect(packHex(Buffer.from('ab'.repeat(100)))?.length).toBe(4 + 2 + 100);
    expect(packHex(Buffer.from('ab'.repeat(1000)))?.length).toBe(4 + 2 * 4 + 1000);
  });

  it('are left alone where little is won', () => {
    for (const text of ['', 'a', 'no digits here, or few: 1234', 'G'.repeat(1000), 'ABCDEF01'.repeat(9)]) {
      expect(packHex(Buffer.from(text))).toBeUndefined();
    }
    expect(packHex(Buffer.alloc(1000, 0xc0))).toBeUndefined();
    expect(packHex(Buffer.alloc(5000))).toBeUndefined();
  });

  it('that were tampered with are the same, other bytes of that length, or a fault: never more, never a crash', () => {
    const raw = Buffer.from(`01977420-dc18-77da-8849-d73eb438a907 ${'0123456789abcdef'.repeat(3)} \xc0`, 'latin1');
    const packed = packHex(raw) ?? Buffer.alloc(0);
    let faults = 0;
    for (let at = 0; at < packed.length; at++) {
      for (const value of [0, 1, 0x7f, 0xc0, 0xc1, 0xff]) {
        const bad = Buffer.from(packed);
        bad[at] = value;
        const found = unpackHex(bad, raw.length);
        if (isFault(found)) faults++;
        else expect(found.length).toBe(raw.length);
      }
    }
    expect(faults).toBeGreaterThan(30);
    for (let cut = 0; cut < packed.length; cut++) {
      expect(unpackHex(packed.subarray(0, cut), raw.length)).toHaveProperty('message');
    }
    for (const length of [0, 1, raw.length - 1, raw.length + 1, 5000]) {
      expect(unpackHex(packed, length)).toHaveProperty('message');
    }
    expect(unpackHex(Buffer.concat([packed, Buffer.from([7])]), raw.length)).toHaveProperty('message');
  });

  it('of a block that do not come out as its header says are damage', async () => {
    const raw = oneEntry(Buffer.from('01977420-dc18-77da-8849-d73eb438a907'.repeat(3)));
    const packed = packHex(raw) ?? Buffer.alloc(0);
    const judged = (bytes: Buffer, rawLength: number) => {
      const stored = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
      const header = { codec: 'hex', rawLength, storedLength: stored.length } as const;
      return judge(assemble([{ header, stored }], { entries: 1, rawBytes: rawLength }));
    };
    // The block is good then; the hashes of this footer are not.
    expect((await judged(packed, raw.length)).findings.map(({ code }) => code)).toEqual(
      Array.from({ length: 2 }, () => 'E_SNAPSHOT_HASH'),
    );
    for (const [bytes, rawLength] of [
      [packed, raw.length - 1],
      [packed.subarray(1), raw.length],
      [packed.subarray(0, -1), raw.length],
    ] as const) {
      expect((await judged(bytes, rawLength)).findings[0]).toMatchObject({
        code: 'E_SNAPSHOT_BLOCK',
        message: 'block 0: the digits of the block do not come out as its header says',
      });
    }
  });

  it('of random bytes are a fault or of the length that was asked for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(400), (bytes, length) => {
        const found = unpackHex(Buffer.from(bytes), length);
        expect(isFault(found) || found.length === length).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
