import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LostRange } from '../../../src/storage/types.ts';
import { lostBut } from '../../../src/storage/wal/judge-parts.ts';
import type { SegmentResult } from '../../../src/storage/wal/scan-log.ts';
import { scanSegment } from '../../../src/storage/wal/scan-segment.ts';
import { sourceOf } from '../../support/source.ts';

/** What is lost, less what stands somewhere: held against the same with sets of seqs. */

const range = fc.tuple(fc.nat(40), fc.nat(6)).map(([seqFirst, more]) => ({ seqFirst, seqLast: seqFirst + more }));

const empty = await scanSegment(sourceOf(new Uint8Array(0)));

/** A segment from the first seq of `held` to its last, with these holes. */
function holding(held: LostRange, lacks: readonly LostRange[]): SegmentResult {
  const place = { kind: 'payload', offset: 0, end: 0, zeroSector: false, allZeros: false, atEnd: false } as const;
  const holes = lacks.map((each) => ({ ...place, ...each }));
  const last = { end: 0, link: 0, seqNext: held.seqLast + 1 };
  const input = { file: '', open: async () => Promise.reject(new Error('not read')) };
  return {
    input,
    scan: { ...empty, seqFirst: held.seqFirst, last, holes },
    afterHole: false,
    pointsPassed: new Map(),
  };
}

const seqsOf = (ranges: readonly LostRange[]): Set<number> =>
  new Set(
    ranges.flatMap(({ seqFirst, seqLast }) => Array.from({ length: seqLast - seqFirst + 1 }, (_, at) => seqFirst + at)),
  );

test('every seq that is lost and stands nowhere, once and in order', () => {
  fc.assert(
    fc.property(fc.array(range), fc.array(fc.tuple(range, fc.array(range))), (lost, held) => {
      const found = lostBut(
        lost,
        held.map(([one, lacks]) => holding(one, lacks)),
      );
      const stands = new Set(
        held.flatMap(([one, lacks]) => {
          const gone = seqsOf(lacks);
          return [...seqsOf([one])].filter((seq) => !gone.has(seq));
        }),
      );
      const wanted = [...seqsOf(lost)].filter((seq) => !stands.has(seq)).sort((a, b) => a - b);
      expect(found.flatMap((each) => [...seqsOf([each])])).toEqual(wanted);
    }),
  );
});

test('a segment with as many holes as are listed takes no time', () => {
  const holes = Array.from({ length: 10_000 }, (_, at) => ({ seqFirst: 3 * at + 2, seqLast: 3 * at + 2 }));
  const all = { seqFirst: 1, seqLast: 30_001 };
  const begun = performance.now();
  expect(lostBut([all], [holding(all, holes)])).toEqual(holes);
  expect(performance.now() - begun).toBeLessThan(2000);
});
