import { setImmediate as turn } from 'node:timers/promises';
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
  const ids = [(await take(b)).id];
  for (let turns = 0; turns < 5; turns++) await turn();
  while (ids.length < 1000) ids.push((await take(b)).id);
  expect(ids.slice(0, 3)).toEqual(['j0', 'j500', 'j1']);
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

test('where the rate of the queue holds them back, nobody looks before it lets one go', async () => {
  const b = await dueTogether(Array.from({ length: 1000 }, (_, n) => ({ id: `j${n}` })));
  await b.engine.limit({ group: '', rate: { count: 1, perMs: 100 } });
  await take(b);
  expect(await b.engine.dispatch()).toBeUndefined();
  expect(b.engine.nextDueAt()).toBe(b.clock.now() + 100);
  await b.engine.enqueue({ id: 'late', delayMs: 10, priority: 1 });
  expect(b.engine.nextDueAt()).toBe(b.clock.now() + 10);
  b.clock.advance(10);
  expect(b.engine.nextDueAt()).toBe(b.clock.now() + 90);
  b.clock.advance(90);
  expect((await take(b)).id).toBe('late');
});

test('whoever goes on with them is called once, and again for the next ones', async () => {
  const b = await dueTogether(Array.from({ length: 1000 }, (_, n) => ({ id: `j${n}` })));
  const { ready } = b.log.machine;
  let calls = 0;
  ready.onBehind = () => void calls++;
  for (let n = 0; n < 3; n++) await take(b);
  expect(calls).toBe(1);
  while (ready.catchUp(b.clock.now()));
  await b.engine.enqueueMany(Array.from({ length: 200 }, (_, n) => ({ id: `k${n}`, delayMs: 10 })));
  b.clock.advance(10);
  await take(b);
  expect(calls).toBe(2);
});
