import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StatsCollector } from '../../src/commands/stats/collect.ts';
import { Spread } from '../../src/commands/stats/spread.ts';
import { Timeline } from '../../src/commands/stats/timeline.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';

describe('a spread of values', () => {
  test('knows each quantile to within a twelfth, and never more than the largest value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100_000_000), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (values, share) => {
          const spread = new Spread();
          for (const value of values) spread.add(value);
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(values.length * share)) - 1] ?? 0;
          const got = spread.quantile(share) ?? -1;
          expect(got).toBeGreaterThanOrEqual(exact);
          expect(got).toBeLessThanOrEqual(Math.min(spread.max, Math.ceil(exact * (1 + 1 / 11)) + 1));
        },
      ),
    );
  });

  test('has no quantile without a value, and a shape that counts each once', () => {
    const spread = new Spread();
    expect(spread.quantile(0.5)).toBeUndefined();
    expect(spread.shape(10)).toEqual([]);
    for (const value of [3, 3, 40, 5000]) spread.add(value);
    const shape = spread.shape(6);
    expect(shape.length).toBeLessThanOrEqual(6);
    expect(shape.reduce((sum, each) => sum + each, 0)).toBe(4);
    expect(shape[0]).toBe(2);
  });
});

describe('a timeline', () => {
  test('makes its stretches longer when there are too many, and loses none', () => {
    const timeline = new Timeline();
    for (let second = 0; second < 5000; second += 5) timeline.add(second * 1000, 'enqueued');
    timeline.add(4_999_000, 'dead');
    expect(timeline.widthMs).toBe(60_000);
    const stretches = timeline.stretches();
    expect(stretches.length).toBeLessThanOrEqual(120);
    expect(stretches.reduce((sum, { enqueued }) => sum + enqueued, 0)).toBe(1000);
    expect(stretches.at(-1)).toMatchObject({ atMs: 4_980_000, dead: 1 });
  });

  test('shows a time in which nothing happened, and no more than asked of a long one', () => {
    const timeline = new Timeline();
    timeline.add(0, 'completed');
    timeline.add(4000, 'completed');
    expect(timeline.stretches().map(({ completed }) => completed)).toEqual([1, 0, 0, 0, 1]);
    const twoFarApart = new Timeline();
    twoFarApart.add(0, 'completed');
    twoFarApart.add(1e12, 'completed');
    expect(twoFarApart.stretches(50)).toHaveLength(50);
  });
});

describe('the events of a log', () => {
  const enqueue = (id: string, at: number, runAt = at): QueueEvent => {
    return { type: 'ENQUEUE', id, at, ...enqueueDefaults, name: 'mail', runAt };
  };
  const dispatch = (id: string, at: number, attempt = 1): QueueEvent => {
    return { type: 'DISPATCH', id, at, attempt, owner: { kind: 'runner', epoch: 1 } };
  };

  function collect(...events: QueueEvent[]): StatsCollector {
    const collector = new StatsCollector();
    for (const event of events) collector.take(encodeEvent(event));
    return collector;
  }

  test('a job waits from when it may run to its DISPATCH, and runs to its ACK', () => {
    const { wait, run, unfinished, liveBytes } = collect(
      enqueue('a', 1000, 3000),
      dispatch('a', 3004),
      { type: 'ACK', id: 'a', at: 3010, durationMs: 5 },
      enqueue('b', 4000),
      dispatch('b', 4009),
      { type: 'ACK', id: 'b', at: 4016 },
    );
    expect([wait.quantile(0.5), wait.max]).toEqual([4, 9]);
    expect([run.quantile(0.5), run.max]).toEqual([5, 7]);
    expect({ unfinished, liveBytes }).toEqual({ unfinished: 0, liveBytes: 0 });
  });

  test('an attempt after a RETRY waits from the time that this names', () => {
    const retry: QueueEvent = {
      type: 'RETRY',
      id: 'a',
      at: 20,
      runAt: 1020,
      reason: 'failed',
      refund: false,
      reset: false,
    };
    const { wait, run, byName } = collect(enqueue('a', 0), dispatch('a', 8), retry, dispatch('a', 1023, 2));
    expect([wait.count, wait.quantile(0.5), wait.max]).toEqual([2, 3, 8]);
    expect([run.count, run.max]).toEqual([1, 12]);
    expect(byName.get('mail')).toMatchObject({ enqueued: 1, retried: 1, completed: 0, dead: 0, events: 4 });
  });

  test('live bytes are those of the events of unfinished jobs', () => {
    const collector = collect(enqueue('a', 0), enqueue('b', 0), dispatch('b', 1), {
      type: 'ACK',
      id: 'b',
      at: 2,
    });
    expect(collector.liveBytes).toBe(encodeEvent(enqueue('a', 0)).length);
    expect(collector.unfinished).toBe(1);
  });

  test('a job whose ENQUEUE is not in the log, and a record that cannot be read, are counted all the same', () => {
    const collector = collect({ type: 'ACK', id: 'gone', at: 5, durationMs: 2 });
    collector.take(Uint8Array.from([99, 1, 65, 7]));
    expect(collector.byName.get('?')).toMatchObject({ completed: 1 });
    expect(collector.byType.get('TYPE_99')).toMatchObject({ events: 1 });
    expect(collector.undecoded).toBe(1);
  });
});
