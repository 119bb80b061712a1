import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StatsCollector } from '../../src/commands/stats/collect.ts';
import { Spread } from '../../src/commands/stats/spread.ts';
import { Timeline } from '../../src/commands/stats/timeline.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { decodeEvent, encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { commands } from '../queue/model/commands.ts';
import { World } from '../queue/model/world.ts';
import { ack, dead, prune, retry } from '../queue/support/machines.ts';

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
    const buckets = spread.buckets();
    expect(buckets.at(0)).toEqual({ bottom: 3, top: 3, count: 2 });
    expect(buckets.slice(1).map(({ bottom }) => bottom)).toEqual(buckets.slice(0, -1).map(({ top }) => top + 1));
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
    const wide = new Timeline();
    for (const what of ['enqueued', 'completed', 'dead'] as const) wide.add(5000, what);
    for (let second = 0; second < 121; second++) wide.add(second * 1000, 'enqueued');
    expect(wide.widthMs).toBe(10_000);
    expect(wide.stretches()[0]).toEqual({ atMs: 0, enqueued: 11, completed: 1, dead: 1 });
  });

  test('shows a time in which nothing happened, and no more than fit of a long one', () => {
    const timeline = new Timeline();
    timeline.add(0, 'completed');
    timeline.add(4000, 'completed');
    expect(timeline.stretches().map(({ completed }) => completed)).toEqual([1, 0, 0, 0, 1]);
    const twoFarApart = new Timeline();
    twoFarApart.add(0, 'completed');
    twoFarApart.add(1e12, 'completed');
    expect(twoFarApart.stretches()).toHaveLength(120);
  });
});

