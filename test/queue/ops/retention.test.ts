import { afterEach, expect, test } from 'vitest';
import { decodeEvent } from '../../../src/queue/events/events.ts';
import { Sweeper } from '../../../src/queue/run/sweeper.ts';
import { type Bench, bench } from '../support/fake-log.ts';
import { expectReplayable, take } from '../support/take.ts';

let b: Bench;
afterEach(() => expectReplayable(b));

/** Of a queue with so many completed jobs; `key` for the first so many of them. */
async function completed(count: number, keyed = 0): Promise<Bench> {
  const made = bench();
  const ids = Array.from({ length: count }, (_, n) => n);
  await made.engine.enqueueMany(
    ids.map((n) => ({ id: `j${n}`, ...(n < keyed && { key: `k${n}`, keyTtlMs: 3_600_000 }) })),
  );
  for (let n = 0; n < count; n++) await made.engine.ack(await take(made));
  return made;
}

const prunes = () => b.log.records.map((record) => decodeEvent(record)).filter(({ type }) => type === 'PRUNE');

/** What each sweep forgets that is due until nothing is for so long, and how long before the next one. */
async function sweeps(restMs: number): Promise<[number, number][]> {
  const sweeper = new Sweeper(b.clock, b.engine, b.clock.now());
  const seen: [number, number][] = [];
  while (seen.length < 30) {
    const { size } = b.log.machine;
    await sweeper.whenDue();
    const waitMs = (b.engine.sweepAt() ?? 0) - b.clock.now();
    seen.push([size - b.log.machine.size, waitMs]);
    if (waitMs >= restMs) break;
    b.clock.advance(waitMs);
  }
  return seen;
}

test('the oldest go, a thousand at a time with a pause; a busy queue has shorter rests', async () => {
  b = await completed(2500);
  await b.engine.limit({ group: '', keepCount: 100 });
  expect(await sweeps(10_000)).toEqual([
    [1000, 10],
    [1000, 10],
    [400, 1000],
    [0, 10_000],
  ]);
  expect(prunes().map((event) => 'cutoff' in event && event.cutoff?.completed)).toEqual([true, true, true]);
  expect(b.log.machine.list()[0]?.id).toBe('j2400');
});

test('jobs that hold a key keep their place, and hold up none behind them', async () => {
  b = await completed(10_350, 10_050);
  await b.engine.limit({ group: '', keepMs: 1000 });
  b.clock.advance(1001);
  expect(await sweeps(10_000)).toEqual([[300, 10_000]]);
  expect(b.log.machine.list().at(-1)?.id).toBe('j10049');
});

test('where thousands are too young nobody looks at all the others', async () => {
  b = await completed(10_500);
  await b.engine.limit({ group: '', keepMs: 1000 });
  expect(await sweeps(10_000)).toEqual([[0, 10_000]]);
  b.clock.advance(500);
  await b.engine.limit({ group: '', keepMs: 1000, keepCount: 10_400 });
  b.clock.advance(9_500);
  expect((await sweeps(10_000)).map(([gone]) => gone)).toEqual([...Array(10).fill(1000), 500, 0]);
});

test('a limit that is taken away ends a pass', async () => {
  b = await completed(2500);
  await b.engine.limit({ group: '', keepCount: 100 });
  await b.engine.sweep(0);
  await b.engine.limit({ group: '', keepCount: 0 });
  expect(b.engine.sweepAt()).toBeUndefined();
  expect((await b.engine.sweep(0)).pruned).toBe(0);
  await b.engine.limit({ group: '', keepCount: 1499 });
  expect((await b.engine.sweep(0)).pruned).toBe(1);
});

test('a limit that is raised on the way counts at once', async () => {
  b = await completed(2500);
  await b.engine.limit({ group: '', keepCount: 100 });
  await b.engine.sweep(0);
  await b.engine.limit({ group: '', keepCount: 1400 });
  expect((await sweeps(10_000)).map(([gone]) => gone)).toEqual([0, 100]);
  b = await completed(2500);
  b.clock.advance(2000);
  await b.engine.limit({ group: '', keepMs: 1000 });
  await b.engine.sweep(0);
  await b.engine.limit({ group: '', keepMs: 3_600_000 });
  expect((await sweeps(10_000)).map(([gone]) => gone)).toEqual([0, 0]);
});

test('jobs that ended while the clock was ahead hold up none behind them', async () => {
  b = await completed(10_050);
  b.clock.advance(-3_600_000);
  await b.engine.enqueueMany(Array.from({ length: 300 }, (_, n) => ({ id: `n${n}` })));
  for (let n = 0; n < 300; n++) await b.engine.ack(await take(b));
  await b.engine.limit({ group: '', keepMs: 1000 });
  b.clock.advance(1001);
  expect(await sweeps(10_000)).toEqual([[300, 10_000]]);
});

test('no cutoff takes what stays before it', async () => {
  b = await completed(2500, 5);
  expect(await b.engine.prune({ keep: 0 })).toBe(2495);
  expect(b.log.machine.list().map(({ id }) => id)).toEqual(['j0', 'j1', 'j2', 'j3', 'j4']);
});

test('dead jobs behind many completed ones go by cutoffs, too', async () => {
  b = await completed(10_050);
  await b.engine.enqueueMany(Array.from({ length: 1500 }, (_, n) => ({ id: `d${n}`, attempts: 1 })));
  for (let n = 0; n < 1500; n++) await b.engine.fail(await take(b));
  expect(await b.engine.prune({ keep: 0, states: ['dead'] })).toBe(1500);
  expect(prunes()).toMatchObject([
    { cutoff: { completed: false, dead: true } },
    { cutoff: { completed: false, dead: true } },
  ]);
  expect(b.log.machine.counts).toMatchObject({ completed: 10_050, dead: 0 });
});

test('a job called back while its forgetting waits stays', async () => {
  b = bench();
  await b.engine.enqueueMany(['a', 'b'].map((id) => ({ id, attempts: 1 })));
  for (let n = 0; n < 2; n++) await b.engine.fail(await take(b));
  const [, pruned] = await Promise.all([b.engine.redrive('a'), b.engine.prune({ keep: 0, states: ['dead'] })]);
  expect(pruned).toBe(1);
  expect(b.log.machine.list().map(({ id, state }) => [id, state])).toEqual([['a', 'pending']]);
});

test('a prune of many goes in several frames', async () => {
  b = await completed(2500);
  const { length } = b.log.batches;
  expect(await b.engine.prune({ keep: 7 })).toBe(2493);
  expect(b.log.batches.slice(length)).toEqual([1, 1, 1]);
  expect(prunes()).toHaveLength(3);
});
