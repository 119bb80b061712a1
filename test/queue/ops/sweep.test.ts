import { afterEach, describe, expect, test } from 'vitest';
import type { ScheduleSpec } from '../../../src/queue/engine-types.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { type Bench, bench, FakeLog } from '../support/fake-log.ts';
import { expectReplayable, take, types } from '../support/take.ts';

let b: Bench;
afterEach(() => expectReplayable(b));

const ids = () => b.log.machine.list().map((job) => job.id);

describe('expiry', () => {
  test('ends a job that nobody began in time, with all that wait for it', async () => {
    b = bench();
    await b.engine.enqueueMany([
      { id: 'a', expireMs: 100 },
      { id: 'c', after: ['a'] },
      { id: 'd', expireMs: 200 },
    ]);
    expect(b.engine.nextDueAt()).toBe(b.clock.now() + 100);
    b.clock.advance(99);
    expect((await b.engine.sweep(0)).expired).toBe(0);
    b.clock.advance(1);
    expect((await b.engine.sweep(0)).expired).toBe(2);
    expect(b.log.machine.get('a')).toMatchObject({ state: 'dead', reason: 'expired' });
    expect(b.log.machine.get('c')).toMatchObject({ state: 'dead', reason: 'parent' });
  });

  test('ends a job once that would have died of its parent as well', async () => {
    b = bench();
    await b.engine.enqueueMany([
      { id: 'a', expireMs: 100 },
      { id: 'c', after: ['a'], expireMs: 100 },
    ]);
    b.clock.advance(100);
    expect((await b.engine.sweep(0)).expired).toBe(2);
    expect(types(b.log)).toEqual(['ENQUEUE', 'ENQUEUE', 'DEAD', 'DEAD']);
    expect(b.log.machine.get('c')).toMatchObject({ state: 'dead', reason: 'expired' });
  });

  test('spares a job that has more time, or is gone, by the time it is its turn', async () => {
    b = bench();
    await b.engine.enqueueMany(['a', 'c', 'd'].map((id) => ({ id, expireMs: 100 })));
    b.clock.advance(100);
    const changes = [b.engine.update('a', { expireMs: 1000 }), b.engine.cancel('c')];
    const swept = b.engine.sweep(0);
    await Promise.all(changes);
    expect((await swept).expired).toBe(1);
    expect(b.log.machine.get('a')?.state).toBe('pending');
    expect(b.log.machine.get('c')).toMatchObject({ state: 'dead', reason: 'cancelled' });
    expect(b.log.machine.get('d')).toMatchObject({ state: 'dead', reason: 'expired' });
  });

  test('is seen by dispatch, too: an expired job is never begun', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a', expireMs: 100 }, { id: 'b' }]);
    b.clock.advance(100);
    expect((await take(b)).id).toBe('b');
    expect(b.log.machine.get('a')?.state).toBe('dead');
  });

  test('does not concern a job that was begun', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', expireMs: 100, backoff: 'none' });
    await b.engine.fail(await take(b));
    b.clock.advance(200);
    expect((await b.engine.sweep(0)).expired).toBe(0);
    expect((await take(b)).attempt).toBe(2);
  });
});

