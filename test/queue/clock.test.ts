import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tried } from '../support/tried.ts';
import { bench } from './support/fake-log.ts';
import { expectReplayable } from './support/take.ts';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const moves = [0, 0, 1, 250, -1, -hourMs, 10 * yearMs, -10 * yearMs];
const delays = [undefined, undefined, 1000, hourMs, 30 * 24 * hourMs];

test('however the clock jumps, jobs come in the order of their seqs, and none before its time', async (context) => {
  const outcomes: Record<string, number> = {};
  const count = (what: string): void => {
    outcomes[what] = (outcomes[what] ?? 0) + 1;
  };
  const step = fc.record({
    move: fc.constantFrom(...moves),
    delayMs: fc.constantFrom(...delays),
    takes: fc.integer({ min: 0, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const b = bench();
      let now = 1_700_000_000_000;
      b.clock.now = () => now;
      const waiting = new Map<string, { seq: number; runAt: number; atOnce: boolean }>();
      /** Those whose time had come at a look: a clock that goes back does not take that away. */
      const wereDue = new Set<string>();
      for (const { move, delayMs, takes } of steps) {
        now += move;
        count(move < 0 ? 'back' : move > hourMs ? 'far ahead' : move === 0 ? 'same millisecond' : 'on');
        const { id, seq } = await b.engine.enqueue(delayMs === undefined ? {} : { delayMs });
        waiting.set(id, { seq, runAt: now + (delayMs ?? 0), atOnce: delayMs === undefined });
        for (let n = 0; n < takes; n++) {
          for (const [each, { runAt, atOnce }] of waiting) if (atOnce || runAt <= now) wereDue.add(each);
          const due = [...wereDue].sort((x, y) => (waiting.get(x)?.seq ?? 0) - (waiting.get(y)?.seq ?? 0));
          expect((await b.engine.dispatch())?.id).toBe(due[0]);
          waiting.delete(due[0] ?? '');
          wereDue.delete(due[0] ?? '');
        }
      }
      expectReplayable(b);
    }),
  );
  tried(context, 'clock', outcomes);
});
