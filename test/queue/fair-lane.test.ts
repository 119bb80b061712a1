import { describe, expect, test } from 'vitest';
import { FairLane, Turns } from '../../src/queue/state/fair-lane.ts';
import type { PendingJob } from '../../src/queue/state/job.ts';
import { allLanes } from '../../src/queue/state/lane.ts';
import { ReadyIndex } from '../../src/queue/state/ready.ts';
import { Settings } from '../../src/queue/state/settings.ts';
import { pending } from './support/pending.ts';

const jobOf = (seq: number, group: string, name = 'n') => pending(seq, { group, name });

describe('a group that was held back', () => {
  test('has the first turn, and does not make up for those that it missed', () => {
    const lane = new FairLane(() => true, new Turns());
    for (const seq of [1, 2, 3]) lane.push(jobOf(seq, 'a'));
    for (const seq of [4, 5, 6, 7, 8, 9]) lane.push(jobOf(seq, 'b'));
    const take = (held: string | undefined): number | undefined => {
      const ticket = lane.peek((group) => group !== held);
      if (ticket !== undefined) lane.pop(ticket.top);
      return ticket?.top.seq;
    };
    expect([take('a'), take('a'), take('a')]).toEqual([4, 5, 6]);
    lane.unpark('a');
    expect(Array.from({ length: 6 }, () => take(undefined))).toEqual([1, 2, 7, 3, 8, 9]);
  });

  test('and lost its jobs meanwhile begins anew: each that comes is handed out once', () => {
    const gone = new Set<PendingJob>();
    const lane = new FairLane((job) => !gone.has(job), new Turns());
    const [first, second] = [jobOf(1, 'a'), jobOf(2, 'a')];
    lane.push(first);
    expect(lane.peek(() => false)).toBeUndefined();
    gone.add(first);
    lane.sweep();
    lane.push(second);
    lane.unpark('a');
    expect(lane.peek(() => true)?.top).toBe(second);
    lane.pop(second);
    expect(lane.peek(() => true)).toBeUndefined();
    expect(lane.size).toBe(0);
  });
});

describe('a group whose jobs have several names', () => {
  const wanted = { lanes: allLanes, names: new Set(['x', 'y']) };
  const index = (...jobs: PendingJob[]): ReadyIndex => {
    const made = new ReadyIndex({ isCurrent: () => true, passed: () => undefined }, new Settings());
    // From here on each name has a lane of its own.
    expect(made.take(0, wanted)).toBeUndefined();
    for (const job of jobs) made.add(job);
    return made;
  };
  const drain = (from: ReadyIndex): number[] => {
    const seqs: number[] = [];
    for (let job = from.take(0, wanted); job; job = from.take(0, wanted)) seqs.push(job.seq);
    return seqs;
  };

  test('has no turn for each of them', () => {
    expect(drain(index(jobOf(1, 'a', 'x'), jobOf(2, 'a', 'y'), jobOf(3, 'b', 'x')))).toEqual([1, 3, 2]);
  });

  test('has none either where it had no job of one of them for a while', () => {
    const b = [10, 11, 12].map((seq) => jobOf(seq, 'b', 'x'));
    const ready = index(jobOf(1, 'a', 'y'), ...[2, 3, 4].map((seq) => jobOf(seq, 'a', 'x')), ...b);
    expect(ready.take(0, wanted)?.seq).toBe(1);
    ready.add(jobOf(5, 'a', 'y'));
    expect(drain(ready)).toEqual([10, 2, 11, 3, 12, 4, 5]);
  });
});
