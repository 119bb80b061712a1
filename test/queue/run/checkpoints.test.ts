import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { systemClock } from '../../../src/base/node-clock.ts';
import { QueueEngine } from '../../../src/queue/engine.ts';
import { Checkpoints } from '../../../src/queue/run/checkpoints.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const keep = 2;

/** The events before each snapshot, while jobs are enqueued one after the other. */
async function snapshotsOf(jobs: number, snapshotEvery: number): Promise<number[]> {
  const env = simEnv();
  const store = await openStore(env, '/s', { machine: () => new QueueMachine(), create: true });
  const engine = new QueueEngine({ log: store, machine: store.machine, clock: env.clock, random: env.random });
  const taken: number[] = [];
  let seqLast = 0;
  const checkpoints = new Checkpoints(env.clock, store, {
    snapshotIntervalMs: 0,
    snapshotEvery,
    report: (event) => {
      if (event.kind !== 'snapshot') return;
      taken.push(event.snapshot.seq - seqLast);
      seqLast = event.snapshot.seq;
    },
  });
  for (let count = 0; count < jobs; count++) {
    await engine.enqueue({ payload: '{}' });
    checkpoints.noteSeq(store.seqLast);
    // What is asked for after a snapshot that has begun comes after it.
    await store.pruneSnapshots(keep);
    await turn();
  }
  await checkpoints.stop();
  await engine.stop();
  await store.close();
  return taken;
}

test('a runner has a snapshot after so many events', async () => {
  expect(await snapshotsOf(35, 10)).toEqual([10, 10, 10]);
});

test('it has none by events where none are asked for', async () => {
  expect(await snapshotsOf(35, 0)).toEqual([]);
});

/** A store whose snapshots take so long, and fail: when they began, in ms. */
function slowStore(clock: Clock, takesMs: number) {
  const begun: number[] = [];
  return {
    begun,
    seqLast: 0,
    lastSnapshot: undefined,
    poison: undefined,
    async checkpoint(): Promise<never> {
      begun.push(clock.monotonic());
      await clock.sleep(takesMs);
      throw new Error('the disk is full');
    },
  };
}

/** When snapshots begin, while an event comes every millisecond. */
async function beginnings(ms: number, takesMs: number, snapshotEvery: number): Promise<number[]> {
  const clock = new FakeClock();
  const store = slowStore(clock, takesMs);
  const checkpoints = new Checkpoints(clock, store, { snapshotIntervalMs: 0, snapshotEvery, report: () => {} });
  for (; store.seqLast < ms; store.seqLast++) {
    checkpoints.noteSeq(store.seqLast);
    await clock.advance(1);
  }
  await checkpoints.stop();
  return store.begun;
}

test('between two it rests twice as long as one took, also where it failed', async () => {
  expect(await beginnings(150, 20, 10)).toEqual([10, 70, 130]);
});

test('where one is quick nothing is put off', async () => {
  expect(await beginnings(35, 1, 10)).toEqual([10, 20, 30]);
});

test('after one that took an hour the rest is five minutes', async () => {
  const clock = new FakeClock();
  const store = slowStore(clock, 3_600_000);
  const checkpoints = new Checkpoints(clock, store, { snapshotIntervalMs: 0, snapshotEvery: 10, report: () => {} });
  for (const seq of [10, 20, 30, 40]) {
    store.seqLast = seq;
    checkpoints.noteSeq(seq);
    await clock.advance(seq === 10 ? 3_600_000 : 150_000);
  }
  expect(store.begun).toEqual([0, 3_600_000 + 2 * 150_000]);
  await clock.advance(3_600_000);
  await checkpoints.stop();
});

test('one that was due during the rest comes after it, although nothing happens any more', async () => {
  const store = slowStore(systemClock, 20);
  const ended: number[] = [];
  const report = () => void ended.push(systemClock.monotonic());
  const checkpoints = new Checkpoints(systemClock, store, { snapshotIntervalMs: 0, snapshotEvery: 10, report });
  checkpoints.noteSeq(10);
  await expect.poll(() => ended.length, { interval: 1 }).toBe(1);
  store.seqLast = 20;
  checkpoints.noteSeq(20);
  checkpoints.noteSeq(20);
  await expect.poll(() => ended.length, { interval: 1 }).toBe(2);
  expect((store.begun[1] ?? 0) - (ended[0] ?? 0)).toBeGreaterThan(38);
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  checkpoints.noteSeq(40);
  expect(timers()).toBe(before + 1);
  const stopped = checkpoints.stop();
  // Nothing keeps a process that has done its work from ending.
  expect(timers()).toBe(before);
  await stopped;
  expect(store.begun).toHaveLength(2);
});
