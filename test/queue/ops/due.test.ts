import { expect, test } from 'vitest';
import { bench } from '../support/fake-log.ts';
import { take } from '../support/take.ts';

/** Jobs that all become due in one moment. */
async function dueTogether(specs: readonly { id: string; priority?: number; group?: string }[]) {
  const b = bench();
  await b.engine.enqueueMany(specs.map((spec) => ({ ...spec, delayMs: 10 })));
  b.clock.advance(10);
  return b;
}

test('of many jobs with one time some come up at a time, so that nobody waits for all of them', async () => {
  const specs = Array.from({ length: 1000 }, (_, n) => ({ id: `j${n}`, priority: n === 500 ? 9 : 0 }));
  const b = await dueTogether(specs);
  const ids: string[] = [];
  for (let n = 0; n < 1000; n++) ids.push((await take(b)).id);
  expect(ids.slice(0, 7)).toEqual(['j0', 'j1', 'j2', 'j3', 'j4', 'j500', 'j5']);
  expect(new Set(ids).size).toBe(1000);
  expect(b.engine.nextDueAt()).toBeUndefined();
});

test('those that may not go hold up none behind them', async () => {
  const specs = Array.from({ length: 501 }, (_, n) => ({ id: `j${n}`, group: n < 500 ? 'held' : 'free' }));
  const b = await dueTogether(specs);
  await b.engine.pause({ group: 'held' });
  expect((await take(b)).id).toBe('j500');
  expect(await b.engine.dispatch({ lanes: ['handler'] })).toBeUndefined();
  await b.engine.pause({});
  await b.engine.resume({ group: 'held' });
  expect(await b.engine.dispatch({ lanes: ['handler'] })).toBeUndefined();
  expect(b.engine.nextDueAt()).toBeUndefined();
  await b.engine.resume({});
  expect((await take(b)).id).toBe('j0');
});
