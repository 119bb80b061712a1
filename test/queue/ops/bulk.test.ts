import { afterEach, describe, expect, test } from 'vitest';
import type { JobSpec } from '../../../src/queue/ops/spec.ts';
import { type Bench, bench } from '../support/fake-log.ts';
import { expectReplayable, take, types } from '../support/take.ts';

let b: Bench;
afterEach(() => expectReplayable(b));

const states = (): Record<string, string> =>
  Object.fromEntries([...b.log.machine.jobs()].map((job) => [job.id, job.state]));

async function cancelled(specs: readonly JobSpec[], ...ids: string[]): Promise<void> {
  b = bench();
  await b.engine.enqueueMany(specs);
  for (const id of ids) await b.engine.cancel(id);
}

describe('redrive of all', () => {
  test('brings back those that pass, with those that died of their death; parents come first', async () => {
    const specs = [{ id: 'a', name: 'x' }, { id: 'b', after: ['a'] }, { id: 'c', after: ['b'] }, { id: 'd' }];
    await cancelled(specs, 'a', 'd');
    expect(await b.engine.redriveAll({ name: 'x' })).toBe(3);
    expect(states()).toEqual({ a: 'pending', b: 'pending', c: 'pending', d: 'dead' });
    expect((await take(b)).id).toBe('a');
    expect(await b.engine.dispatch()).toBeUndefined();
  });

  test('leaves those that wait for one that stays dead', async () => {
    await cancelled(
      [
        { id: 'a', name: 'x' },
        { id: 'b', group: 'g' },
        { id: 'c', name: 'x', after: ['a', 'b'] },
      ],
      'a',
      'b',
    );
    expect(await b.engine.redriveAll({ name: 'x' })).toBe(1);
    expect(states()).toEqual({ a: 'pending', b: 'dead', c: 'dead' });
    expect(await b.engine.redriveAll({ group: 'g' }, true)).toBe(2);
    expect(states()).toEqual({ a: 'pending', b: 'pending', c: 'pending' });
  });

  test('gives a unique key to one job: the unfinished one that has it, else the first', async () => {
    await cancelled([{ id: 'a', key: 'k' }], 'a');
    await b.engine.enqueue({ id: 'b', key: 'k' });
    await b.engine.cancel('b');
    expect(await b.engine.redriveAll()).toBe(1);
    expect(states()).toEqual({ a: 'pending', b: 'dead' });
    expect(await b.engine.redriveAll()).toBe(0);
    await b.engine.cancel('a');
    await b.engine.enqueue({ id: 'c', key: 'k' });
    expect(await b.engine.redriveAll()).toBe(0);
    expect(states()).toEqual({ a: 'dead', b: 'dead', c: 'pending' });
  });

  test('of many goes in frames of bounded size; a job that changed meanwhile is left as it is', async () => {
    const specs = Array.from({ length: 2500 }, (_, n) => ({ id: `j${n}` }));
    await cancelled(specs, ...specs.map(({ id }) => id));
    const before = b.log.batches.length;
    const [, one] = await Promise.all([b.engine.redriveAll(), b.engine.remove('j2000')]);
    expect(one.seq).toBeGreaterThan(0);
    expect(b.log.batches.length - before).toBeLessThanOrEqual(4);
    expect(b.log.machine.counts).toMatchObject({ pending: 2499, dead: 0 });
    expect(await b.engine.redriveAll()).toBe(0);
  });
});

describe('removal of all', () => {
  test('goes from children to parents, and keeps what somebody outside of it waits for', async () => {
    b = bench();
    await b.engine.enqueueMany([
      { id: 'a', name: 'x' },
      { id: 'b', name: 'x', after: ['a'] },
      { id: 'c', after: ['b'] },
    ]);
    expect(await b.engine.removeAll(['pending'], { name: 'x' })).toEqual({ removed: 0, kept: 2 });
    expect(await b.engine.removeAll(['pending'])).toEqual({ removed: 3, kept: 0 });
    expect(types(b.log).slice(3)).toEqual(['REMOVE', 'REMOVE', 'REMOVE']);
  });

  test('takes the states that are named, and never a job at work', async () => {
    await cancelled([{ id: 'a' }, { id: 'b' }, { id: 'c' }], 'a');
    await take(b);
    expect(await b.engine.removeAll(['dead', 'completed'])).toEqual({ removed: 1, kept: 0 });
    expect(await b.engine.removeAll(['pending', 'dead', 'completed'])).toEqual({ removed: 1, kept: 0 });
    expect(states()).toEqual({ b: 'in_flight' });
  });

  test('together with new children of those that go: nobody is left waiting for nothing', async () => {
    b = bench();
    await b.engine.enqueueMany(Array.from({ length: 1500 }, (_, n) => ({ id: `j${n}` })));
    const child = b.engine.enqueueMany([{ id: 'child', after: ['j0', 'j1499'] }]).catch((error: unknown) => error);
    const answer = await b.engine.removeAll(['pending']);
    await child;
    for (const job of b.log.machine.jobs()) {
      if (job.state !== 'pending') continue;
      for (const parent of job.special?.waitingFor ?? []) expect(b.log.machine.get(parent), parent).toBeDefined();
    }
    expect(answer.removed + answer.kept).toBeGreaterThanOrEqual(1500);
  });
});

test('a limit that stands so already is not written again', async () => {
  b = bench();
  expect(await b.engine.limit({ group: 'g', concurrency: 2, rate: { count: 1, perMs: 5 } })).toEqual({ seq: 1 });
  expect(await b.engine.limit({ group: 'g', concurrency: 2 })).toEqual({});
  expect(await b.engine.limit({ group: 'g', rate: { count: 1, perMs: 5 } })).toEqual({});
  expect(await b.engine.limit({ group: 'g', rate: { count: 1, perMs: 6 } })).toEqual({ seq: 2 });
  expect(await b.engine.limit({ group: 'g', concurrency: 0 })).toEqual({ seq: 3 });
  expect(await b.engine.limit({ group: 'h', concurrency: 0, rate: { count: 0, perMs: 1 } })).toEqual({});
  await expect(b.engine.limit({ group: 'g' })).rejects.toMatchObject({ code: 'E_FIELD' });
});

test('a bad job among many is named by its index', async () => {
  b = bench();
  const asked = b.engine.enqueueMany([{ id: 'a' }, { id: 'b', priority: 0.5 }]);
  await expect(asked).rejects.toMatchObject({ code: 'E_JOB', data: { index: 1, field: 'priority' } });
});
