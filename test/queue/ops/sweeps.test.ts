import { expect, test } from 'vitest';
import { Sweeper } from '../../../src/queue/run/sweeper.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { type Bench, bench, FakeLog, noSpace } from '../support/fake-log.ts';
import { expectReplayable, take } from '../support/take.ts';

const hour = 3_600_000;
const hourly = { id: 's', rule: { kind: 'every', everyMs: hour }, job: { name: 'tick' } } as const;

/** The same store, opened by the next process. */
async function reopened(b: Bench): Promise<Bench> {
  const log = new FakeLog(99);
  for (const record of b.log.records) await log.append(packed([record]));
  return bench({}, log, b.clock);
}

/** A store in which a schedule missed a slot while nobody worked, and somebody who begins to. */
async function afterMissing(missed: 'skip' | 'one') {
  const before = bench();
  await before.engine.schedule({ ...hourly, missed });
  before.clock.advance(1.5 * hour);
  const b = await reopened(before);
  return { b, sweeper: sweeperOf(b) };
}

const sweeperOf = (b: Bench) => new Sweeper(b.clock, b.engine, b.clock.now());

test('a slot that passed while nobody worked is made up for when somebody begins, not at the next slot', async () => {
  const { b, sweeper } = await afterMissing('one');
  await sweeper.whenDue();
  expect(b.log.machine.list().map(({ options }) => options.name)).toEqual(['tick']);
  expect(sweeper.whenDue()).toBeUndefined();
  expect(b.engine.nextDueAt()).toBe(b.clock.now() + 0.5 * hour);
  expectReplayable(b);
});

test('one that is to be skipped is looked at once', async () => {
  const { b, sweeper } = await afterMissing('skip');
  await sweeper.whenDue();
  expect(b.log.machine.size).toBe(0);
  expect(sweeper.whenDue()).toBeUndefined();
});

test('a slot is due until it was swept, whatever else is set meanwhile', async () => {
  const b = bench();
  const sweeper = sweeperOf(b);
  await b.engine.schedule(hourly);
  await sweeper.whenDue();
  b.clock.advance(hour);
  await b.engine.limit({ group: '', pendingMax: 10 });
  await sweeper.whenDue();
  expect(b.log.machine.size).toBe(1);
});

test('of many slots that passed all are made up for, part by part, also where jobs are large', async () => {
  for (const [payload, parts] of [
    ['1', 1],
    [JSON.stringify('x'.repeat(100_000)), 6],
  ] as const) {
    const before = bench();
    const job = { name: 'tick', payload };
    await before.engine.schedule({ ...hourly, job, missed: 'all' });
    before.clock.advance(1000.5 * hour);
    const b = await reopened(before);
    const sweeper = sweeperOf(b);
    const sizes: number[] = [];
    for (let due = sweeper.whenDue(); due !== undefined; due = sweeper.whenDue()) {
      await due;
      sizes.push(b.log.machine.size);
    }
    expect(sizes.at(-1)).toBe(1000);
    expect(sizes).toHaveLength(parts);
  }
});

test('a clock that was ahead and is set right puts nothing off', async () => {
  const b = bench();
  const sweeper = sweeperOf(b);
  await b.engine.limit({ group: '', keepCount: 1 });
  b.clock.advance(hour);
  await sweeper.whenDue();
  expect(b.engine.sweepAt()).toBe(b.clock.now() + 10_000);
  b.clock.advance(-hour);
  expect(b.engine.sweepAt()).toBe(b.clock.now() + 10_000);
  b.clock.advance(5000);
  // Makes everything be worked out anew.
  await b.engine.limit({ group: 'g', concurrency: 1 });
  expect(b.engine.sweepAt()).toBe(b.clock.now() + 5000);
});

test('a slot that a clock that was ahead has skipped is due at its time once that is set right', async () => {
  const b = bench();
  const start = b.clock.now();
  await b.engine.schedule({ ...hourly, missed: 'skip' });
  b.clock.advance(1.5 * hour);
  expect((await b.engine.sweep(b.clock.now())).scheduled).toBe(0);
  b.clock.advance(-1.4 * hour);
  expect(b.engine.sweepAt()).toBe(start + hour);
  b.clock.advance(0.9 * hour);
  expect((await b.engine.sweep(start)).scheduled).toBe(1);
});

test('a sweep that failed is due again', async () => {
  const b = bench();
  const sweeper = sweeperOf(b);
  await b.engine.schedule(hourly);
  b.clock.advance(hour);
  b.log.failNext.push(noSpace());
  await expect(sweeper.whenDue()).rejects.toMatchObject({ code: 'E_NO_SPACE' });
  await sweeper.whenDue();
  expect(b.log.machine.size).toBe(1);
});

test('the end of each lease is known, also of one given out after somebody asked', async () => {
  const b = bench();
  await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
  expect(b.engine.sweepAt()).toBeUndefined();
  await b.engine.lease({ leaseMs: 2000, count: 1 });
  expect(b.engine.sweepAt()).toBe(b.clock.now() + 2000);
  const [second] = await b.engine.lease({ leaseMs: 9000, count: 1 });
  expect(b.engine.sweepAt()).toBe(b.clock.now() + 2000);
  await b.engine.extend(second?.token ?? '', 1000);
  expect(b.engine.sweepAt()).toBe(b.clock.now() + 1000);
  await b.engine.ack(b.engine.leased(second?.token ?? ''));
  b.clock.advance(1000);
  const sweeper = sweeperOf(b);
  await sweeper.whenDue();
  expect(b.engine.sweepAt()).toBe(b.clock.now() + 1000);
  b.clock.advance(1000);
  await sweeper.whenDue();
  expect(b.log.machine.get('a')).toMatchObject({ state: 'pending', setback: { reason: 'lease' } });
  expectReplayable(b);
});

test('retention looks when somebody begins to work, then every ten seconds', async () => {
  const b = bench();
  const sweeper = sweeperOf(b);
  expect(b.engine.sweepAt()).toBeUndefined();
  await b.engine.limit({ group: '', keepCount: 1 });
  await b.engine.enqueueMany(['a', 'b', 'c'].map((id) => ({ id })));
  for (let n = 0; n < 2; n++) await b.engine.ack(await take(b));
  await sweeper.whenDue();
  expect(b.log.machine.size).toBe(2);
  await b.engine.ack(await take(b));
  expect(sweeper.whenDue()).toBeUndefined();
  b.clock.advance(10_000);
  await sweeper.whenDue();
  expect(b.log.machine.size).toBe(1);
});
