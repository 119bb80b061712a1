import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, bench } from '../support/fake-log.ts';
import { expectReplayable, take, tokens, types } from '../support/take.ts';

let b: Bench;
afterEach(() => expectReplayable(b));

describe('pause', () => {
  test('of everything, a name or a group: what runs goes on, nothing of it begins', async () => {
    b = bench();
    await b.engine.enqueueMany([{ id: 'a', name: 'x' }, { id: 'b', group: 'g' }, { id: 'c' }]);
    await b.engine.pause({ name: 'x' }, 'being mended');
    await b.engine.pause({ group: 'g' });
    expect((await take(b)).id).toBe('c');
    expect(await b.engine.dispatch()).toBeUndefined();
    expect(b.log.machine.settings.pauses).toMatchObject([{ group: 'g' }, { name: 'x', reason: 'being mended' }]);
    await b.engine.resume({ group: 'g' });
    await b.engine.pause();
    expect(await b.engine.dispatch()).toBeUndefined();
    await b.engine.resume();
    expect((await take(b)).id).toBe('b');
    await b.engine.resume({ name: 'x' });
    expect((await take(b)).id).toBe('a');
  });

  test('resume of what is not paused writes nothing', async () => {
    b = bench();
    await b.engine.pause({ name: 'x' });
    expect(await b.engine.resume()).toEqual({});
    expect(await Promise.all([b.engine.resume({ name: 'x' }), b.engine.resume({ name: 'x' })])).toEqual([
      { seq: 2 },
      {},
    ]);
    await expect(b.engine.pause({ name: 'x', group: 'y' })).rejects.toMatchObject({ exit: 2 });
    expect(types(b.log)).toEqual(['PAUSE', 'RESUME']);
  });
});

describe('limits', () => {
  test('of a group hold for all who dispatch, and can be taken away', async () => {
    b = bench();
    await b.engine.limit({ group: 'g', concurrency: 1 });
    await b.engine.enqueueMany([
      { id: 'a', group: 'g' },
      { id: 'b', group: 'g' },
      { id: 'c', group: 'h' },
    ]);
    expect((await b.engine.lease({ leaseMs: 1, tokens: tokens(5) })).map(({ job }) => job.id)).toEqual(['a', 'c']);
    expect(await b.engine.dispatch()).toBeUndefined();
    await b.engine.limit({ group: 'g', concurrency: 0 });
    expect((await take(b)).id).toBe('b');
  });

  test('of an engine are for groups that have none of their own', async () => {
    b = bench({ groupLimit: 1 });
    await b.engine.limit({ group: 'g', concurrency: 2 });
    const specs = ['g', 'g', 'g', 'h', 'h', '', ''].map((group, n) => ({
      id: `${group}${n}`,
      group: group || undefined,
    }));
    await b.engine.enqueueMany(specs);
    const begun: string[] = [];
    for (let job = await b.engine.dispatch(); job; job = await b.engine.dispatch()) begun.push(job.id);
    expect(begun.sort()).toEqual(['5', '6', 'g0', 'g1', 'h3']);
  });

  test('of rate let as many through as allowed, for the queue and for a group', async () => {
    b = bench();
    await b.engine.limit({ group: '', rate: { count: 3, perMs: 1000 } });
    await b.engine.limit({ group: 'g', rate: { count: 1, perMs: 1000 } });
    await b.engine.enqueueMany(
      ['g', 'g', '', '', '', ''].map((group, n) => ({ id: `${group}${n}`, group: group || undefined })),
    );
    const begin = async (): Promise<string[]> => {
      const begun: string[] = [];
      for (let job = await b.engine.dispatch(); job; job = await b.engine.dispatch()) begun.push(job.id);
      return begun;
    };
    expect(await begin()).toEqual(['g0', '2', '3']);
    expect(b.engine.nextDueAt()).toBe(b.clock.now() + 334);
    b.clock.advance(334);
    expect(await begin()).toEqual(['4']);
    b.clock.advance(666);
    expect(await begin()).toEqual(['g1', '5']);
  });

  test('need a value, and those of the queue are none of a group', async () => {
    b = bench();
    await expect(b.engine.limit({ group: '' })).rejects.toMatchObject({ code: 'E_FIELD' });
    await expect(b.engine.limit({ group: '', concurrency: 1 })).rejects.toMatchObject({ code: 'E_FIELD' });
    await expect(b.engine.limit({ group: 'g', pendingMax: 1 })).rejects.toMatchObject({
      code: 'E_FIELD',
      message: 'pendingMax is a limit of the whole queue only',
      data: { field: 'pendingMax' },
    });
    expect(b.log.records).toEqual([]);
  });
});
