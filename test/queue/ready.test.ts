import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Heap } from '../../src/queue/state/heap.ts';
import type { PendingJob } from '../../src/queue/state/job.ts';
import { allLanes, type Wanted } from '../../src/queue/state/lane.ts';
import { ReadyIndex } from '../../src/queue/state/ready.ts';
import { Settings } from '../../src/queue/state/settings.ts';
import { pending } from './support/pending.ts';

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

test('a heap gives the least of what is in it at any time, in order or not, and lists exactly that', () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 500 }), count: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ pop: fc.integer({ min: 1, max: 150 }) }),
  );
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const heap = new Heap<number>((a, b) => a < b);
      let model: number[] = [];
      for (const next of steps) {
        if ('push' in next) {
          // In order, from a place of its own on.
          const numbers = Array.from({ length: next.count }, (_, at) => next.push + at);
          for (const number of numbers) heap.push(number);
          model = [...model, ...numbers].sort((a, b) => a - b);
        } else {
          for (let count = 0; count < next.pop; count++) expect(heap.pop()).toBe(model.shift());
        }
        expect(heap.peek()).toBe(model[0]);
        expect(heap.size).toBe(model.length);
        expect([...heap].sort((a, b) => a - b)).toEqual(model);
      }
    }),
  );
});

const all: Wanted = { lanes: allLanes };

function indexOf(isCurrent: (job: PendingJob) => boolean = () => true, settings = new Settings()): ReadyIndex {
  return new ReadyIndex({ isCurrent, passed: () => undefined }, settings);
}

/** Takes until nothing comes any more. */
function drain(index: ReadyIndex, wanted = all): number[] {
  const seqs: number[] = [];
  for (let job = index.take(0, wanted); job; job = index.take(0, wanted)) seqs.push(job.seq);
  return seqs;
}

