import { describe, expect, test } from 'vitest';
import { decodeEvent } from '../../src/queue/events/events.ts';
import { type Bench, bench, FakeLog } from './support/fake-log.ts';

import { expectReplayable, take, tokens } from './support/take.ts';

describe('reclaim', () => {
  async function crashed(specs: { id: string }[], crashes: number): Promise<Bench> {
    let b = bench();
    await b.engine.enqueueMany(specs);
    for (let epoch = 8; epoch < 8 + crashes; epoch++) {
      for (const _ of specs) await take(b);
      b = reopened(b, epoch);
      await b.engine.reclaim();
    }
    return b;
  }
  function reopened(b: Bench, epoch: number): Bench {
    const log = new FakeLog(epoch);
    b.log.records.forEach((record, index) => {
      log.records.push(record);
      log.machine.apply(record, index + 1);
    });
    return bench({}, log, b.clock);
  }

  test('opening changes no job; a new runner makes the jobs of the dead one pending, attempt given back', async () => {
    const before = bench();
    await before.engine.enqueueMany([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    await take(before);
    await take(before);
    const b = reopened(before, 8);
    expect(b.log.machine.counts).toMatchObject({ pending: 1, in_flight: 2 });
    expect(b.engine.abandoned().map((job) => job.id)).toEqual(['a', 'b']);
    expect(await b.engine.reclaim(new Set([99]))).toEqual([]);
    expect(await b.engine.reclaim()).toMatchObject([
      { verdict: 'retry', reason: 'crash' },
      { verdict: 'retry', reason: 'crash' },
    ]);
    expect(b.log.machine.get('a')).toMatchObject({ state: 'pending', attempt: 0, crashes: 1 });
    expect((await take(b)).id).toBe('a');
    expect(await b.engine.reclaim()).toEqual([]);
    expectReplayable(b);
  });

  test('a job that took three runners down is dead', async () => {
    const b = await crashed([{ id: 'poison' }], 3);
    expect(b.log.machine.get('poison')).toMatchObject({ state: 'dead', reason: 'crashes', crashes: 2 });
    expectReplayable(b);
  });

  test('leased jobs are left alone', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a' });
    await b.engine.lease({ leaseMs: 1, tokens: tokens(1) });
    const next = reopened(b, 8);
    expect(await next.engine.reclaim()).toEqual([]);
    expect(next.log.machine.get('a')?.state).toBe('in_flight');
  });

  test('thousands of jobs are reclaimed in a few frames', async () => {
    const before = bench();
    const specs = Array.from({ length: 2500 }, (_, n) => ({ id: `j${n}` }));
    await before.engine.enqueueMany(specs);
    await Promise.all(specs.map(() => before.engine.dispatch()));
    const b = reopened(before, 8);
    expect(await b.engine.reclaim()).toHaveLength(2500);
    expect(b.log.batches).toEqual([3]);
    expect(b.log.machine.counts).toMatchObject({ pending: 2500, in_flight: 0 });
  });
});

describe('redrive and prune', () => {
  async function ended(count: number): Promise<Bench> {
    const b = bench();
    for (let n = 0; n < count; n++) {
      await b.engine.enqueue({ id: `j${n}`, attempts: 1 });
      const job = await take(b);
      await (n % 3 === 2 ? b.engine.fail(job) : b.engine.ack(job));
      b.clock.advance(10);
    }
    return b;
  }

  test('a dead job gets one more attempt, or all of them with reset', async () => {
    const b = await ended(3);
    await expect(b.engine.redrive('j0')).rejects.toMatchObject({ code: 'E_JOB_STATE', exit: 1 });
    await expect(b.engine.redrive('nobody')).rejects.toMatchObject({ code: 'E_JOB_UNKNOWN', exit: 1 });
    await b.engine.redrive('j2');
    const job = await take(b);
    expect(job.attempt).toBe(2);
    expect(await b.engine.fail(job)).toMatchObject({ verdict: 'dead' });
    await b.engine.redrive('j2', { reset: true });
    expect((await take(b)).attempt).toBe(1);
    expectReplayable(b);
  });

  test('prune by age and by number takes completed jobs, dead ones only when asked', async () => {
    const b = await ended(9);
    expect(await b.engine.prune({ keep: 4 })).toBe(2);
    expect(b.log.machine.list().map((job) => job.id)).toEqual(['j2', 'j3', 'j4', 'j5', 'j6', 'j7', 'j8']);
    expect(await b.engine.prune({ endedBefore: b.clock.now() - 30, states: ['dead'] })).toBe(2);
    expect(await b.engine.prune({ endedBefore: b.clock.now() + 1, states: ['completed', 'dead'] })).toBe(5);
    expect(b.log.machine.size).toBe(0);
    expect(await b.engine.prune({ keep: 0 })).toBe(0);
    expectReplayable(b);
  });

  test('one cutoff says it all, unless the clock stepped back', async () => {
    const b = await ended(2);
    b.clock.advance(-100_000);
    for (const id of ['x', 'y']) {
      await b.engine.enqueue({ id });
      await b.engine.ack(await take(b));
    }
    const size = b.log.records.length;
    expect(await b.engine.prune({ endedBefore: b.clock.now() + 1 })).toBe(2);
    expect(b.log.records.slice(size).map((record) => decodeEvent(record))).toMatchObject([
      { type: 'PRUNE', ids: ['x', 'y'] },
    ]);
    expect(b.log.machine.list().map((job) => job.id)).toEqual(['j0', 'j1']);
  });

  test('prune by id needs finished jobs', async () => {
    const b = await ended(1);
    await b.engine.enqueue({ id: 'waiting' });
    await expect(b.engine.prune({ ids: ['j0', 'waiting'] })).rejects.toMatchObject({ code: 'E_JOB_STATE' });
    await expect(b.engine.prune({ ids: ['nobody'] })).rejects.toMatchObject({ code: 'E_JOB_UNKNOWN' });
    await expect(b.engine.prune({})).rejects.toMatchObject({
      code: 'E_PRUNE',
      exit: 2,
      message: expect.not.stringContaining('--'),
    });
    await expect(b.engine.prune({ ids: ['j0'], states: ['dead'] })).rejects.toMatchObject({ code: 'E_PRUNE' });
    expect(await b.engine.prune({ ids: ['j0', 'j0'] })).toBe(1);
  });

  test('redrive and prune of one job in the same batch: whoever came first wins and the log applies', async () => {
    for (const pruneFirst of [true, false]) {
      const b = await ended(3);
      const prune = (): Promise<unknown> => b.engine.prune({ ids: ['j2'] });
      const redrive = (): Promise<unknown> => b.engine.redrive('j2');
      const results = await Promise.allSettled(pruneFirst ? [prune(), redrive()] : [redrive(), prune()]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
      expectReplayable(b);
    }
  });
});

test('jobs that have no place in the format, with a clock gone wild, leave nothing behind', async () => {
  const b = bench();
  await b.engine.limit({ group: '', pendingMax: 2 });
  const { now } = b.clock;
  b.clock.now = () => 2 ** 60;
  await expect(b.engine.enqueue({})).rejects.toMatchObject({ code: 'E_FIELD' });
  b.clock.now = now;
  // They are not counted as on their way, and nobody waits for their end.
  expect((await b.engine.enqueueMany([{}, {}])).map(({ status }) => status)).toEqual(['enqueued', 'enqueued']);
  await b.engine.idle();
});
