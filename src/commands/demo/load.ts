import { QueueEngine } from '../../queue/engine.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { openStore } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';

export interface LoadRequest {
  /** A new folder. */
  store: string;
  jobs: number;
  /** Take a snapshot after so many jobs, and clean the log; 0 = never. */
  snapshotEvery: number;
  /** How many jobs are answered by now. Called after the answers, never before. */
  answered(jobs: number): void;
}

const inFlightMax = 64;
/** Small, so that there are segments to clean. */
const segmentBytes = 256 * 1024;

/**
 * Finished jobs are forgotten in steps of this, all but the newest: a queue in steady state holds few jobs, however
 * long its log is.
 */
const pruneEvery = 1000;
const keepFinished = 500;

/**
 * The work of the measured part of the demo: jobs go in, are dispatched and acknowledged, many at a time, each answer
 * after its sync. Then it waits to be killed: it never closes the store.
 */
export async function loadStore(env: StorageEnv, request: LoadRequest): Promise<void> {
  const { jobs, snapshotEvery } = request;
  const store = await openStore(env, request.store, { machine: () => new QueueMachine(), create: true, segmentBytes });
  const engine = new QueueEngine({ log: store, machine: store.machine, clock: env.clock, random: env.random });
  let next = 0;
  let answered = 0;
  let checkpoint: Promise<unknown> = Promise.resolve();
  const worker = async (): Promise<void> => {
    while (next < jobs) {
      const number = next++;
      await engine.enqueue({
        id: `job_${number + 1}`,
        name: 'mail',
        payload: `{"to":"user${number}@example.org","n":${number}}`,
      });
      const job = await engine.dispatch();
      if (job) await engine.ack({ id: job.id, dispatchSeq: job.dispatchSeq });
      // While this one waits below, others are answered.
      const count = ++answered;
      if (count % pruneEvery === 0) await engine.prune({ keep: keepFinished });
      request.answered(answered);
      if (snapshotEvery > 0 && count % snapshotEvery === 0) checkpoint = checkpoint.then(() => store.checkpoint());
    }
  };
  await Promise.all(Array.from({ length: inFlightMax }, worker));
  await checkpoint;
  await new Promise(() => setInterval(() => {}, 1000));
}
