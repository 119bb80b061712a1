import { afterEach, expect, test } from 'vitest';
import { tried } from '../../support/tried.ts';
import { type Bench, bench, FakeLog } from '../support/fake-log.ts';
import { expectReplayable, take, tokens, types } from '../support/take.ts';

/**
 * Two operations that are each valid alone, begun in the same turn, so that they would share a frame: the second sees
 * what the first did. {@link FakeLog} fails a test whose log does not apply.
 */

let b: Bench;
afterEach(() => expectReplayable(b));

const state = (id: string) => b.log.machine.get(id)?.state;

/** What each came to: 'ok' or the code it was refused with. Any other error fails the test. */
async function outcomes(...operations: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(operations);
  return settled.map((each) => {
    if (each.status === 'fulfilled') return 'ok';
    expect(each.reason, String(each.reason)).toHaveProperty('exit', 1);
    return String(each.reason.code);
  });
}

/** A new runner on the log of one that died. */
function reopened(before: Bench): Bench {
  const log = new FakeLog(before.log.epoch + 1);
  for (const record of before.log.records) log.machine.apply(record, log.records.push(record));
  return bench({ crashesMax: 1 }, log, before.clock);
}

type Pair = readonly [
  name: string,
  prepare: () => Promise<[first: () => Promise<unknown>, second: () => Promise<unknown>]>,
];

const family = [
  { id: 'a', attempts: 1 },
  { id: 'child', after: ['a'] },
];

const pairs: readonly Pair[] = [
  [
    'an acknowledgement and the same again',
    async () => {
      await b.engine.enqueue({ id: 'a' });
      const job = await take(b);
      return [() => b.engine.ack(job), () => b.engine.ack(job)];
    },
  ],
  [
    'an acknowledgement and a cancellation',
    async () => {
      await b.engine.enqueue({ id: 'a' });
      const job = await take(b);
      return [() => b.engine.ack(job), () => b.engine.cancel('a')];
    },
  ],
  [
    'a dispatch and a cancellation',
    async () => {
      await b.engine.enqueue({ id: 'a' });
      return [() => b.engine.dispatch(), () => b.engine.cancel('a')];
    },
  ],
  [
    'an expiry and a cancellation',
    async () => {
      await b.engine.enqueue({ id: 'a', expireMs: 5 });
      b.clock.advance(10);
      return [() => b.engine.sweep(0), () => b.engine.cancel('a')];
    },
  ],
  [
    'the death of a job and a cancellation of one that waits for it',
    async () => {
      await b.engine.enqueueMany(family);
      const job = await take(b);
      return [() => b.engine.fail(job), () => b.engine.cancel('child')];
    },
  ],
  [
    'the end of a lease and a cancellation of one that waits for its job',
    async () => {
      await b.engine.enqueueMany(family);
      await b.engine.lease({ leaseMs: 5, tokens: tokens(1) });
      b.clock.advance(5);
      return [() => b.engine.sweep(0), () => b.engine.cancel('child')];
    },
  ],
  [
    'a crash too many and a cancellation of one that waits for its job',
    async () => {
      await b.engine.enqueueMany(family);
      await take(b);
      b = reopened(b);
      return [() => b.engine.reclaim(), () => b.engine.cancel('child')];
    },
  ],
  [
    'two runs of taking back',
    async () => {
      await b.engine.enqueueMany(family);
      await take(b);
      b = reopened(b);
      return [() => b.engine.reclaim(), () => b.engine.reclaim()];
    },
  ],
  [
    'a job and one that waits for it, while that one goes',
    async () => {
      await b.engine.enqueue({ id: 'a' });
      return [() => b.engine.remove('a'), () => b.engine.enqueue({ id: 'late', after: ['a'] })];
    },
  ],
  [
    'a retry by hand and one of all',
    async () => {
      await b.engine.enqueue({ id: 'a' });
      await b.engine.cancel('a');
      return [() => b.engine.redrive('a'), () => b.engine.redriveAll()];
    },
  ],
  [
    'a retry by hand and the death of what the job waits for',
    async () => {
      await b.engine.enqueueMany(family);
      await b.engine.cancel('child');
      return [() => b.engine.redrive('child'), () => b.engine.cancel('a')];
    },
  ],
];

test.for(pairs)('%s in one batch, in either order: the second sees the first', async ([, prepare], context) => {
  const seen: Record<string, number> = {};
  for (const swapped of [false, true]) {
    b = bench();
    const [first, second] = await prepare();
    const result = await outcomes(...(swapped ? [second(), first()] : [first(), second()]));
    expect(result[0]).toBe('ok');
    expectReplayable(b);
    const outcome = result[1] === 'ok' ? 'both done' : 'second refused';
    seen[outcome] = (seen[outcome] ?? 0) + 1;
  }
  tried(context, 'same-batch', seen);
});

test('a lease extended at the last moment goes on, when both come in one batch', async () => {
  b = bench();
  await b.engine.enqueue({ id: 'a' });
  const [lease] = await b.engine.lease({ leaseMs: 5, tokens: tokens(1) });
  b.clock.advance(5);
  const [extended, swept] = await Promise.all([b.engine.extend(lease?.token ?? '', 100), b.engine.sweep(0)]);
  expect(extended.deadlineMs).toBe(b.clock.now() + 100);
  expect(swept.leases).toBe(0);
  expect(state('a')).toBe('in_flight');
});

test('a job cancelled while it is taken back is not tried again', async () => {
  b = bench();
  await b.engine.enqueue({ id: 'a' });
  await take(b);
  b = reopened(b);
  await Promise.all([b.engine.cancel('a'), b.engine.reclaim()]);
  expect(b.log.machine.get('a')).toMatchObject({ state: 'dead', reason: 'cancelled' });
});

test('a retry of all leaves a job dead whose parent dies in the same batch', async () => {
  b = bench();
  await b.engine.enqueueMany(family);
  await b.engine.cancel('child');
  await Promise.all([b.engine.cancel('a'), b.engine.redriveAll({})]);
  expect([state('a'), state('child')]).toEqual(['dead', 'dead']);
});

test('a removal of all leaves a job that was called back in the same batch, and never takes one at work', async () => {
  b = bench();
  await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
  await b.engine.cancel('a');
  await take(b);
  const [, removed] = await Promise.all([b.engine.redrive('a'), b.engine.removeAll(['dead', 'in_flight'])]);
  expect(removed).toEqual({ removed: 0, kept: 2 });
  expect([state('a'), state('b')]).toEqual(['pending', 'in_flight']);
});

test('an operation that waited asks again what it touches: a child that came meanwhile dies too', async () => {
  b = bench();
  await b.engine.enqueue({ id: 'a' });
  const [, cancelled] = await Promise.all([
    b.engine.enqueue({ id: 'child', after: ['a'] }),
    b.engine.cancel('a'),
    b.engine.update('child', { priority: 5 }),
  ]);
  expect(cancelled.alsoDead).toEqual(['child']);
  expect(types(b.log)).toEqual(['ENQUEUE', 'ENQUEUE', 'UPDATE', 'CANCEL', 'DEAD']);
});

test.each(['retry', 'enqueue'])(
  'of a job called back and a new one with its key one lives: %s first',
  async (first) => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k' });
    await b.engine.cancel('a');
    const retry = () => b.engine.redrive('a');
    const enqueue = () => b.engine.enqueue({ id: 'next', key: 'k' });
    await outcomes(...(first === 'retry' ? [retry(), enqueue()] : [enqueue(), retry()]));
    expect([state('a'), state('next')]).toEqual(first === 'retry' ? ['pending', undefined] : ['dead', 'pending']);
  },
);
