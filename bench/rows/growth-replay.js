import { replayTo } from '../../build/storage/replay.js';
import { env, unsyncedEnv } from '../support/env.js';
import { growth, linear, nsPerByte, sizeName } from '../support/growth.js';
import { inFlight, walBytes } from '../support/log-store.js';
import { mustEqual } from '../support/measure.js';
import { enqueueJobs, machine, openQueueStore, runJobs, stateHash } from '../support/queue-store.js';

const jobsAtOnce = 10_000;
/** ENQUEUE, DISPATCH and ACK of one. */
const bytesPerJob = 230;

export const row = {
  name: 'growth-replay',
  title: 'replay into the queue state: time per byte, slowest size over fastest',
  unit: 'x',
  lessIsBetter: true,
  ceilingTitle: 'the same at each size',
  targets: linear,
  sizes: { full: { bytes: [1e6, 100e6, 1e9] }, quick: { bytes: [1e6, 10e6, 40e6] } },

  /** Logs of whole lives of jobs. Their hashes, in a process of its own: a replay does not run beside this heap. */
  async prepare({ folder, size }) {
    const hashes = [];
    for (const bytes of size.bytes) {
      const { store, engine } = await openQueueStore(unsyncedEnv, `${folder}/${bytes}`);
      const jobs = Math.round(bytes / bytesPerJob);
      for (let at = 0; at < jobs; at += jobsAtOnce) {
        const count = Math.min(jobsAtOnce, jobs - at);
        await enqueueJobs(engine, at, at + count);
        await runJobs(engine, count, inFlight);
      }
      hashes.push(stateHash(store.machine));
      await store.close();
    }
    return { hashes };
  },

  async run({ folder, size, roundCount, prepared: { hashes } }) {
    const sizes = [];
    for (const [at, bytes] of size.bytes.entries()) {
      const dir = `${folder}/${bytes}`;
      const logBytes = walBytes(dir);
      const cost = async (round) => {
        if (round < 0) mustEqual(stateHash((await replayTo(env, dir, machine)).machine), hashes[at], 'state hash');
        const replay = async () => (await replayTo(env, dir, machine)).machine.counts.completed;
        return await nsPerByte(logBytes, replay, Math.round(bytes / bytesPerJob));
      };
      sizes.push([sizeName(bytes), cost]);
    }
    const measured = await growth(roundCount, 'ns per byte', sizes);
    return { ...measured, exact: 'all jobs completed, state hash as the writer had it', facts: {} };
  },
};
