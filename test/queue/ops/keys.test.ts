import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, bench } from '../support/fake-log.ts';
import { expectReplayable, take, types } from '../support/take.ts';

let b: Bench;
afterEach(() => expectReplayable(b));

describe('a unique key', () => {
  test('lets one unfinished job in, and the next one once that is finished', async () => {
    b = bench();
    expect(await b.engine.enqueue({ id: 'a', key: 'k' })).toMatchObject({ id: 'a', status: 'enqueued' });
    expect(await b.engine.enqueue({ id: 'b', key: 'k' })).toEqual({ id: 'a', status: 'duplicate', seq: 1 });
    const job = await take(b);
    expect(await b.engine.enqueue({ id: 'c', key: 'k' })).toMatchObject({ id: 'a', status: 'duplicate' });
    await b.engine.ack(job);
    expect(await b.engine.enqueue({ id: 'd', key: 'k' })).toMatchObject({ id: 'd', status: 'enqueued' });
  });

  test('with a time to live stays taken after the job is finished, and survives retention', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k', keyTtlMs: 60_000 });
    await b.engine.ack(await take(b));
    b.clock.advance(59_000);
    expect(await b.engine.prune({ keep: 0 })).toBe(0);
    expect(await b.engine.enqueue({ id: 'b', key: 'k' })).toMatchObject({ id: 'a', status: 'duplicate' });
    b.clock.advance(1_000);
    expect(await b.engine.prune({ keep: 0 })).toBe(1);
    expect(await b.engine.enqueue({ id: 'c', key: 'k' })).toMatchObject({ id: 'c', status: 'enqueued' });
  });

  test('in mode replace takes the place of the one that waits, and comes after one that is at work', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k', payload: '1' });
    const answer = await b.engine.enqueue({ id: 'b', key: 'k', keyMode: 'replace', payload: '2' });
    expect(answer).toEqual({ id: 'b', status: 'replaced', replaced: 'a', seq: 3 });
    expect(types(b.log)).toEqual(['ENQUEUE', 'REMOVE', 'ENQUEUE']);
    expect(b.log.machine.get('a')).toBeUndefined();
    await take(b);
    expect(await b.engine.enqueue({ id: 'c', key: 'k', keyMode: 'replace' })).toMatchObject({ status: 'enqueued' });
    expect(await b.engine.enqueue({ id: 'd', key: 'k' })).toMatchObject({ id: 'c', status: 'duplicate' });
  });

  test('does not let a job go that others wait for', async () => {
    b = bench();
    await b.engine.enqueueMany([
      { id: 'a', key: 'k' },
      { id: 'child', after: ['a'] },
    ]);
    const replacing = b.engine.enqueue({ id: 'b', key: 'k', keyMode: 'replace' });
    await expect(replacing).rejects.toMatchObject({ code: 'E_HAS_CHILDREN', exit: 1 });
    expect(b.log.records).toHaveLength(2);
  });

  test('is one job, however many ask for it at the same time', async () => {
    b = bench();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        b.engine.enqueue({ id: `j${n}`, key: 'k', keyMode: n % 2 ? 'skip' : 'replace' }),
      ),
    );
    expect(b.log.machine.counts.pending).toBe(1);
    const [left] = b.log.machine.list();
    expect(answers.map(({ id }) => id)).toContain(left?.id);
    expect(left?.special?.key).toBe('k');
  });

  test('twice in one request meets itself: the second is a duplicate, replacing each other is refused', async () => {
    b = bench();
    const answers = await b.engine.enqueueMany([
      { id: 'a', key: 'k' },
      { id: 'b', key: 'k' },
    ]);
    expect(answers).toMatchObject([
      { id: 'a', status: 'enqueued' },
      { id: 'a', status: 'duplicate' },
    ]);
    const both = ['c', 'd'].map((id) => ({ id, key: 'l', keyMode: 'replace' as const }));
    await expect(b.engine.enqueueMany(both)).rejects.toMatchObject({ code: 'E_JOB' });
    await expect(b.engine.enqueue({ keyMode: 'replace' })).rejects.toMatchObject({ code: 'E_JOB' });
  });

  test('taken by another job keeps the dead one that had it from coming back', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k', attempts: 1 });
    await b.engine.fail(await take(b));
    await b.engine.enqueue({ id: 'b', key: 'k' });
    await expect(b.engine.redrive('a')).rejects.toMatchObject({ code: 'E_JOB_STATE', exit: 1 });
    await b.engine.cancel('b');
    await b.engine.redrive('a');
    expect(b.log.machine.get('a')?.state).toBe('pending');
  });

  test('of two that died of one death comes back with the first of them', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'first', key: 'k', after: ['a'] }]);
    await b.engine.cancel('a');
    await b.engine.enqueue({ id: 'other', key: 'k' });
    expect(await b.engine.redrive('a')).toMatchObject({ also: [] });
    await b.engine.cancel('other');
    await b.engine.enqueue({ id: 'second', key: 'k', after: ['a'] });
    await b.engine.cancel('a');
    expect(await b.engine.redrive('a')).toMatchObject({ also: ['first'] });
    expect(b.log.machine.get('second')?.state).toBe('dead');
  });

  test('of a removed job is free again', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', key: 'k' });
    await b.engine.remove('a');
    expect(await b.engine.enqueue({ id: 'b', key: 'k' })).toMatchObject({ id: 'b', status: 'enqueued' });
  });
});

test('a full queue takes nothing more, not even a part of a request', async () => {
  b = bench();
  await b.engine.limit({ group: '', pendingMax: 2, payloadBytesMax: 10 });
  await b.engine.enqueue({ id: 'a' });
  await expect(b.engine.enqueueMany([{ id: 'b' }, { id: 'c' }])).rejects.toMatchObject({
    code: 'E_QUEUE_FULL',
    exit: 1,
  });
  expect(await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }])).toMatchObject([
    { status: 'duplicate' },
    { status: 'enqueued' },
  ]);
  expect(await b.engine.enqueue({ id: 'b' })).toMatchObject({ status: 'duplicate' });
  await take(b);
  await expect(b.engine.enqueue({ id: 'c', payload: '"0123456789"' })).rejects.toMatchObject({ code: 'E_JOB' });
  await b.engine.limit({ group: '', pendingMax: 0, payloadBytesMax: 0 });
  await b.engine.enqueueMany([{ id: 'c', payload: '"0123456789"' }, { id: 'd' }, { id: 'e' }]);
  expect(b.log.machine.settings.limits).toEqual([]);
});