describe('the events of a log', () => {
  const enqueue = (id: string, at: number, runAt = at, parents?: string[]): QueueEvent => {
    return { type: 'ENQUEUE', id, at, ...enqueueDefaults, name: 'mail', runAt, parents };
  };
  const dispatch = (id: string, at: number, attempt = 1): QueueEvent => {
    return { type: 'DISPATCH', id, at, attempt, owner: { kind: 'runner', epoch: 1 } };
  };

  function collect(...events: QueueEvent[]): StatsCollector {
    const collector = new StatsCollector();
    events.forEach((event, index) => {
      collector.take(encodeEvent(event), index + 1);
    });
    return collector;
  }

  test('a job waits from when it may run to its DISPATCH, and takes until its ACK, by the times of the log', () => {
    const { wait, took, unfinished, liveBytes } = collect(
      enqueue('a', 1000, 3000),
      dispatch('a', 3004),
      { type: 'ACK', id: 'a', at: 3010, durationMs: 5 },
      enqueue('b', 4000),
      dispatch('b', 4009),
      { type: 'ACK', id: 'b', at: 4016 },
    );
    expect([wait.quantile(0.5), wait.max]).toEqual([4, 9]);
    expect([took.quantile(0.5), took.max]).toEqual([6, 7]);
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
    const { wait, took, byName } = collect(enqueue('a', 0), dispatch('a', 8), retry, dispatch('a', 1023, 2));
    expect([wait.count, wait.quantile(0.5), wait.max]).toEqual([2, 3, 8]);
    expect([took.count, took.max]).toEqual([1, 12]);
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
    collector.take(Uint8Array.from([99, 1, 65, 7]), 2);
    expect(collector.byName.get('?')).toMatchObject({ completed: 1 });
    expect(collector.byType.get('TYPE_99')).toMatchObject({ events: 1 });
    expect(collector.undecoded).toBe(1);
  });

  test('the first and the last time are those of the clock, also where it stepped back', () => {
    const { firstMs, lastMs } = collect(enqueue('a', 20), enqueue('b', 10), enqueue('c', 15));
    expect([firstMs, lastMs]).toEqual([10, 20]);
  });

  test('what a foreign log says of a job that is dead changes nothing', () => {
    const events = [enqueue('a', 0), dead('a'), { ...dead('a'), from: '3' }, { ...ack('a'), from: '4' }];
    expect(collect(...events).byName.get('mail')).toMatchObject({ dead: 1, completed: 0, events: 4 });
  });

  test('a job that is cancelled while it waits or is leased is dead, one that a runner has when that says so', () => {
    const cancel = (id: string): QueueEvent => ({ type: 'CANCEL', id, at: 9 });
    const leased: QueueEvent = {
      type: 'DISPATCH',
      id: 'b',
      at: 2,
      attempt: 1,
      owner: { kind: 'lease', token: 't', deadlineMs: 99 },
    };
    const events = [enqueue('a', 0), enqueue('b', 0), enqueue('c', 0), leased, dispatch('c', 2)];
    const before = collect(...events, ...['a', 'b', 'c'].map(cancel));
    expect([before.byName.get('mail')?.dead, before.unfinished]).toEqual([2, 1]);
    expect(before.timeline.stretches()).toMatchObject([{ dead: 2 }]);
    const after = collect(...events, ...['a', 'b', 'c'].map(cancel), dead('c'));
    expect([after.byName.get('mail')?.dead, after.unfinished, after.liveBytes]).toEqual([3, 0, 0]);
    const late = collect(enqueue('c', 0), dispatch('c', 2), { type: 'TIMEOUT', id: 'c', at: 5 }, cancel('c'));
    expect(late.byName.get('mail')?.dead).toBe(1);
    const blind = collect(cancel('c'), dead('c'));
    expect([blind.byName.get('?')?.dead, blind.unfinished]).toEqual([1, 0]);
  });

  test('a dead job that is called back is the job it was, and no attempt of it was followed by another', () => {
    const called: QueueEvent = retry('a', { at: 20, runAt: 20, reason: 'redrive', reset: true });
    const events = [enqueue('a', 0), dispatch('a', 1), { ...dead('a'), at: 9 }, called];
    const back = collect(...events);
    expect([...back.byName]).toMatchObject([['mail', { enqueued: 1, completed: 0, dead: 0, retried: 1 }]]);
    expect([back.unfinished, back.liveBytes, back.attempts, back.attemptsRetried]).toEqual([1, back.bytes, 1, 0]);
    const done = collect(...events, dispatch('a', 23), { ...ack('a'), at: 25 });
    expect([...done.byName]).toMatchObject([['mail', { enqueued: 1, completed: 1, dead: 0, retried: 1 }]]);
    expect([done.wait.count, done.wait.max, done.took.count]).toEqual([2, 3, 2]);
  });

  test('a job whose time was changed waits from that one', () => {
    const { wait } = collect(enqueue('a', 0, 9000), { type: 'UPDATE', id: 'a', at: 10, runAt: 10 }, dispatch('a', 13));
    expect(wait.max).toBe(3);
  });

  test('a job waits from when the last of its parents has completed, whatever became of jobs of those ids', () => {
    const child = (at: number, ...parents: string[]): QueueEvent => enqueue('c', at, at, parents);
    const done = (id: string, at: number): QueueEvent[] => [dispatch(id, at - 1), { ...ack(id), at }];
    const waited = (...events: QueueEvent[]) => collect(...events).wait.max;
    const parents = [enqueue('a', 0), enqueue('b', 0)];
    expect(waited(...done('a', 1), child(1, 'a', 'b'), ...done('b', 500), dispatch('c', 507))).toBe(7);
    expect(waited(...parents, child(0, 'a', 'b'), ...done('b', 5), ...done('a', 500), dispatch('c', 508))).toBe(499);
    const again = [prune(['a']), enqueue('a', 2), ...done('a', 500)];
    expect(waited(...done('a', 1), child(1, 'a'), ...again, dispatch('c', 509))).toBe(508);
    const redriven = [
      ...[enqueue('a', 0), child(0, 'a'), { ...dead('a'), at: 3 }, { ...dead('c'), at: 3 }],
      ...['a', 'c'].map((id) => retry(id, { at: 20, runAt: 20, reason: 'redrive' })),
    ];
    expect(waited(...redriven, dispatch('a', 20), { ...ack('a'), at: 500 }, dispatch('c', 504))).toBe(4);
    const removed = [...parents, child(0, 'a'), { type: 'REMOVE', id: 'c', at: 1 } as const, enqueue('c', 2)];
    expect(waited(...removed, ...done('a', 500), dispatch('c', 510))).toBe(508);
  });

  test('an id that comes again after its dead job was removed or pruned is another job', () => {
    const gone: QueueEvent[] = [
      { type: 'REMOVE', id: 'a', at: 3 },
      prune(['a']),
      { type: 'PRUNE', id: '', at: 3, cutoff: { seq: 2, completed: false, dead: true } },
    ];
    for (const event of gone) {
      const { byName, unfinished } = collect(enqueue('a', 0), dead('a'), event, dispatch('a', 8), ack('a'));
      expect([byName.get('mail')?.dead, byName.get('?')?.completed, unfinished]).toEqual([1, 1, 0]);
    }
    const kept = collect(enqueue('a', 0), dead('a'), {
      type: 'PRUNE',
      id: '',
      at: 3,
      cutoff: { seq: 1, completed: true, dead: true },
    });
    expect(kept.unfinished).toBe(0);
  });

  test('are counted as the queue counts them, in any life of one', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (script) => {
        const world = new World({ crashesMax: 2, groupLimit: Number.POSITIVE_INFINITY });
        await world.play(script);
        await world.quiesce();
        const records = world.frames.flatMap((frame) => frame.records);
        const machine = new QueueMachine();
        let died = 0;
        const bytes = new Map<string, number>();
        machine.observer = (_, before, after) => {
          if (after.state === 'dead') died++;
          if (before?.state === 'dead') died--;
        };
        const collector = new StatsCollector();
        records.forEach((record, index) => {
          const event = decodeEvent(record);
          if (event.type === 'ENQUEUE') bytes.set(event.id, 0);
          bytes.set(event.id, (bytes.get(event.id) ?? 0) + record.length);
          machine.apply(record, index + 1);
          collector.take(record, index + 1);
        });
        const live = [...machine.jobs()].filter(({ state }) => state === 'pending' || state === 'in_flight');
        expect(collector.unfinished).toBe(live.length);
        expect(collector.liveBytes).toBe(live.reduce((sum, { id }) => sum + (bytes.get(id) ?? 0), 0));
        const sum = (member: 'enqueued' | 'completed' | 'dead' | 'retried'): number =>
          [...collector.byName.values()].reduce((all, each) => all + each[member], 0);
        const { enqueued, completed, retried, dispatched } = machine.totals;
        expect(['enqueued', 'completed', 'retried', 'dead'].map((each) => sum(each as 'dead'))).toEqual([
          enqueued,
          completed,
          retried,
          died,
        ]);
        expect(collector.attempts).toBe(dispatched);
        expect(collector.attemptsRetried).toBeLessThanOrEqual(dispatched);
        expect([...collector.byName.keys()].filter((name) => name === '?')).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
