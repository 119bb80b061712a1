import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Heap } from '../../src/queue/heap.ts';
import type { PendingJob } from '../../src/queue/job.ts';
import { allLanes, ReadyIndex } from '../../src/queue/ready.ts';

function pending(
  seq: number,
  more: { runAt?: number; priority?: number; command?: readonly string[]; setback?: PendingJob['setback'] } = {},
): PendingJob {
  const { runAt = 0, priority = 0, command, setback } = more;
  return {
    state: 'pending',
    id: `j${seq}`,
    seq,
    options: { name: 'n', priority, maxAttempts: 1, timeoutMs: 0, backoff: 'none', command },
    payload: undefined,
    createdAt: 0,
    from: undefined,
    attempt: 0,
    crashes: 0,
    setback,
    runAt,
    timedOut: false,
  };
}

test('a heap gives everything back in order, whatever went in and was filtered out', () => {
  void fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((a, b) => a < b);
      for (const number of numbers) heap.push(number);
      heap.filter((number) => number % 3 !== 0);
      const out: number[] = [];
      for (let number = heap.pop(); number !== undefined; number = heap.pop()) out.push(number);
      expect(out).toEqual(numbers.filter((number) => number % 3 !== 0).sort((a, b) => a - b));
      expect(heap.size).toBe(0);
    }),
  );
});

describe('the ready index', () => {
  test('a job taken is gone until it is given back, and giving back twice does not double it', () => {
    const index = new ReadyIndex(() => true);
    const job = pending(1);
    index.add(job);
    expect(index.take(0, allLanes)).toBe(job);
    expect(index.take(0, allLanes)).toBeUndefined();
    index.giveBack(job);
    index.giveBack(job);
    expect(index.take(0, allLanes)).toBe(job);
    expect(index.take(0, allLanes)).toBeUndefined();
  });

  test('a job taken and then replaced is not given back', () => {
    let current: PendingJob | undefined = pending(1);
    const index = new ReadyIndex((job) => job === current);
    const job = current;
    index.add(job);
    index.take(0, allLanes);
    current = undefined;
    index.forget(job);
    index.giveBack(job);
    expect(index.take(0, allLanes)).toBeUndefined();
  });

  test('delayed jobs come up by their time, then by priority and seq', () => {
    const index = new ReadyIndex(() => true);
    for (const job of [
      pending(1, { runAt: 30 }),
      pending(2, { runAt: 10 }),
      pending(3, { runAt: 20, priority: 1 }),
      pending(4),
    ])
      index.add(job);
    expect(index.nextDueAt()).toBe(10);
    expect(index.delayedCount(9)).toBe(3);
    const taken = [
      index.take(20, allLanes),
      index.take(20, allLanes),
      index.take(20, allLanes),
      index.take(20, allLanes),
    ];
    expect(taken.map((job) => job?.seq)).toEqual([3, 2, 4, undefined]);
    expect(index.nextDueAt()).toBe(30);
  });

  test('a job given back without a wait is due whatever the clock says, one with a wait is not', () => {
    const index = new ReadyIndex(() => true);
    const setback = { at: 9_000_000, reason: 'crash', error: undefined, exitCode: undefined, signal: undefined };
    index.add(pending(1, { runAt: 9_000_000, setback }));
    index.add(pending(2, { runAt: 9_000_001, setback }));
    const clockSteppedBack = 5;
    expect(index.take(clockSteppedBack, allLanes)?.seq).toBe(1);
    expect(index.take(clockSteppedBack, allLanes)).toBeUndefined();
    expect(index.take(9_000_001, allLanes)?.seq).toBe(2);
  });

  test('of two lanes the better job comes first, of one lane only its own', () => {
    const index = new ReadyIndex(() => true);
    for (const job of [pending(1), pending(2, { command: ['true'] }), pending(3, { command: ['true'], priority: 1 })])
      index.add(job);
    expect(index.take(0, ['handler', 'command'])?.seq).toBe(3);
    expect(index.take(0, ['command'])?.seq).toBe(2);
    expect(index.take(0, ['command'])).toBeUndefined();
    expect(index.take(0, ['handler'])?.seq).toBe(1);
  });

  test('thousands of replaced jobs do not pile up', () => {
    const gone = new Set<PendingJob>();
    let looks = 0;
    const index = new ReadyIndex((job) => {
      looks++;
      return !gone.has(job);
    });
    const keep = pending(0, { priority: -1 });
    index.add(keep);
    for (let seq = 1; seq <= 10_000; seq++) {
      const job = pending(seq);
      index.add(job);
      gone.add(job);
      index.forget(job);
    }
    looks = 0;
    expect(index.take(0, allLanes)).toBe(keep);
    expect(looks).toBeLessThan(2500);
  });
});
