import { expect, test } from 'vitest';
import { type StoreReport, verifyStore } from '../../../src/storage/read.ts';
import { peekSnapshot } from '../../../src/storage/snapshot/read.ts';
import { writeSnapshot } from '../../../src/storage/snapshot/write.ts';
import { openStore } from '../../../src/storage/store.ts';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  type SegmentHeader,
  sealBytes,
  segmentHeaderBytes,
} from '../../../src/storage/wal/format.ts';
import { decodeHeadFile, encodeHeadFile, type HeadSlot } from '../../../src/storage/wal/head.ts';
import type { Fault } from '../../support/fault-table.ts';
import { tried } from '../../support/tried.ts';
import { bytesAt, dir, diskOf, fileOf, type Image, make, sampleStore, withFile } from './image.ts';

/** The rules of FORMAT.md that bind the files of a store together: each broken alone, with every checksum right. */

const head = `${dir}/HEAD`;
const otherStore = 'ff'.repeat(16);

const without = (image: Image, ...parts: string[]): Image =>
  parts.reduce((left, part) => withFile(left, fileOf(left, part), undefined), image);

function edited(image: Image, part: string, edit: (bytes: Uint8Array) => Uint8Array): Image {
  const path = fileOf(image, part);
  return withFile(image, path, edit(bytesAt(image, path).slice()));
}

/** Another header before the same frames. */
function withHeader(image: Image, part: string, change: Partial<SegmentHeader>): Image {
  return edited(image, part, (bytes) => {
    const result = decodeSegmentHeader(bytes);
    if (!result.ok) throw new Error('the header was sound');
    bytes.set(encodeSegmentHeader({ ...result.header, ...change }));
    return bytes;
  });
}

function withHead(image: Image, change: Partial<HeadSlot>): Image {
  const { slot } = decodeHeadFile(bytesAt(image, head));
  if (slot === undefined) throw new Error('HEAD was sound');
  return withFile(image, head, encodeHeadFile({ ...slot, ...change }));
}

const renamed = (image: Image, part: string, name: string): Image => {
  const path = fileOf(image, part);
  return withFile(withFile(image, path, undefined), `${dir}/wal/${name}`, bytesAt(image, path));
};

const cutTo = (bytes: number) => (all: Uint8Array) => all.slice(0, bytes < 0 ? all.length + bytes : bytes);
const [first, second, third] = ['0000000001-', '0000000002-', '0000000003-'];

