import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { QueueEngine } from '../../../src/queue/engine.ts';
import { Checkpoints } from '../../../src/queue/run/checkpoints.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';

const keep = 2;

/** The events before each snapshot, and the jobs in it, while jobs are enqueued, and run at once, one after the other. */
async function snapshotsOf(jobs: number, snapshotEvery: number): Promise<{ events: number; jobs: number }[]> {
  const env = simEnv();
  const store = await openStore(env, '/s', { machine: () => new QueueMachine(), create: true });
  const engine = new QueueEngine({ log: store, machine: store.machine, clock: env.clock, random: env.random });
  const taken: { events: number; jobs: number }[] = [];
  let seqLast = 0;
  const checkpoints = new Checkpoints(env.clock, store, {
    snapshotIntervalMs: 0,
    snapshotEvery,
    report: (event) => {
      if (event.kind !== 'snapshot') return;
      taken.push({ events: event.snapshot.seq - seqLast, jobs: event.snapshot.entries });
      seqLast = event.snapshot.seq;
    },
  });
  /** One that has begun is done before the next event comes: what is asked for after it comes after it. */
  const settle = async () => {
    checkpoints.noteSeq(store.seqLast);
    await store.pruneSnapshots(keep);
    await turn();
  };
  for (let count = 0; count < jobs; count++) {
    await engine.enqueue({ payload: '{}' });
    await settle();
    const job = await engine.dispatch();
    await settle();
    if (job) await engine.ack({ id: job.id, dispatchSeq: job.dispatchSeq }, {});
    await settle();
  }
  await checkpoints.stop();
  await engine.stop();
  await store.close();
  return taken;
}

test('few jobs have a snapshot after so many events', async () => {
  expect((await snapshotsOf(10, 10)).map(({ events }) => events)).toEqual([10, 10, 10]);
});

test('many jobs have one after as many events as there are jobs', async () => {
  const taken = await snapshotsOf(60, 5);
  expect(taken.length).toBeGreaterThan(5);
  for (const { events, jobs } of taken) expect(events).toBeGreaterThanOrEqual(Math.max(5, jobs - 1));
});

test('there is none by events where none are asked for', async () => {
  expect(await snapshotsOf(10, 0)).toEqual([]);
});
