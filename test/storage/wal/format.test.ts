import { expect, test } from 'vitest';
import { crcOf } from '../../../src/base/bytes.ts';
import {
  decodeFrameHeader,
  decodeSegmentHeader,
  encodeSegmentHeader,
  FrameType,
  payloadBytesMax,
  segmentHeaderBytes,
} from '../../../src/storage/wal/format.ts';
import type { Fault } from '../../support/fault-table.ts';
import { tried } from '../../support/tried.ts';
import { type FrameSpec, header, judgeBytes, segment } from './build.ts';

const three: FrameSpec[] = [{ records: ['a', 'b'] }, { records: ['c'] }, { records: ['d', 'e'] }];

test('a segment header comes back as it went in, and version 1 keeps its bytes', () => {
  const bytes = encodeSegmentHeader({
    ...header,
    ordinal: 7,
    seqFirst: 42,
    prevSalt: 9,
    prevEnd: 144,
    prevLink: 0xdeadbeef,
  });
  expect(decodeSegmentHeader(bytes)).toMatchObject({
    ok: true,
    header: { ...header, ordinal: 7, seqFirst: 42, prevSalt: 9, prevEnd: 144, prevLink: 0xdeadbeef },
  });
  // Frozen: made once, compared for ever. A new version gets a new line, this one stays.
  expect(Buffer.from(bytes).toString('hex')).toBe(
    [
      '57414c517365670a010001008e85e8c000112233445566778899aabbccddeeff',
      '07000000000000002a00000000000000175a0000090000009000000000000000',
      'efbeadde0068e5cf8b010000000000000000000000000000000000007dabca81',
    ].join(''),
  );
});

test('every field of a segment header is covered: each changed byte is a bad header', () => {
  const bytes = encodeSegmentHeader(header);
  for (let at = 0; at < bytes.length; at++) {
    const copy = bytes.slice();
    copy[at] = (copy[at] as number) ^ 0x41;
    expect(decodeSegmentHeader(copy).ok, `byte ${at}`).toBe(false);
  }
  for (let size = 0; size < bytes.length; size++) expect(decodeSegmentHeader(bytes.slice(0, size)).ok).toBe(false);
});

test('three frames are clean, whatever the size of the reads', async () => {
  const { bytes } = segment(three);
  for (const step of [1, 7, 40, 64, 4096]) {
    const { codes, seqs } = await judgeBytes(bytes, {}, step);
    expect(codes).toEqual([]);
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
  }
});

test('every byte of a frame is covered: each changed byte is found, and frames before it are kept', async () => {
  const { bytes, offsets } = segment(three);
  for (let at = segmentHeaderBytes; at < bytes.length; at++) {
    const copy = bytes.slice();
    copy[at] = (copy[at] as number) ^ 0x80;
    const { codes, seqs } = await judgeBytes(copy);
    expect(codes.length, `byte ${at}`).toBeGreaterThan(0);
    const before = offsets.filter((offset) => offset <= at).length - 1;
    expect(seqs, `byte ${at}`).toEqual([[], [1, 2], [1, 2, 3]][before]);
  }
});

