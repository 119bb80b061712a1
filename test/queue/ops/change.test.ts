import { afterEach, describe, expect, test } from 'vitest';
import { decodeEvent } from '../../../src/queue/events/events.ts';
import { payloadText } from '../../../src/queue/state/job.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { type Bench, bench, FakeLog } from '../support/fake-log.ts';
import { expectReplayable, take, tokens, types } from '../support/take.ts';

let b: Bench;
afterEach(() => expectReplayable(b));

const job = (id: string) => b.log.machine.get(id);

describe('cancel', () => {
  test('ends a job that waits at once', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    expect(await b.engine.cancel('a', 'by hand')).toEqual({ seq: 2, status: 'cancelled', alsoDead: [] });
    expect(job('a')).toMatchObject({ state: 'dead', reason: 'cancelled', error: 'by hand' });
    expect(await b.engine.dispatch()).toBeUndefined();
    expect(b.log.machine.totals).toMatchObject({ cancelled: 1, dead: 1 });
  });

  test('marks a job that a runner has: it dies when its process is over, without another attempt', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', attempts: 5 });
    const running = await take(b);
    expect(await b.engine.cancel('a')).toMatchObject({ status: 'cancelling' });
    expect(job('a')).toMatchObject({ state: 'in_flight', cancelledAt: b.clock.now() });
    await expect(b.engine.cancel('a')).rejects.toMatchObject({ code: 'E_JOB_STATE' });
    expect(await b.engine.fail(running, { signal: 'SIGTERM' })).toMatchObject({ verdict: 'dead', reason: 'cancelled' });
  });

  test('comes too late for a job that completes', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    const running = await take(b);
    await b.engine.cancel('a');
    await b.engine.ack(running);
    expect(job('a')?.state).toBe('completed');
    await expect(b.engine.cancel('a')).rejects.toMatchObject({ code: 'E_JOB_STATE', exit: 1 });
    await expect(b.engine.cancel('x')).rejects.toMatchObject({ code: 'E_JOB_UNKNOWN', exit: 1 });
  });

  test('also holds when the runner is stopped or dies before the process is over', async () => {
    for (const end of ['giveBack', 'timeout', 'reclaim'] as const) {
      b = bench();
      await b.engine.enqueueMany([{ id: 'a' }, { id: 'child', after: ['a'] }]);
      const running = await take(b);
      await b.engine.cancel('a');
      if (end === 'reclaim') {
        const log = new FakeLog(99);
        for (const record of b.log.records) await log.append(packed([record]));
        b = bench({}, log, b.clock);
        await b.engine.reclaim();
      } else await b.engine[end](running, { reason: 'stopped' });
      expect(job('a')).toMatchObject({ state: 'dead', reason: 'cancelled' });
      expect(job('child')).toMatchObject({ state: 'dead', reason: 'parent' });
    }
  });

  test('takes a leased job away from its holder', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    const [lease] = await b.engine.lease({ leaseMs: 1000, tokens: tokens(1) });
    expect(await b.engine.cancel('a')).toMatchObject({ status: 'cancelled' });
    expect(() => b.engine.leased(lease?.token ?? '')).toThrow(expect.objectContaining({ code: 'E_LEASE_OVER' }));
  });

  test('and an ACK at the same moment: both are answered, one after the other', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    const running = await take(b);
    const [ack, cancel] = await Promise.allSettled([b.engine.ack(running), b.engine.cancel('a')]);
    expect(ack.status).toBe('fulfilled');
    expect(cancel).toMatchObject({ reason: { code: 'E_JOB_STATE' } });
  });
});

describe('update', () => {
  test('changes what is named and nothing else', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a', payload: '1', attempts: 5, group: 'g' }, { id: 'b' }]);
    await b.engine.update('b', { priority: 7, payload: '{"n":9007199254740993}', timeoutMs: 0 });
    expect(decodeEvent(b.log.records[2] ?? new Uint8Array())).toMatchObject({
      type: 'UPDATE',
      priority: 7,
      timeoutMs: 0,
    });
    const changed = await take(b);
    expect(changed).toMatchObject({ id: 'b', options: { priority: 7, maxAttempts: 3 } });
    expect(payloadText(changed)).toBe('{"n":9007199254740993}');
    await b.engine.update('a', { group: '', delayMs: 500, expireMs: 600 });
    expect(job('a')).toMatchObject({ options: { maxAttempts: 5, group: '' }, runAt: b.clock.now() + 500 });
    expect(await b.engine.dispatch()).toBeUndefined();
  });

  test('is for jobs that wait, and for values that are allowed', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    await expect(b.engine.update('a', {})).rejects.toMatchObject({ code: 'E_JOB', exit: 2 });
    await expect(b.engine.update('a', { priority: 0.5 })).rejects.toMatchObject({ code: 'E_JOB' });
    await expect(b.engine.update('a', { payload: '{' })).rejects.toMatchObject({ exit: 2 });
    await take(b);
    await expect(b.engine.update('a', { priority: 1 })).rejects.toMatchObject({ code: 'E_JOB_STATE' });
    expect(types(b.log)).toEqual(['ENQUEUE', 'DISPATCH']);
  });
});

describe('promote', () => {
  test('lets a delayed job, or one that waits for its next attempt, run now', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', delayMs: 60_000, backoff: 'fixed:1h' });
    await b.engine.promote('a');
    await b.engine.fail(await take(b));
    expect(await b.engine.dispatch()).toBeUndefined();
    await b.engine.promote('a');
    expect(await take(b)).toMatchObject({ id: 'a', attempt: 2 });
    await expect(b.engine.promote('a')).rejects.toMatchObject({ code: 'E_JOB_STATE' });
  });
});

describe('remove', () => {
  test('forgets a job, so that its id is free; one at work has to be cancelled first', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    await take(b);
    await expect(b.engine.remove('a')).rejects.toMatchObject({ code: 'E_JOB_STATE' });
    await b.engine.remove('b');
    expect(job('b')).toBeUndefined();
    expect(b.log.machine.totals.removed).toBe(1);
    expect(await b.engine.enqueue({ id: 'b' })).toMatchObject({ status: 'enqueued' });
  });
});
