import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { QueueEngine } from '../../build/queue/engine.js';
import { QueueMachine } from '../../build/queue/state/machine.js';
import { hashEntries } from '../../build/storage/snapshot/hash.js';
import { openStore } from '../../build/storage/store.js';

export const machine = () => new QueueMachine();

export async function openQueueStore(env, dir, options = {}) {
  const store = await openStore(env, dir, { machine, create: true, ...options });
  const engine = new QueueEngine({ log: store, machine: store.machine, clock: env.clock, random: env.random });
  return { store, engine };
}

/** JSON of about 100 bytes, another one for each number. */
export function payloadOf(number) {
  return JSON.stringify({ to: `user${number}@example.com`, template: 'welcome', locale: 'en', total: number / 100 });
}

/** The hash that snapshots carry too: two machines with one hash hold the same state. */
export function stateHash(queue) {
  return hashEntries(queue.cut());
}

/** Enqueues jobs number `from` to `to` (exclusive), a thousand at a time. */
export async function enqueueJobs(engine, from, to) {
  const step = 1000;
  for (let at = from; at < to; at += step) {
    const count = Math.min(step, to - at);
    await engine.enqueueMany(Array.from({ length: count }, (_, index) => ({ payload: payloadOf(at + index) })));
  }
}

/** Runs `count` jobs to their end with `workers` at a time: DISPATCH, ACK. Waits for jobs that are still to come. */
export async function runJobs(engine, count, workers) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      let job = await engine.dispatch();
      while (job === undefined) {
        await eventLoopTurn();
        job = await engine.dispatch();
      }
      await engine.ack({ id: job.id, dispatchSeq: job.dispatchSeq }, { durationMs: 5 });
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