test.for<[name: string, spec: FrameSpec, expected: string, fault?: Fault]>([
  ['a type that must not be skipped', { records: [], type: 77 }, 'newer E_NEWER_FRAME', 'wrong-seq'],
  ['a link to another frame', { records: ['c'], link: 12345 }, 'corrupt E_CHAIN', 'moved-bytes'],
  ['a seq that jumps', { records: ['c'], seqFirst: 9 }, 'corrupt E_GAP', 'wrong-seq'],
  ['a seq used before', { records: ['c'], seqFirst: 2 }, 'corrupt E_SEQ_BACK', 'wrong-seq'],
  ['a certified end beyond itself', { records: ['c'], certified: 4000 }, 'corrupt E_CERTIFIED'],
  ['another own offset', { records: ['c'], offset: 96 }, 'corrupt E_FRAME_HEADER', 'lying-sync'],
  ['the salt of another segment', { records: ['c'], salt: 1 }, 'corrupt E_FRAME_HEADER', 'moved-bytes'],
  ['a count above its records', { records: ['c'], count: 2 }, 'corrupt E_RECORDS'],
  ['a count below its records', { records: ['c', 'd'], count: 1 }, 'corrupt E_RECORDS'],
  ['an empty record', { payload: Uint8Array.of(0), count: 1 }, 'corrupt E_RECORDS'],
  ['a record that begins with 0', { payload: Uint8Array.of(1, 0), count: 1 }, 'corrupt E_RECORDS'],
  ['a record length beyond the payload', { payload: Uint8Array.of(200, 1, 65), count: 1 }, 'corrupt E_RECORDS'],
])('a frame with right checksums and %s is refused', async ([, spec, expected, fault], context) => {
  const { bytes } = segment([{ records: ['a', 'b'] }, spec, { records: ['x'] }]);
  const { codes, seqs } = await judgeBytes(bytes);
  expect(codes).toContain(expected);
  expect(seqs.slice(0, 2)).toEqual([1, 2]);
  if (fault !== undefined) tried(context, fault, { [expected.split(' ')[0] ?? '']: 1 });
});

test('unknown types from 128 on are skipped', async (context) => {
  const { bytes } = segment([
    { records: ['a'] },
    { payload: Uint8Array.of(1, 2, 3), type: 200, count: 0 },
    { records: ['b'] },
  ]);
  const { codes, seqs } = await judgeBytes(bytes);
  expect(codes).toEqual([]);
  expect(seqs).toEqual([1, 2]);
  tried(context, 'wrong-seq', { skipped: 1 });
});

test('a forged length with a right header checksum allocates nothing and is damage or a cut', async (context) => {
  const { bytes, offsets } = segment(three);
  const lengths = [payloadBytesMax, payloadBytesMax + 1, 2 ** 31, 2 ** 32 - 1];
  for (const length of lengths) {
    const copy = Buffer.from(bytes);
    const at = offsets[1] ?? 0;
    copy.writeUInt32LE(length, at + 4);
    copy.writeUInt32LE(crcOf(copy.subarray(at, at + 36), header.salt), at + 36);
    expect(decodeFrameHeader(copy, at, at, header.salt)?.payloadBytes).toBe(length);
    const before = process.memoryUsage().arrayBuffers;
    const { codes, seqs } = await judgeBytes(copy);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    expect(codes.some((code) => code.startsWith('corrupt'))).toBe(true);
    expect(seqs).toEqual([1, 2]);
  }
  tried(context, 'record-length', { 'refused, memory bounded': lengths.length });
});

test('the loss is exact: a hole owns the seqs between the frames around it', async () => {
  const { bytes, offsets } = segment([
    { records: ['a'] },
    { records: ['b', 'c', 'd'] },
    { records: ['e'] },
    { records: ['f'] },
  ]);
  const copy = bytes.slice();
  copy.fill(0xee, offsets[1], (offsets[2] ?? 0) + 3);
  const { lost, seqs, codes } = await judgeBytes(copy);
  expect(lost).toEqual([{ seqFirst: 2, seqLast: 5 }]);
  expect(seqs).toEqual([1]);
  expect(codes).toEqual(['corrupt E_FRAME_HEADER']);
});

test('SEAL ends a segment: a frame or any other byte after it is damage, zeros are padding', async () => {
  const sealed = [{ records: ['a'] }, { payload: new Uint8Array(0), type: FrameType.seal, count: 0 }];
  const alone = { alone: true };
  expect((await judgeBytes(segment(sealed).bytes, alone)).codes).toEqual([]);
  const after = await judgeBytes(segment([...sealed, { records: ['b'] }]).bytes, alone);
  expect(after.codes).toContain('corrupt E_AFTER_SEAL');
  const junk = await judgeBytes(Buffer.concat([segment(sealed).bytes, Buffer.from('junk')]), alone);
  expect(junk.codes).toContain('corrupt E_AFTER_SEAL');
  const zeros = await judgeBytes(Buffer.concat([segment(sealed).bytes, Buffer.alloc(700)]), alone);
  expect(zeros.codes).toEqual(['note E_PADDING']);
});
