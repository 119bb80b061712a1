import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scanStream } from '../../../src/storage/read.ts';
import { varintPayload } from '../../../src/storage/wal/encode-frames.ts';
import { segmentHeaderBytes } from '../../../src/storage/wal/format.ts';
import { sourceOf } from '../../support/source.ts';
import { tried } from '../../support/tried.ts';
import { type FrameSpec, header, segment } from './build.ts';

/**
 * Frozen: made once, by another program from the words of FORMAT.md alone, and read for ever. A new version of the log
 * gets a file of its own; this one is not touched any more.
 */
const frozen = new Uint8Array(
  Buffer.from(readFileSync(new URL('./version-1.hex', import.meta.url), 'utf8').replaceAll('\n', ''), 'hex'),
);

const texts = new Map([
  [1, 'job_1'],
  [2, 'jöb_2 ✓'],
  [3, 'x'.repeat(200)],
  [6, 'job_6'],
]);
const sha256 = Buffer.from(Array.from({ length: 32 }, (_, index) => index));

test('a segment of log format 1 with every type of frame is read as what was written', async (context) => {
  const frames: string[] = [];
  const records = new Map<number, string>();
  const payloads = new Map<string, string>();
  const report = await scanStream(sourceOf(frozen), {
    frame: ({ type, typeByte, offset, seqFirst, count, payload }) => {
      frames.push(`${offset} ${type === 'other' ? typeByte : type} ${seqFirst}+${count}`);
      payloads.set(`${offset} ${type}`, Buffer.from(payload).toString('hex'));
      return undefined;
    },
    record: ({ seq, bytes }) => {
      records.set(seq, Buffer.from(bytes).toString());
      return undefined;
    },
  });
  expect(frames).toEqual([
    '96 open 1+0',
    '152 data 1+2',
    '216 data 3+1',
    '464 snapshot 4+0',
    '544 lost 4+2',
    '592 200 6+0',
    '648 close 6+0',
    '696 open 6+0',
    '752 data 6+1',
    '800 seal 7+0',
  ]);
  expect(records).toEqual(texts);
  expect(payloads.get('464 snapshot')).toBe(`03${sha256.toString('hex')}`);
  expect(payloads.get('592 other')).toBe(Buffer.from('of a later walq').toString('hex'));
  expect(report).toMatchObject({ storeId: header.storeId, seqFirst: 1, seqLast: 6, bytes: frozen.length });
  expect(report.findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
  tried(context, 'versions', { 'frozen bytes of format 1 read': frames.length });
});

test('log format 1 is still written to the byte as it was', () => {
  const ms = header.createdMs;
  const [first, second] = [96, 696];
  const frames: FrameSpec[] = [
    { type: 2, payload: varintPayload(0xabcdef012345, ms + 1, 4711), certified: first },
    { records: [texts.get(1) ?? '', texts.get(2) ?? ''], certified: first },
    { records: [texts.get(3) ?? ''] },
    { type: 5, payload: Buffer.concat([varintPayload(3), sha256]) },
    { type: 6, payload: varintPayload(ms + 2), count: 2 },
    { type: 200, payload: Buffer.from('of a later walq') },
    { type: 3, payload: varintPayload(ms + 3) },
    { type: 2, payload: varintPayload(1, ms + 4, 4712), certified: second },
    { records: [texts.get(6) ?? ''], certified: second },
    { type: 4, payload: new Uint8Array(0) },
  ];
  const written = segment(frames, { salt: 0x5a17c0de });
  expect(written.offsets[0]).toBe(segmentHeaderBytes);
  expect(Buffer.from(written.bytes).toString('hex')).toBe(Buffer.from(frozen).toString('hex'));
});