test.for<[name: string, damage: (image: Image) => Image, expected: string, fault?: Fault]>([
  [
    'a name that is not the header’s',
    (i) => renamed(i, second, `${second}00000000000000000006.wal`),
    'corrupt E_SEGMENT_NAME',
    'moved-bytes',
  ],
  [
    'a segment of another store',
    (i) => withHeader(i, second, { storeId: otherStore }),
    'corrupt E_FOREIGN_SEGMENT',
    'moved-bytes',
  ],
  ['another end of the segment before', (i) => withHeader(i, third, { prevEnd: 8 }), 'corrupt E_SEGMENT_CHAIN'],
  ['another link of the segment before', (i) => withHeader(i, third, { prevLink: 8 }), 'corrupt E_SEGMENT_CHAIN'],
  ['another salt of the segment before', (i) => withHeader(i, third, { prevSalt: 8 }), 'corrupt E_SEGMENT_CHAIN'],
  ['a segment missing in the middle', (i) => without(i, second), 'corrupt E_MISSING_SEGMENT', 'missing-segment'],
  ['a segment missing after SEAL', (i) => without(i, third), 'corrupt E_MISSING_SEGMENT', 'missing-segment'],
  ['no SEAL before a segment in use', (i) => edited(i, second, cutTo(-sealBytes)), 'corrupt E_NOT_SEALED'],
  ['a sealed segment cut inside a frame', (i) => edited(i, first, cutTo(-20)), 'corrupt E_CUT', 'cut-sealed'],
  [
    'durable frames zeroed',
    (i) => edited(i, first, (b) => b.fill(0, segmentHeaderBytes)),
    'corrupt E_ZEROED',
    'zero-tail',
  ],
  ['a log that ends before HEAD', (i) => edited(i, third, cutTo(segmentHeaderBytes)), 'corrupt E_END_MISSING'],
  ['HEAD of another segment', (i) => withHead(i, { salt: 1 }), 'corrupt E_HEAD_MISMATCH', 'moved-bytes'],
  ['HEAD with another link', (i) => withHead(i, { link: 1 }), 'corrupt E_HEAD_MISMATCH', 'moved-bytes'],
  ['HEAD of another store', (i) => withHead(i, { storeId: otherStore }), 'note E_HEAD_FOREIGN', 'moved-bytes'],
  ['no HEAD', (i) => without(i, '/HEAD'), 'note E_HEAD_MISSING'],
  ['no STORE.json', (i) => without(i, 'STORE.json'), 'corrupt E_STORE_MISSING', 'missing-identity'],
  ['a log without a base', (i) => without(i, first, '04.snap', '08.snap'), 'no-base E_NO_BASE', 'missing-segment'],
  [
    'a snapshot cut off from its log',
    (i) => without(i, first, second),
    'degraded E_SNAPSHOT_STRANDED',
    'snapshot-apart',
  ],
  [
    'a snapshot beyond the log',
    (i) => without(i, second, third, '/HEAD'),
    'corrupt E_SNAPSHOT_AHEAD',
    'snapshot-apart',
  ],
  [
    'a rotation that was interrupted',
    (i) => without(edited(edited(i, second, cutTo(-sealBytes)), third, cutTo(segmentHeaderBytes)), '/HEAD'),
    'note E_ROTATION_UNFINISHED',
  ],
])('a store with %s is told so', async ([, damage, expected, fault], context) => {
  const report = await verifyStore(await diskOf(damage(await sampleStore({ closed: true }))), dir);
  expect(codes(report)).toContain(expected);
  if (fault !== undefined) tried(context, fault, { [expected.split(' ')[0] ?? '']: 1 });
});

test('a snapshot that names a frame which the log does not have is told so', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const header = await peekSnapshot(env, `${dir}/snapshots/00000000000000000008.snap`);
  if ('findings' in header) throw new Error('the snapshot was sound');
  const { storeId, kind, point } = header;
  await writeSnapshot(env, `${dir}/snapshots`, { storeId, kind, point: { ...point, link: 1 }, entries: [] });
  expect(codes(await verifyStore(env, dir))).toContain('degraded E_SNAPSHOT_CHAIN');
});

test('a store without a segment is gutted, not fresh', async (context) => {
  const gutted = without(await sampleStore({ closed: true }), first, second, third);
  // HEAD says where the log ended, and the snapshots up to where its state is kept.
  const report = await verifyStore(await diskOf(gutted), dir);
  expect(codes(report)).toEqual(['corrupt E_GUTTED']);
  expect(report).toMatchObject({ lost: [{ seqFirst: 9, seqLast: 12 }], lostUnknown: false });
  const open = await verifyStore(await diskOf(withHead(gutted, { closed: false })), dir);
  expect(open).toMatchObject({ lost: [{ seqFirst: 9, seqLast: 12 }], lostUnknown: true });
  const headless = await verifyStore(await diskOf(without(gutted, '/HEAD')), dir);
  expect(headless).toMatchObject({ lost: [], lostUnknown: true });
  await expect(openStore(await diskOf(gutted), dir, { machine: make })).rejects.toMatchObject({
    code: 'E_GUTTED',
    exit: 3,
  });
  tried(context, 'missing-identity', { refused: 1 });
});

function codes(report: StoreReport): string[] {
  return report.findings.map((finding) => `${finding.severity} ${finding.code}`);
}
