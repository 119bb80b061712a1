import { describe, expect, test } from 'vitest';
import { crcOf } from '../../../src/base/bytes.ts';
import { FrameType, segmentHeaderBytes } from '../../../src/storage/wal/format.ts';
import { type Evidence, scanLog } from '../../../src/storage/wal/scan-log.ts';
import { sourceOf } from '../../support/source.ts';
import { type FrameSpec, header, judgeBytes, segment } from './build.ts';

/** A segment whose header does not hold, read with the salt that the next one knows. */

const { storeId, salt } = header;
const nextHeader = { ...header, ordinal: 2, seqFirst: 5, prevSalt: salt };
const known: Evidence = { storeId, alone: true, nextHeader, nextInUse: true };
const head = { counter: 1, storeId, ordinal: 1, seqLast: 4, end: 1, link: 1, salt, closed: false };
const seal: FrameSpec = { type: FrameType.seal };
const frames: FrameSpec[] = [{ records: ['a', 'b'] }, { records: ['c'] }, { records: ['d'] }, seal];

function damaged(specs: readonly FrameSpec[], at = 20): Uint8Array {
  const { bytes } = segment(specs);
  bytes[at] = (bytes[at] ?? 0) ^ 0x41;
  bytes[at + 1] = (bytes[at + 1] ?? 0) ^ 0x41;
  return bytes;
}

describe('a damaged segment header', () => {
  test('costs no event where the salt is known', async () => {
    const judged = await judgeBytes(damaged(frames), known);
    expect(judged).toMatchObject({ codes: ['corrupt E_SEGMENT_HEADER'], readable: [1, 2, 3, 4], lost: [] });
    expect(judged).toMatchObject({ lostUnknown: false, seqNext: 5 });
    // What the header said of the segment before is gone: nobody replays over that.
    expect(judged.seqs).toEqual([]);
    // The magic too.
    expect(await judgeBytes(damaged(frames, 0), known)).toMatchObject({ readable: [1, 2, 3, 4], lost: [] });
  });

  test('costs all of them where nobody knows it, or where it is of another store', async () => {
    for (const evidence of [
      { storeId, alone: true },
      { ...known, nextHeader: { ...nextHeader, storeId: 'f'.repeat(32) } },
      { ...known, nextHeader: { ...nextHeader, ordinal: 3 } },
      { storeId, alone: true, head: { ...head, storeId: 'f'.repeat(32) } },
      { storeId, alone: true, head: { ...head, ordinal: 2 } },
      { ...known, nextHeader: { ...nextHeader, prevSalt: salt + 1 } },
    ]) {
      const judged = await judgeBytes(damaged(frames), evidence);
      expect(judged.codes.filter((code) => !code.startsWith('note'))).toEqual(['corrupt E_SEGMENT_HEADER']);
      expect(judged).toMatchObject({ readable: [], lostUnknown: true });
    }
  });

  test('does not hide that events are missing before the first frame', async () => {
    const later = segment([{ records: ['c'], seqFirst: 3 }, { records: ['d'] }, seal]).bytes;
    later[20] = 0;
    const judged = await judgeBytes(later, known);
    expect(judged.codes).toEqual(['corrupt E_SEGMENT_HEADER', 'corrupt E_GAP']);
    expect(judged).toMatchObject({ readable: [3, 4], seqs: [], lost: [{ seqFirst: 1, seqLast: 2 }] });
  });

  test('does not hide what is damaged behind it: the loss is that of the frame', async () => {
    const { offsets } = segment(frames);
    for (const [index, lost] of [
      [0, { seqFirst: 1, seqLast: 2 }],
      [1, { seqFirst: 3, seqLast: 3 }],
      [2, { seqFirst: 4, seqLast: 4 }],
    ] as const) {
      const bytes = damaged(frames);
      bytes.fill(0x77, offsets[index], (offsets[index] ?? 0) + 44);
      const judged = await judgeBytes(bytes, known);
      expect(judged.codes).toEqual(['corrupt E_SEGMENT_HEADER', 'corrupt E_FRAME_HEADER']);
      expect(judged.lost).toEqual([lost]);
      expect(judged.readable).toEqual([1, 2, 3, 4].filter((seq) => seq < lost.seqFirst || seq > lost.seqLast));
    }
  });

  test('had the checksum that the first frame tells: a snapshot that stands on it is known by that', async () => {
    const { links } = segment(frames);
    const [link = 0] = links;
    const own = { ordinal: 1, offset: segmentHeaderBytes, link, salt };
    const other = { ...own, link: link + 1 };
    const name = { name: '0000000001-00000000000000000001.wal', ordinal: 1, seqFirst: 1 };
    const open = async () => ({ ...sourceOf(damaged(frames)), close: async () => {} });
    const log = await scanLog([{ file: name.name, name, open }], { ...known, points: [own, other] });
    const { pointsPassed } = log.segments[0] ?? {};
    expect([pointsPassed?.get(own), pointsPassed?.get(other)]).toEqual([true, false]);
  });

  test('is told of in turn, as every fault is: what comes behind may not follow', async () => {
    const badLink: FrameSpec[] = [{ records: ['a'] }, { records: ['b'], link: 5 }, { records: ['c'] }, seal];
    const told = async (bytes: Uint8Array): Promise<string[]> => {
      const turns: string[] = [];
      const name = { name: '0000000001-00000000000000000001.wal', ordinal: 1, seqFirst: 1 };
      const open = async () => ({ ...sourceOf(bytes), close: async () => {} });
      await scanLog([{ file: name.name, name, open }], known, {
        hole: () => void turns.push('hole'),
        record: ({ bytes: record }) => void turns.push(Buffer.from(record).toString()),
      });
      return turns;
    };
    expect(await told(segment(badLink).bytes)).toEqual(['a', 'hole', 'b', 'c']);
    expect(await told(damaged(badLink))).toEqual(['hole', 'a', 'hole', 'b', 'c']);
    expect(await told(segment(frames).bytes)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('of a newer format is not read past', async () => {
    const bytes = Buffer.from(segment(frames).bytes);
    bytes.writeUInt16LE(9, 8);
    bytes.writeUInt16LE(9, 10);
    bytes.writeUInt32LE(crcOf(bytes.subarray(0, 12)), 12);
    expect(await judgeBytes(bytes, known)).toMatchObject({ readable: [], codes: ['newer E_NEWER_FORMAT'] });
  });
});