describe('the ready index', () => {
  test('a job taken is gone until it is given back, and giving back twice does not double it', () => {
    const index = indexOf();
    const job = pending(1);
    index.add(job);
    expect(index.take(0, all)).toBe(job);
    expect(index.take(0, all)).toBeUndefined();
    index.giveBack(job);
    index.giveBack(job);
    expect(index.take(0, all)).toBe(job);
    expect(index.take(0, all)).toBeUndefined();
  });

  test('a job taken and then replaced is not given back', () => {
    let current: PendingJob | undefined = pending(1);
    const index = indexOf((job) => job === current);
    const job = current;
    index.add(job);
    index.take(0, all);
    current = undefined;
    index.forget(job);
    index.giveBack(job);
    expect(index.take(0, all)).toBeUndefined();
  });

  test('delayed jobs come up by their time, then by priority and seq', () => {
    const index = indexOf();
    for (const job of [
      pending(1, { runAt: 30 }),
      pending(2, { runAt: 10 }),
      pending(3, { runAt: 20, priority: 1 }),
      pending(4),
    ])
      index.add(job);
    expect(index.nextDueAt()).toBe(10);
    expect(index.delayedCount(9)).toBe(3);
    const taken = [index.take(20, all), index.take(20, all), index.take(20, all), index.take(20, all)];
    expect(taken.map((job) => job?.seq)).toEqual([3, 2, 4, undefined]);
    expect(index.nextDueAt()).toBe(30);
  });

  test('a job given back without a wait is due whatever the clock says, one with a wait is not', () => {
    const index = indexOf();
    const setback = { at: 9_000_000, reason: 'crash', error: undefined, exitCode: undefined, signal: undefined };
    index.add(pending(1, { runAt: 9_000_000, setback }));
    index.add(pending(2, { runAt: 9_000_001, setback }));
    const clockSteppedBack = 5;
    expect(index.take(clockSteppedBack, all)?.seq).toBe(1);
    expect(index.take(clockSteppedBack, all)).toBeUndefined();
    expect(index.take(9_000_001, all)?.seq).toBe(2);
  });

  test('of two lanes the better job comes first, of one lane only its own', () => {
    const index = indexOf();
    for (const job of [pending(1), pending(2, { command: ['true'] }), pending(3, { command: ['true'], priority: 1 })])
      index.add(job);
    expect(index.take(0, all)?.seq).toBe(3);
    expect(index.take(0, { lanes: ['command'] })?.seq).toBe(2);
    expect(index.take(0, { lanes: ['command'] })).toBeUndefined();
    expect(index.take(0, { lanes: ['handler'] })?.seq).toBe(1);
  });

  test('thousands of replaced jobs do not pile up', () => {
    const gone = new Set<PendingJob>();
    let looks = 0;
    const index = indexOf((job) => {
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
    expect(index.take(0, all)).toBe(keep);
    expect(looks).toBeLessThan(2500);
  });
});

describe('groups', () => {
  const groups = (counts: Record<string, number>): PendingJob[] => {
    let seq = 0;
    return Object.entries(counts).flatMap(([group, count]) =>
      Array.from({ length: count }, () => pending(++seq, { group })),
    );
  };

  test('take turns, each in its own order', () => {
    const index = indexOf();
    for (const job of groups({ a: 4, b: 2, '': 2 })) index.add(job);
    expect(drain(index)).toEqual([1, 5, 7, 2, 6, 8, 3, 4]);
  });

  test('take turns among equal priorities only', () => {
    const index = indexOf();
    const jobs = [pending(1, { group: 'a' }), pending(2, { group: 'a', priority: 1 }), pending(3, { group: 'b' })];
    for (const job of [...jobs, pending(4, { group: 'a', priority: 1 })]) index.add(job);
    expect(drain(index)).toEqual([2, 4, 3, 1]);
  });

  test('that come later do not make up for turns before their time', () => {
    const index = indexOf();
    for (const job of groups({ a: 5 })) index.add(job);
    for (const seq of [1, 2, 3]) expect(index.take(0, all)?.seq).toBe(seq);
    for (let seq = 6; seq <= 8; seq++) index.add(pending(seq, { group: 'b' }));
    expect(drain(index)).toEqual([4, 6, 5, 7, 8]);
  });

  test('with a limit have no more jobs at work, and others go meanwhile', () => {
    const settings = new Settings();
    settings.limit({ type: 'LIMIT', id: '', at: 0, group: 'a', concurrency: 2 });
    const index = indexOf(undefined, settings);
    const jobs = groups({ a: 4, b: 1 });
    for (const job of jobs) index.add(job);
    expect(drain(index)).toEqual([1, 5, 2]);
    index.forget(jobs[0] as PendingJob);
    expect(drain(index)).toEqual([3]);
    index.giveBack(jobs[1] as PendingJob);
    expect(drain(index)).toEqual([2]);
  });

  test('that are paused wait, and go on where they were', () => {
    const settings = new Settings();
    const index = indexOf(undefined, settings);
    for (const job of groups({ a: 2, b: 2 })) index.add(job);
    settings.pause({ type: 'PAUSE', id: '', at: 0, group: 'a' });
    index.settingsChanged();
    expect(drain(index)).toEqual([3, 4]);
    settings.resume({ type: 'RESUME', id: '', at: 0, group: 'a' });
    index.settingsChanged();
    expect(drain(index)).toEqual([1, 2]);
  });

  test('by the ten thousand, all at their limit, cost a look each and no more', () => {
    let looks = 0;
    const settings = new Settings();
    const index = indexOf(() => {
      looks++;
      return true;
    }, settings);
    index.gate = { mayGo: (_group, inFlight) => inFlight < 1 };
    for (let seq = 1; seq <= 20_000; seq++) {
      index.add(pending(seq, { group: `g${seq}` }));
      index.add(pending(seq + 50_000, { group: `g${seq}` }));
    }
    expect(drain(index)).toHaveLength(20_000);
    looks = 0;
    for (let turn = 0; turn < 100; turn++) expect(index.take(0, all)).toBeUndefined();
    expect(looks).toBeLessThan(1000);
  });
});

describe('names', () => {
  test('a worker that wants some of them gets only those', () => {
    const index = indexOf();
    for (const job of [pending(1, { name: 'a' }), pending(2, { name: 'b' }), pending(3, { name: 'a' })]) index.add(job);
    expect(index.take(0, { lanes: allLanes, names: new Set(['b', 'c']) })?.seq).toBe(2);
    expect(index.take(0, { lanes: allLanes, names: new Set(['b', 'c']) })).toBeUndefined();
    expect(drain(index)).toEqual([1, 3]);
  });

  test('that are paused wait, those that were so from the start too', () => {
    const settings = new Settings();
    settings.pause({ type: 'PAUSE', id: '', at: 0, name: 'a' });
    const index = indexOf(undefined, settings);
    for (const job of [pending(1, { name: 'a' }), pending(2, { name: 'b' })]) index.add(job);
    expect(drain(index)).toEqual([2]);
    settings.pause({ type: 'PAUSE', id: '', at: 0 });
    settings.resume({ type: 'RESUME', id: '', at: 0, name: 'a' });
    index.settingsChanged();
    expect(drain(index)).toEqual([]);
    settings.resume({ type: 'RESUME', id: '', at: 0 });
    index.settingsChanged();
    expect(drain(index)).toEqual([1]);
  });
});

test('expired jobs are found in the order of their expiry, and stay until they are dead', () => {
  const gone = new Set<PendingJob>();
  const index = indexOf((job) => !gone.has(job));
  const jobs = [
    pending(1, { expiresAt: 30 }),
    pending(2, { expiresAt: 10 }),
    pending(3, { runAt: 15 }),
    pending(4, { expiresAt: 20 }),
  ];
  for (const job of jobs) index.add(job);
  expect(index.nextDueAt()).toBe(10);
  expect(index.expired(20, 10).map((job) => job.seq)).toEqual([2, 4]);
  expect(index.expired(20, 1).map((job) => job.seq)).toEqual([2]);
  for (const job of jobs.slice(0, 2)) {
    gone.add(job);
    index.forget(job);
  }
  expect(index.expired(99, 10).map((job) => job.seq)).toEqual([4]);
});
