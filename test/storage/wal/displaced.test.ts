import { expect, test } from 'vitest';
import { findDisplaced } from '../../../src/storage/wal/displaced.ts';
import { FrameType, sealFrame } from '../../../src/storage/wal/format.ts';
import { sourceOf } from '../../support/source.ts';
import { header, segment } from './build.ts';

const find = (bytes: Uint8Array) => findDisplaced({ ...sourceOf(bytes), size: bytes.length }, header.salt);
const spliced = (bytes: Uint8Array, at: number, out: number, into = 0) =>
  Uint8Array.from([...bytes.subarray(0, at), ...new Uint8Array(into).fill(1), ...bytes.subarray(at + out)]);

test('a frame that lacks bytes does not swallow the beginning of the next one', async () => {
  const { bytes, offsets } = segment(['a', 'b', 'c'].map((text) => ({ records: [text.repeat(100)] })));
  const [a = 0, b = 0] = offsets;
  for (const out of [1, 8, 50]) {
    const damaged = spliced(bytes, a + 60, out);
    expect(await find(damaged)).toEqual([{ from: b - out, to: b, bytes: bytes.length - b }]);
  }
});

test('no frame is put into the header of the segment', async () => {
  const frames = [
    { records: ['one'], seqFirst: 2 },
    { records: ['two'], seqFirst: 1, offset: 8 },
  ];
  expect(await find(segment(frames).bytes)).toEqual([]);
});

test('a thousand stretches are the most that are looked at', async () => {
  const { bytes, offsets } = segment(Array.from({ length: 1200 }, (_, at) => ({ records: [`record ${at}`] })));
  const parts = [0, ...offsets].map((from, at, all) => bytes.subarray(from, all[at + 1]));
  const displaced = await find(Uint8Array.from(parts.flatMap((part) => [...part, 1])));
  expect(displaced.length).toBeGreaterThan(900);
  expect(displaced.length).toBeLessThanOrEqual(1000);
});

test('a length beyond all bounds is not gathered in memory', async () => {
  const [frame, size] = [new Uint8Array(48), 400 * 1024 * 1024];
  const payloadBytes = 300 * 1024 * 1024;
  const stated = { type: FrameType.data, payloadBytes, count: 1, seqFirst: 1, offset: 96, certified: 96, link: 0 };
  sealFrame(frame, header.salt, stated);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const read = async (buffer: Uint8Array, position: number) => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    const got = Math.max(0, Math.min(buffer.length, size - position));
    for (let at = 0; at < Math.min(got, 4096); at++) buffer[at] = frame[position + at - 96] ?? 0;
    return got;
  };
  expect(await findDisplaced({ read, size }, header.salt)).toEqual([]);
  expect(most).toBeLessThan(128 * 1024 * 1024);
});
