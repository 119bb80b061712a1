import { afterEach, describe, expect, test } from 'vitest';
import type { Lease } from '../../../src/queue/engine-types.ts';
import { type Bench, bench, FakeLog } from '../support/fake-log.ts';
import { hashOf, reload } from '../support/machines.ts';
import { expectReplayable, take } from '../support/take.ts';

/** Two operations in one batch, and what else the model of the whole engine found: each as small as it gets. */

let b: Bench;
afterEach(() => expectReplayable(b));

const job = (id: string) => b.log.machine.get(id);

async function leaseOne(): Promise<Lease> {
  const [lease] = await b.engine.lease({ leaseMs: 1000, tokens: ['0123456789abcdef'] });
  if (lease === undefined) throw new Error('nothing to lease');
  return lease;
}

function reopened(epoch: number): Bench {
  const log = new FakeLog(epoch);
  b.log.records.forEach((record, index) => {
    log.records.push(record);
    log.machine.apply(record, index + 1);
  });
  return bench({}, log, b.clock);
}

describe('a unique key', () => {
  test('may be replaced together with a new job of the id that goes', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k' });
    expect(await b.engine.enqueueMany([{ id: 'b', key: 'k', keyMode: 'replace' }, { id: 'a' }])).toEqual([
      { id: 'b', status: 'replaced', replaced: 'a', seq: 3 },
      { id: 'a', status: 'enqueued', seq: 4 },
    ]);
  });

  test('is answered with its holder, also when that is gone by then', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k' });
    const gone = b.engine.remove('a');
    const [answers] = await Promise.all([b.engine.enqueueMany([{ id: 'b', key: 'k' }, { id: 'c' }]), gone]);
    expect(answers).toMatchObject([
      { id: 'a', status: 'duplicate', seq: 1 },
      { id: 'c', status: 'enqueued', seq: 3 },
    ]);
    const [again] = await b.engine.enqueueMany([{ id: 'c' }, { id: 'd', key: 'k', keyMode: 'replace' }]);
    expect(again).toEqual({ id: 'c', status: 'duplicate', seq: 3 });
  });

  test('is held by the job at work, whatever becomes of the one that came after it', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k' });
    await take(b);
    await b.engine.enqueue({ id: 'b', key: 'k', keyMode: 'replace' });
    await b.engine.remove('b');
    expect(await b.engine.enqueue({ id: 'c', key: 'k' })).toMatchObject({ id: 'a', status: 'duplicate' });
    await b.engine.enqueue({ id: 'd', key: 'k', keyMode: 'replace' });
    await b.engine.ack(await take(b));
    expect(await b.engine.enqueue({ id: 'e', key: 'k' })).toMatchObject({ id: 'a', status: 'duplicate' });
    const copy = reload(b.log.machine);
    expect(hashOf(copy)).toBe(hashOf(b.log.machine));
    expect(copy.keyHolders('k')).toEqual(b.log.machine.keyHolders('k'));
  });

  test('is replaced in the job that comes back at the same moment', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k' });
    const running = await take(b);
    const back = b.engine.giveBack(running, { reason: 'stopped' });
    expect(await b.engine.enqueue({ id: 'b', key: 'k', keyMode: 'replace' })).toMatchObject({ replaced: 'a' });
    await back;
    expect(b.log.machine.list().map(({ id }) => id)).toEqual(['b']);
  });

  test('is not given away while its dead job comes back', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k' });
    await b.engine.cancel('a');
    const back = b.engine.redrive('a');
    expect(await b.engine.enqueue({ id: 'b', key: 'k' })).toMatchObject({ id: 'a', status: 'duplicate' });
    await back;
  });
});

test('the limit of waiting jobs holds for requests under way together', async () => {
  b = bench();
  await b.engine.limit({ group: '', pendingMax: 3 });
  const asked = await Promise.allSettled([
    b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]),
    b.engine.enqueueMany([{ id: 'c' }, { id: 'd' }]),
    b.engine.enqueue({ id: 'e' }),
  ]);
  expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await b.engine.remove('a');
  expect(await b.engine.enqueue({ id: 'f' })).toMatchObject({ status: 'enqueued' });
});

test('a child comes back when both its parents are called back at once', async () => {
  b = bench();
  await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }, { id: 'c', after: ['a', 'b'] }]);
  await b.engine.cancel('a');
  await b.engine.cancel('b');
  const [first, second] = await Promise.all([b.engine.redrive('a'), b.engine.redrive('b')]);
  expect([first.also, second.also]).toEqual([[], ['c']]);
  expect(job('c')).toMatchObject({ state: 'pending', special: { waitingFor: ['a', 'b'] } });
});

describe('a lease that runs out', () => {
  test('and is acknowledged at the same moment is done, and the sweep goes on', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    const { job: leased } = await leaseOne();
    await b.engine.schedule({ id: 's', rule: { kind: 'every', everyMs: 1000 }, job: {} });
    b.clock.advance(1000);
    const [, swept] = await Promise.all([b.engine.ack(leased), b.engine.sweep(0)]);
    expect(swept).toMatchObject({ leases: 0, scheduled: 1 });
    expect(job('a')?.state).toBe('completed');
  });

  test('and is extended at the same moment stays with its holder', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    const { token } = await leaseOne();
    b.clock.advance(1000);
    const [{ deadlineMs }, swept] = await Promise.all([b.engine.extend(token, 1000), b.engine.sweep(0)]);
    expect(swept.leases).toBe(0);
    expect(b.engine.leased(token)).toMatchObject({ owner: { deadlineMs } });
  });
});

test('a job of a dead runner that is cancelled at the same moment is reclaimed all the same', async () => {
  b = bench();
  await b.engine.enqueue({ id: 'a' });
  await take(b);
  b = reopened(8);
  await Promise.all([b.engine.cancel('a'), b.engine.reclaim()]);
  expect(job('a')).toMatchObject({ state: 'dead', reason: 'cancelled' });
});

test('what ends a pause may be the pause itself, as it was found', async () => {
  b = bench();
  await b.engine.pause({ name: 'x' }, 'why');
  b.clock.advance(1000);
  const [found] = b.log.machine.settings.pauses;
  await b.engine.resume(found);
  expect(b.log.machine.settings.pauses).toEqual([]);
});

describe('jobs of several kinds', () => {
  test('of one group begin in the order they were enqueued', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }, { id: 'c', command: ['true'] }, { id: 'd', group: 'g' }]);
    const begun = [await take(b), await take(b), await take(b), await take(b)];
    expect(begun.map(({ id }) => id)).toEqual(['a', 'd', 'b', 'c']);
  });

  test('take turns by group, whatever they are named', async () => {
    b = bench();
    const specs = ['g', 'g', 'g', 'h', 'h'].map((group, n) => ({ id: `${group}${n}`, group, name: group }));
    await b.engine.enqueueMany(specs);
    const names = new Set(['g', 'h']);
    const begun: string[] = [];
    for (let next = await b.engine.dispatch({ names }); next; next = await b.engine.dispatch({ names }))
      begun.push(next.id);
    expect(begun).toEqual(['g0', 'h3', 'g1', 'h4', 'g2']);
  });

  test('let a backlog go on, although another group has one more job each time', async () => {
    b = bench();
    await b.engine.enqueueMany(['a', 'b', 'c'].map((id) => ({ id, group: 'g' })));
    const begun: string[] = [];
    for (let n = 0; n < 5; n++) {
      begun.push((await take(b)).id);
      if (n < 3) await b.engine.enqueue({ id: `h${n}`, group: 'h' });
    }
    expect(begun).toEqual(['a', 'b', 'h0', 'c', 'h1']);
  });
});