describe('a schedule', () => {
  const hour = 3_600_000;
  const add = (spec: Partial<ScheduleSpec> = {}) =>
    b.engine.schedule({
      id: 's',
      rule: { kind: 'every', everyMs: hour },
      job: { name: 'tick', payload: '1' },
      ...spec,
    });

  test('makes a job at each slot, once, and says which', async () => {
    b = bench();
    const start = b.clock.now();
    await add();
    expect((await b.engine.sweep(start)).scheduled).toBe(0);
    expect(b.engine.nextDueAt()).toBe(start + hour);
    b.clock.advance(hour);
    const fired = await Promise.all([b.engine.sweep(start), b.engine.sweep(start)]);
    expect(fired.map(({ scheduled }) => scheduled).sort()).toEqual([0, 1]);
    const slot = new Date(start + hour).toISOString();
    expect(await take(b)).toMatchObject({
      id: `s@${slot}`,
      options: { name: 'tick' },
      special: { slot: { schedule: 's' } },
    });
    b.clock.advance(hour);
    await b.engine.sweep(start);
    expect(ids()).toHaveLength(2);
  });

  test('makes up for missed slots as it was told: none, the latest, or each', async () => {
    for (const [missed, made] of [
      ['skip', 0],
      ['one', 1],
      ['all', 3],
    ] as const) {
      b = bench();
      await add({ missed });
      b.clock.advance(3.5 * hour);
      // A new runner starts now: what came before passed while nobody ran.
      expect((await b.engine.sweep(b.clock.now())).scheduled).toBe(made);
      expect((await b.engine.sweep(b.clock.now())).scheduled).toBe(0);
      b.clock.advance(0.5 * hour);
      expect((await b.engine.sweep(b.clock.now() - 0.5 * hour)).scheduled).toBe(1);
    }
  });

  test('makes up for the newest slots alone where a clock is far ahead, and tells once of the others', async () => {
    const told: unknown[] = [];
    b = bench({}, undefined, undefined, { onLeftOut: (slots) => told.push(slots) });
    const start = b.clock.now();
    await add({ missed: 'all' });
    b.clock.advance(50 * 365 * 24 * hour);
    const made: number[] = [];
    while (made.at(-1) !== 0) made.push((await b.engine.sweep(0)).scheduled);
    expect(made).toEqual([1000, 0]);
    expect(told).toEqual([{ schedule: 's', first: start + hour, last: b.clock.now() - 1000 * hour }]);
    const slots = b.log.machine.list().map(({ special }) => special?.slot?.at);
    expect([slots[0], slots.at(-1)]).toEqual([b.clock.now() - 999 * hour, b.clock.now()]);
    b.clock.advance(hour);
    expect((await b.engine.sweep(0)).scheduled).toBe(1);
    expect(told).toHaveLength(1);
  });

  test('goes on after a restart where it was: no slot twice', async () => {
    b = bench();
    await add({ missed: 'all' });
    b.clock.advance(2 * hour);
    await b.engine.sweep(0);
    const log = new FakeLog(99);
    for (const record of b.log.records) await log.append(packed([record]));
    b = bench({}, log, b.clock);
    expect((await b.engine.sweep(0)).scheduled).toBe(0);
    b.clock.advance(hour);
    expect((await b.engine.sweep(0)).scheduled).toBe(1);
    expect(new Set(ids()).size).toBe(3);
  });

  test('finds another id where somebody is about to take that of its slot', async () => {
    b = bench();
    await add();
    b.clock.advance(hour);
    const id = `s@${new Date(b.clock.now()).toISOString()}`;
    const taken = b.engine.enqueue({ id });
    const swept = b.engine.sweep(0);
    expect(await taken).toMatchObject({ id, status: 'enqueued' });
    expect((await swept).scheduled).toBe(1);
    expect(ids().sort()).toEqual([id, `${id}+`]);
  });

  test('gives a job of a slot that passed long ago no time before its own beginning', async () => {
    b = bench();
    await add({ job: { name: 'tick', expireMs: 1000 } });
    b.clock.advance(1.5 * hour);
    expect((await b.engine.sweep(0)).scheduled).toBe(1);
    const [job] = b.log.machine.list();
    expect(job?.special?.expiresAt).toBe(b.clock.now());
    expect((await b.engine.sweep(0)).expired).toBe(1);
  });

  test('by cron follows its time zone', async () => {
    b = bench();
    await add({ rule: { kind: 'cron', cron: '0 3 * * *', zone: 'Europe/Berlin' }, missed: 'all' });
    b.clock.advance(48 * hour);
    await b.engine.sweep(0);
    expect(ids()).toEqual(['s@2025-11-25T02:00:00.000Z', 's@2025-11-26T02:00:00.000Z']);
  });

  test('that is set again starts anew, one that is gone fires no more', async () => {
    b = bench();
    await add();
    b.clock.advance(0.9 * hour);
    await add();
    b.clock.advance(0.2 * hour);
    expect((await b.engine.sweep(0)).scheduled).toBe(0);
    await b.engine.unschedule('s');
    b.clock.advance(5 * hour);
    expect((await b.engine.sweep(0)).scheduled).toBe(0);
    await expect(b.engine.unschedule('s')).rejects.toMatchObject({ code: 'E_SCHEDULE_UNKNOWN' });
  });

  test('that cannot be is refused', async () => {
    b = bench();
    const cron = (text: string, zone = 'UTC') => ({ rule: { kind: 'cron', cron: text, zone } as const });
    const wrong = [
      cron('0 3 * *'),
      cron('61 3 * * *'),
      cron('0 3 30 2 *'),
      cron('0 3 * * *', 'Mars/Olympus'),
      cron(''),
      { rule: { kind: 'every', everyMs: 10 } as const },
      { job: { after: ['x'] } },
      { job: { delayMs: 5 } },
    ];
    for (const spec of wrong) await expect(add(spec)).rejects.toMatchObject({ code: 'E_SCHEDULE', exit: 2 });
    await expect(add({ job: { priority: 0.5 } })).rejects.toMatchObject({ code: 'E_JOB' });
    expect(b.log.records).toEqual([]);
  });
});

test('retention forgets finished jobs by age and by number, in PRUNE events', async () => {
  b = bench();
  await b.engine.limit({ group: '', keepMs: 1000, keepCount: 2 });
  await b.engine.enqueueMany(['a', 'b', 'c', 'd'].map((id) => ({ id })));
  await b.engine.ack(await take(b));
  b.clock.advance(1000);
  for (let n = 0; n < 2; n++) await b.engine.ack(await take(b));
  b.clock.advance(1);
  expect((await b.engine.sweep(0)).pruned).toBe(1);
  await b.engine.ack(await take(b));
  expect((await b.engine.sweep(0)).pruned).toBe(1);
  expect(ids()).toEqual(['c', 'd']);
  expect(types(b.log).filter((type) => type === 'PRUNE')).toHaveLength(2);
});
