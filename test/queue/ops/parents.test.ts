import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, bench } from '../support/fake-log.ts';
import { expectReplayable, take, types } from '../support/take.ts';

let b: Bench;
afterEach(() => expectReplayable(b));

const state = (id: string) => b.log.machine.get(id)?.state;

describe('a job that runs after others', () => {
  test('waits until all of them have completed', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    await b.engine.enqueue({ id: 'c', after: ['a', 'b', 'a'] });
    expect(b.engine.status()).toMatchObject({ ready: 2, blocked: 1 });
    const [a, second] = [await take(b), await take(b)];
    expect(await b.engine.dispatch()).toBeUndefined();
    await b.engine.ack(a);
    expect(await b.engine.dispatch()).toBeUndefined();
    expect(b.log.machine.get('c')?.special?.waitingFor).toEqual(['b']);
    await b.engine.ack(second);
    expect((await take(b)).id).toBe('c');
    expect(b.engine.status().blocked).toBe(0);
  });

  test('does not wait for one that has completed', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    await b.engine.ack(await take(b));
    await b.engine.enqueue({ id: 'c', after: ['a'] });
    expect((await take(b)).id).toBe('c');
  });

  test('keeps its delay: released early it still waits for its time', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'c', after: ['a'], delayMs: 1000 }]);
    await b.engine.ack(await take(b));
    expect(await b.engine.dispatch()).toBeUndefined();
    b.clock.advance(1000);
    expect((await take(b)).id).toBe('c');
  });

  test('is refused when there is no such job, or it is dead', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a', attempts: 1 });
    await expect(b.engine.enqueue({ id: 'c', after: ['x'] })).rejects.toMatchObject({ code: 'E_PARENT_UNKNOWN' });
    await b.engine.fail(await take(b));
    await expect(b.engine.enqueue({ id: 'c', after: ['a'] })).rejects.toMatchObject({ code: 'E_PARENT_DEAD' });
    await expect(b.engine.enqueue({ id: 'c', after: ['c'] })).rejects.toMatchObject({ code: 'E_JOB' });
    expect(types(b.log)).toEqual(['ENQUEUE', 'DISPATCH', 'DEAD']);
  });

  test('dies with its parent, in the same frame, and so do those that wait for it', async () => {
    b = bench();
    await b.engine.enqueueMany([
      { id: 'a', attempts: 1 },
      { id: 'c', after: ['a'] },
      { id: 'd', after: ['a', 'c'] },
      { id: 'free' },
    ]);
    await b.engine.fail(await take(b), { error: 'no' });
    expect(types(b.log).slice(5)).toEqual(['DEAD', 'DEAD', 'DEAD']);
    expect(b.log.machine.get('d')).toMatchObject({ state: 'dead', reason: 'parent' });
    expect(state('free')).toBe('pending');
  });

  test('comes back with its parent, unless another one is still dead', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }, { id: 'c', after: ['a'] }, { id: 'd', after: ['a', 'b'] }]);
    expect(await b.engine.cancel('a', 'why not')).toMatchObject({ status: 'cancelled', alsoDead: ['c', 'd'] });
    await b.engine.cancel('b');
    await expect(b.engine.redrive('d')).rejects.toMatchObject({ code: 'E_PARENT_DEAD' });
    expect(await b.engine.redrive('a')).toMatchObject({ also: ['c'] });
    expect([state('a'), state('b'), state('c'), state('d')]).toEqual(['pending', 'dead', 'pending', 'dead']);
    expect(await b.engine.redrive('b')).toMatchObject({ also: ['d'] });
    expect(b.log.machine.get('d')?.special?.waitingFor).toEqual(['a', 'b']);
  });

  test.each(['one', 'all'])(
    'does not come back with its parent where it had ended before that: a retry of %s',
    async (of) => {
      b = bench();
      await b.engine.enqueueMany([
        { id: 'a', name: 'x' },
        { id: 'late', after: ['a'], expireMs: 5 },
        { id: 'c', after: ['a'] },
      ]);
      b.clock.advance(5);
      await b.engine.sweep(0);
      await b.engine.cancel('a');
      if (of === 'one') expect(await b.engine.redrive('a')).toMatchObject({ also: ['c'] });
      else expect(await b.engine.redriveAll({ name: 'x' })).toBe(2);
      expect(b.log.machine.get('late')).toMatchObject({ state: 'dead', reason: 'expired' });
    },
  );

  test('cannot be in a circle; in one request the order does not matter', async () => {
    b = bench();
    const circle = [{ id: 'a', after: ['c'] }, { id: 'b', after: ['a'] }, { id: 'c', after: ['b'] }, { id: 'x' }];
    await expect(b.engine.enqueueMany(circle)).rejects.toMatchObject({ code: 'E_CYCLE', exit: 2 });
    expect(b.log.records).toEqual([]);
    const answers = await b.engine.enqueueMany([{ id: 'c', after: ['b'] }, { id: 'b', after: ['a'] }, { id: 'a' }]);
    expect(answers.map(({ id, seq }) => `${id}${seq}`)).toEqual(['c3', 'b2', 'a1']);
  });

  test('keeps its parent from being removed under it, also when both are asked for at the same time', async () => {
    b = bench();
    await b.engine.enqueue({ id: 'a' });
    const [child, gone] = await Promise.allSettled([b.engine.enqueue({ id: 'c', after: ['a'] }), b.engine.remove('a')]);
    expect(child.status).toBe('fulfilled');
    expect(gone).toMatchObject({ status: 'rejected', reason: { code: 'E_HAS_CHILDREN' } });
  });

  test('a long chain is enqueued and dies without a deep stack', async () => {
    b = bench();
    const chain = Array.from({ length: 8000 }, (_, n) => ({ id: `j${n}`, ...(n > 0 && { after: [`j${n - 1}`] }) }));
    await b.engine.enqueueMany(chain.toReversed());
    expect((await b.engine.cancel('j0')).alsoDead).toHaveLength(7999);
  });

  test('whatever becomes of each of a family: nothing runs before its parents, nothing waits for ever', async () => {
    const family = fc.array(fc.record({ parents: fc.array(fc.nat(), { maxLength: 3 }), fate: fc.nat({ max: 3 }) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(family, async (jobs) => {
        b = bench();
        const specs = jobs.map(({ parents }, n) => ({
          id: `j${n}`,
          attempts: 1,
          after: n === 0 ? [] : parents.map((parent) => `j${parent % n}`),
        }));
        if (specs.length > 0) await b.engine.enqueueMany(specs);
        for (let job = await b.engine.dispatch(); job; job = await b.engine.dispatch()) {
          const { id } = job;
          for (const parent of job.special?.parents ?? []) expect(state(parent)).toBe('completed');
          const fate = jobs[Number(id.slice(1))]?.fate;
          if (fate === 0) await b.engine.fail(job);
          else if (fate === 1) {
            await b.engine.cancel(id);
            await b.engine.fail(job);
          } else await b.engine.ack(job);
        }
        expect(b.log.machine.counts).toMatchObject({ pending: 0, in_flight: 0 });
        expectReplayable(b);
      }),
      { numRuns: 60 },
    );
  });
});
