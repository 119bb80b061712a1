import { expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { Taker } from '../../../src/queue/run/taker.ts';
import { bench, FakeClock, FakeLog, noSpace } from '../support/fake-log.ts';
import { take } from '../support/take.ts';

const hour = 3_600_000;
const request = { count: 1, leaseMs: hour };
const { signal } = new AbortController();

/** Timers run by themselves. */
const atRealTime = () => bench({}, new FakeLog(), Object.assign(new FakeClock(), systemClock));

const codeOf = (error: { code: string }): string => error.code;

const passes = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a job that one consumer could not get for a full disk is there for another that waits', async () => {
  const b = atRealTime();
  const taker = new Taker(b.engine, b.clock, b.clock.now());
  const waiting = taker.take(request, hour, signal);
  await passes(10);
  // Looks in the same moment as the job comes, before the one that waits.
  let refused: Promise<unknown> | undefined;
  const unlisten = b.engine.onCommit(() => {
    unlisten();
    b.log.failNext.push(noSpace());
    refused = taker.take(request, 0, undefined).then(() => 'taken', codeOf);
  });
  await b.engine.enqueue({ id: 'a' });
  expect(await refused).toBe('E_NO_SPACE');
  expect(b.log.machine.get('a')?.state).toBe('pending');
  const taken = await Promise.race([waiting, passes(5000).then(() => 'nothing for 5 s')]);
  expect(taken).toMatchObject([{ job: { id: 'a' } }]);
});

test('while the disk is full nobody looks all the time for what is due', async () => {
  const b = atRealTime();
  const taker = new Taker(b.engine, b.clock, b.clock.now());
  await b.engine.enqueueMany([{ id: 'a' }, { id: 'later', delayMs: 100 }]);
  const job = await take(b);
  // For two seconds.
  b.log.failNext.push(noSpace(), noSpace());
  const ack = b.engine.ack(job);
  let looks = 0;
  const { lease } = b.engine;
  b.engine.lease = (asked) => {
    looks++;
    return lease.call(b.engine, asked);
  };
  const ends = new AbortController();
  const waiting = taker.take(request, hour, ends.signal);
  await vi.waitUntil(() => looks > 1, { timeout: 10_000 });
  await passes(100);
  expect(b.engine.status().stalled).toBe(1);
  expect(looks).toBeLessThan(6);
  await ack;
  expect((await waiting).map(({ job: { id } }) => id)).toEqual(['later']);
});

test('who takes looks after what the clock has made due: a lease that is over, a slot', async () => {
  const b = bench();
  const taker = new Taker(b.engine, b.clock, b.clock.now());
  const takes = async () => (await taker.take({ count: 5, leaseMs: 1000 }, 0, undefined)).map(({ job }) => job.id);
  await b.engine.enqueue({ id: 'a', backoff: 'none' });
  expect(await takes()).toEqual(['a']);
  b.clock.advance(999);
  expect(await takes()).toEqual([]);
  b.clock.advance(1);
  expect(await takes()).toEqual(['a']);
  await b.engine.schedule({ id: 's', rule: { kind: 'every', everyMs: hour }, job: { name: 'tick' } });
  b.clock.advance(hour);
  expect((await takes()).sort()).toEqual(['a', expect.stringMatching(/^s@/)]);
});

test('what goes wrong before the log is asked leaves the job where it was', async () => {
  const b = atRealTime();
  const taker = new Taker(b.engine, b.clock, b.clock.now());
  await b.engine.enqueue({ id: 'a' });
  await expect(b.engine.lease({ count: 1, leaseMs: Number.NaN })).rejects.toThrow();
  let isIdle = false;
  void b.engine.idle().then(() => {
    isIdle = true;
  });
  await passes(10);
  expect(isIdle).toBe(true);
  expect((await taker.take(request, 0, undefined)).map(({ job }) => job.id)).toEqual(['a']);
});

test('who meets the end of a lease on a full disk does not wait for room; it is due again', async () => {
  const b = bench();
  const taker = new Taker(b.engine, b.clock, b.clock.now());
  await b.engine.enqueueMany([{ id: 'a', backoff: 'none' }, { id: 'b' }]);
  await b.engine.lease({ count: 1, leaseMs: 1000 });
  b.clock.advance(1000);
  b.log.failNext.push(noSpace());
  const refused = taker.take(request, 0, undefined).catch(codeOf);
  expect(await Promise.race([refused, passes(1000).then(() => 'waits')])).toBe('E_NO_SPACE');
  expect(b.engine.status().stalled).toBe(0);
  expect(await taker.take(request, 0, undefined)).toMatchObject([{ job: { id: 'a', attempt: 2 } }]);
});
