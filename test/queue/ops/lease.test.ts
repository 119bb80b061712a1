import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, bench } from '../support/fake-log.ts';
import { expectReplayable, tokens, types } from '../support/take.ts';

let b: Bench;
afterEach(() => expectReplayable(b));

async function leaseOne(leaseMs = 1000) {
  const [lease] = await b.engine.lease({ leaseMs, tokens: tokens(1) });
  if (lease === undefined) throw new Error('nothing to lease');
  return lease;
}

describe('a lease', () => {
  test('gives several jobs in one frame, best first, none that brings a command', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b', priority: 1 }, { id: 'c', command: ['true'] }, { id: 'd' }]);
    const leases = await b.engine.lease({ leaseMs: 1000, tokens: tokens(10) });
    expect(leases.map(({ job }) => job.id)).toEqual(['b', 'a', 'd']);
    expect(new Set(leases.map(({ token }) => token)).size).toBe(3);
    expect(b.log.batches).toEqual([1, 1]);
  });

  test('is acknowledged or failed under its token, once', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', backoff: 'none' });
    const first = await leaseOne();
    await b.engine.fail(b.engine.leased(first.token));
    expect(() => b.engine.leased(first.token)).toThrow(expect.objectContaining({ code: 'E_LEASE_OVER', exit: 1 }));
    const second = await leaseOne();
    expect(second.job.attempt).toBe(2);
    const unsaid = b.engine.fail(b.engine.leased(second.token), { dead: '' });
    await expect(unsaid).rejects.toMatchObject({ code: 'E_FIELD', message: 'dead must say why' });
    await b.engine.ack(b.engine.leased(second.token));
    expect(() => b.engine.leased(second.token)).toThrow(expect.objectContaining({ code: 'E_LEASE_OVER' }));
  });

  test('that runs out counts as a failed attempt, and its token opens nothing any more', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', attempts: 2, backoff: 'none' });
    const first = await leaseOne();
    b.clock.advance(999);
    expect((await b.engine.sweep(0)).leases).toBe(0);
    b.clock.advance(1);
    expect((await b.engine.sweep(0)).leases).toBe(1);
    expect(() => b.engine.leased(first.token)).toThrow(expect.objectContaining({ code: 'E_LEASE_OVER' }));
    const second = await leaseOne();
    b.clock.advance(1000);
    await b.engine.sweep(0);
    expect(second.token).not.toBe(first.token);
    expect(b.log.machine.get('a')).toMatchObject({ state: 'dead', reason: 'attempts' });
    expect(types(b.log)).toEqual(['ENQUEUE', 'DISPATCH', 'RETRY', 'DISPATCH', 'DEAD']);
  });

  test('is over for whoever extends it late, even when its token stands for another job by then', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    const token = 'a-token-of-my-own';
    const [first] = await b.engine.lease({ leaseMs: 1000, tokens: [token] });
    const acked = b.engine.ack(b.engine.leased(token));
    const removed = b.engine.remove('a');
    const extended = b.engine.extend(token, 5000);
    const again = acked.then(() => b.engine.lease({ leaseMs: 1000, tokens: [token] }));
    await expect(extended).rejects.toMatchObject({ code: 'E_LEASE_OVER' });
    await removed;
    const [second] = await again;
    expect([first?.job.id, second?.job.id]).toEqual(['a', 'b']);
    expect(b.log.machine.lease(token)).toMatchObject({ id: 'b', owner: { deadlineMs: b.clock.now() + 1000 } });
  });

  test('can be extended as long as it lasts', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    const { token } = await leaseOne();
    b.clock.advance(900);
    expect(await b.engine.extend(token, 5000)).toEqual({ deadlineMs: b.clock.now() + 5000 });
    expect(b.engine.nextDueAt()).toBe(b.clock.now() + 5000);
    b.clock.advance(4999);
    expect((await b.engine.sweep(0)).leases).toBe(0);
    await b.engine.ack(b.engine.leased(token));
    await expect(b.engine.extend(token, 1)).rejects.toMatchObject({ code: 'E_LEASE_OVER' });
    await expect(b.engine.extend('guess', 1)).rejects.toMatchObject({ code: 'E_LEASE_OVER' });
  });

  test('asked for again under the same token is the same job, also at the same moment', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    const request = { leaseMs: 1000, tokens: tokens(1) };
    const answers = await Promise.all([b.engine.lease(request), b.engine.lease(request)]);
    expect(answers.map(([lease]) => lease?.job.id)).toEqual(['a', 'a']);
    await expect(b.engine.lease({ leaseMs: 1, tokens: ['short'] })).rejects.toMatchObject({ code: 'E_FIELD' });
  });

  test('is of the names asked for', async () => {
    b = bench();
    await b.engine.enqueueMany([
      { id: 'a', name: 'x' },
      { id: 'b', name: 'y' },
    ]);
    const leases = await b.engine.lease({ leaseMs: 1, tokens: tokens(5), names: new Set(['y']) });
    expect(leases.map(({ job }) => job.id)).toEqual(['b']);
  });
});
