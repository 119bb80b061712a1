import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arrivals, type Frame } from '../../../src/queue/ops/arrivals.ts';

test('holds what a set would hold, in its order, whoever leaves', () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'oldest', 'newest', 'any'), which: fc.nat(20) });
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const arrivals = new Arrivals();
      const set = new Set<Frame>();
      for (const [number, { kind, which }] of steps.entries()) {
        const there = [...set];
        const frame =
          kind === 'oldest' ? there[0] : kind === 'newest' ? there.at(-1) : kind === 'any' ? there[which] : undefined;
        if (kind === 'add') {
          const added = [{ id: String(number) }];
          arrivals.add(added);
          set.add(added);
        } else if (frame !== undefined) {
          arrivals.delete(frame);
          set.delete(frame);
        }
        expect([...arrivals]).toEqual([...set]);
      }
    }),
  );
});

test('stays short while thousands come and go, and one that is not there changes nothing', () => {
  const arrivals = new Arrivals();
  const frames = Array.from({ length: 5000 }, (_, n) => [{ id: String(n) }]);
  for (const [n, frame] of frames.entries()) {
    arrivals.add(frame);
    const old = frames[n - 10];
    if (old !== undefined) arrivals.delete(old);
    expect([...arrivals].length).toBe(Math.min(n + 1, 10));
  }
  arrivals.delete([{ id: 'stranger' }]);
  expect([...arrivals].map(([job]) => job?.id)).toEqual(frames.slice(-10).map(([job]) => job?.id));
});
