import { expect, test } from 'vitest';
import { encodeSegmentHeader } from '../../../src/storage/wal/format.ts';
import { type HealFacts, healPayloadBytesMax, healSegment } from '../../../src/storage/wal/heal-segment.ts';
import { sourceOf } from '../../support/source.ts';
import { flipped } from '../damage/image.ts';
import { type FrameSpec, header, segment } from './build.ts';

const facts: HealFacts = {
  storeId: header.storeId,
  name: { name: '0000000001-00000000000000000001.wal', ordinal: 1, seqFirst: 1 },
  readable: (record) => !Buffer.from(record).toString().startsWith('nonsense'),
};

/** One frame before, the frame under test, one behind it. */
const around = (spec: FrameSpec, after: FrameSpec = { records: ['after'] }) =>
  segment([{ records: ['before'] }, spec, after]);

async function heal(bytes: Uint8Array, more: Partial<HealFacts> = {}) {
  return await healSegment(sourceOf(bytes), { ...facts, ...more });
}

const inHeader = 8 * 17 + 2;
const inPayload = 8 * 42 + 5;

test.each([
  ['follows no frame before it', { records: ['one'], link: 7 }],
  ['holds a seq that jumps', { records: ['one'], seqFirst: 9 }],
  ['holds a seq used before', { records: ['one'], seqFirst: 1 }],
  ['claims more durable bytes than lie before it', { records: ['one'], certified: 1 << 20 }],
  ['is of a type that nobody knows', { records: ['one'], type: 9 }],
  ['is not the records it says', { records: ['one'], count: 2 }],
  ['holds records that no writer writes', { records: ['nonsense'] }],
])('a header is not healed when the frame then %s', async (_what, spec) => {
  const built = around(spec);
  const bit = (built.offsets[1] ?? 0) * 8 + inHeader;
  const { flips, refused } = await heal(flipped(built.bytes, bit));
  expect(flips).toEqual([]);
  expect(refused.map(({ offset }) => offset)).toContain(built.offsets[1]);
  // The same with nothing wrong but the bit.
  const sound = around({ records: ['one'] });
  expect((await heal(flipped(sound.bytes, bit))).flips.map(({ at, bit: of }) => at * 8 + of)).toEqual([bit]);
});

test.each([
  ['header', inHeader],
  ['payload', inPayload],
])('a %s is not healed when the frame behind it does not follow', async (_what, place) => {
  for (const after of [
    { records: ['after'], link: 7 },
    { records: ['after'], seqFirst: 9 },
  ]) {
    const built = around({ records: ['one'] }, after);
    const bit = (built.offsets[1] ?? 0) * 8 + place;
    const { flips, refused } = await heal(flipped(built.bytes, bit));
    expect(flips).toEqual([]);
    expect(refused[0]?.why).toBe('the frame behind it does not follow it');
  }
});

test('a payload is not healed when its records are none', async () => {
  for (const spec of [{ records: ['nonsense'] }, { records: ['one'], count: 2 }]) {
    const built = around(spec);
    const { flips, refused } = await heal(flipped(built.bytes, (built.offsets[1] ?? 0) * 8 + inPayload));
    expect(flips).toEqual([]);
    expect(refused[0]?.why).toBe('with the bit turned it holds no records');
  }
});

test('the last frame is not healed against what HEAD says of the end', async () => {
  const built = segment([{ records: ['one'] }]);
  const slot = { counter: 1, storeId: header.storeId, ordinal: 1, seqLast: 1, salt: header.salt, closed: false };
  const head = { ...slot, end: built.bytes.length, link: built.links[1] ?? 0 };
  for (const place of [inHeader, inPayload]) {
    const damaged = flipped(built.bytes, (built.offsets[0] ?? 0) * 8 + place);
    expect((await heal(damaged, { head })).flips.length).toBe(1);
    expect((await heal(damaged, { head: { ...head, link: 7 } })).flips).toEqual([]);
  }
});

