import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { QueueEngine } from '../../../src/queue/engine.ts';
import { Checkpoints } from '../../../src/queue/run/checkpoints.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';

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
