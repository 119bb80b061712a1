import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { halve, probesFor } from '../../../src/commands/bisect/halve.ts';
import type { Answer } from '../../../src/commands/bisect/types.ts';

/** Counts what is asked, and that nothing is asked twice or outside. */
function asking(of: (point: number) => Answer, good: number, bad: number) {
  const asked = new Set<number>();
  return {
    asked,
    ask: async (point: number): Promise<Answer> => {
      expect(asked.has(point) || point <= good || point >= bad).toBe(false);
      asked.add(point);
      return of(point);
    },
  };
}

test('one change among any number of points is found with as many questions as it takes to halve them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (count, share) => {
        const turn = 1 + Math.floor(share * (count - 1));
        const { ask, asked } = asking((point) => (point < turn ? 'good' : 'bad'), 0, count);
        expect(await halve({ good: 0, bad: count }, undefined, ask)).toEqual({
          good: turn - 1,
          bad: turn,
          skipped: [],
        });
        expect(asked.size).toBeLessThanOrEqual(probesFor(count - 1));
      },
    ),
  );
});

test('whatever the answers, one is left that is good and one that is bad, with skipped ones between them', async () => {
  const answers = fc.array(fc.constantFrom<Answer>('good', 'bad', 'skip'), { maxLength: 150 });
  await fc.assert(
    fc.asyncProperty(answers, async (all) => {
      const of = (point: number): Answer => all[point - 1] ?? 'bad';
      const { ask } = asking(of, 0, all.length + 1);
      const { good, bad, skipped } = await halve({ good: 0, bad: all.length + 1 }, undefined, ask);
      if (good > 0) expect(of(good)).toBe('good');
      if (bad <= all.length) expect(of(bad)).toBe('bad');
      const between = Array.from({ length: bad - good - 1 }, (_, n) => good + 1 + n);
      if (skipped.length < 100) expect(skipped).toEqual(between);
      for (const point of skipped) expect(of(point)).toBe('skip');
    }),
    { numRuns: 1000 },
  );
});

test('only the points given are asked', async () => {
  const points = [5, 17, 40, 41, 99];
  for (const turn of [1, 6, 18, 41, 42, 100, 101]) {
    const { ask, asked } = asking((point) => (point < turn ? 'good' : 'bad'), 0, 101);
    const { good, bad } = await halve({ good: 0, bad: 101 }, points, ask);
    expect([...asked].every((point) => points.includes(point))).toBe(true);
    expect(asked.size).toBeLessThanOrEqual(3);
    expect([good, bad]).toEqual([
      Math.max(0, ...points.filter((each) => each < turn)),
      Math.min(101, ...points.filter((each) => each >= turn)),
    ]);
  }
});

test('a hundred points that cannot tell end a search among a billion', async () => {
  const { ask, asked } = asking(() => 'skip', 0, 1e9);
  const { good, bad, skipped } = await halve({ good: 0, bad: 1e9 }, undefined, ask);
  expect([good, bad, skipped.length, asked.size]).toEqual([0, 1e9, 100, 100]);
});

test('a stretch that cannot tell is gone around', async () => {
  const of = (point: number): Answer =>
    point > 400_000 && point < 600_000 ? 'skip' : point < 700_123 ? 'good' : 'bad';
  const { ask, asked } = asking(of, 0, 1e6);
  expect(await halve({ good: 0, bad: 1e6 }, undefined, ask)).toEqual({ good: 700_122, bad: 700_123, skipped: [] });
  expect(asked.size).toBeLessThan(30);
});