test('a SEAL is not healed against the segment behind it', async () => {
  const built = segment([{ records: ['one'] }, { type: 4 }]);
  const damaged = flipped(built.bytes, (built.offsets[1] ?? 0) * 8 + inHeader);
  const { length } = built.bytes;
  const after = {
    ...header,
    ordinal: 2,
    seqFirst: 2,
    prevEnd: length,
    prevLink: built.links[2] ?? 0,
    prevSalt: header.salt,
  };
  expect((await heal(damaged, { after })).flips.length).toBe(1);
  for (const other of [{ prevEnd: length + 8 }, { prevLink: 7 }, { seqFirst: 3 }]) {
    expect((await heal(damaged, { after: { ...after, ...other } })).flips).toEqual([]);
  }
});

test('a payload above the limit is a candidate with its odds, one at the limit is healed', async () => {
  const room = 'x'.repeat(healPayloadBytesMax - 2);
  const atLimit = around({ records: [room] });
  expect((await heal(flipped(atLimit.bytes, (atLimit.offsets[1] ?? 0) * 8 + 8 * 500))).flips.length).toBe(1);
  const above = around({ records: [`${room}x`] });
  const bit = (above.offsets[1] ?? 0) * 8 + 8 * 500;
  const { flips, candidates } = await heal(flipped(above.bytes, bit));
  expect(flips).toEqual([]);
  expect(candidates.map(({ at, bit: of, oneIn }) => ({ bit: at * 8 + of, oneIn }))).toEqual([{ bit, oneIn: 65_472 }]);
});

test('a segment header is not healed into that of another segment, store, or neighbourhood', async () => {
  const built = segment([{ records: ['one'] }], { prevSalt: 5 });
  const damaged = flipped(built.bytes, 8 * 70);
  const before = { ...header, ordinal: 0, salt: 5 };
  expect((await heal(damaged, { before })).flips.length).toBe(1);
  for (const other of [
    { storeId: 'ff'.repeat(16) },
    { name: { ...facts.name, ordinal: 2 } },
    { name: { ...facts.name, seqFirst: 2 } },
    { before: { ...before, salt: 6 } },
    { after: { ...header, ordinal: 2, prevSalt: header.salt + 1 } },
  ]) {
    expect((await heal(damaged, other)).flips, JSON.stringify(other)).toEqual([]);
  }
});

test('a segment header that nothing after it confirms is not healed', async () => {
  const bytes = encodeSegmentHeader(header);
  const link = new DataView(bytes.buffer).getUint32(92, true);
  const damaged = flipped(bytes, 8 * 70);
  const head = {
    counter: 1,
    storeId: header.storeId,
    ordinal: 1,
    seqLast: 0,
    end: 96,
    link,
    salt: header.salt,
    closed: false,
  };
  expect((await heal(damaged)).flips).toEqual([]);
  expect((await heal(damaged, { head })).flips.length).toBe(1);
  const other = segment([{ records: ['one'], link: 7 }]);
  expect((await heal(flipped(other.bytes, 8 * 70))).flips).toEqual([]);
});

test('headers of neighbours are healed one after the other', async () => {
  const built = segment([{ records: ['one'] }, { records: ['two'] }, { records: ['three'] }]);
  const bits = built.offsets.map((offset) => offset * 8 + inHeader);
  const { flips } = await heal(bits.reduce((bytes, bit) => flipped(bytes, bit), built.bytes));
  expect(flips.map(({ at, bit }) => at * 8 + bit)).toEqual(bits);
});

test('of a frame that is missing a sector no bit is looked for', async () => {
  const built = around({ records: ['x'.repeat(2000)] });
  const [, offset = 0] = built.offsets;
  for (const from of [0, 512]) {
    const bytes = built.bytes.slice();
    bytes.fill(0, Math.max(offset, from), from + 512);
    const { flips, refused } = await heal(bytes);
    expect(flips).toEqual([]);
    expect(refused).toEqual([{ offset, why: 'a sector of it is missing' }]);
  }
});
