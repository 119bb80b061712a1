import { writeSnapshot } from '../../build/storage/snapshot/write.js';
import { env, unsyncedEnv } from '../support/env.js';
import { mustEqual, rounds } from '../support/measure.js';
import { openQueueStore, runJobs, stateHash } from '../support/queue-store.js';
import { realisticJobs } from '../support/realistic-jobs.js';
import { rawBlocks, writeBlocks } from '../support/snapshot-raw.js';
import { newFolder, pointAt } from '../support/snapshot-store.js';

const batch = 1000;
const workers = 64;

/** Jobs with names and payloads as people have them, with the tokens and keys that no compression makes smaller. */
export const row = {
  name: 'snapshot-ratio',
  title: 'compression of a snapshot of realistic jobs',
  unit: 'x',
  ceilingTitle: 'brotli-1 over the same bytes without framing',
  targets: [{ of: 'value', min: 5 }],
  sizes: { full: { jobs: 100_000 }, quick: { jobs: 10_000 } },

  async run({ folder, size: { jobs }, roundCount }) {
    const { store, engine } = await openQueueStore(unsyncedEnv, `${folder}/queue`);
    const specs = [...realisticJobs(jobs)].map(({ id, name, payload }) => ({ id, name, payload }));
    for (let at = 0; at < jobs; at += batch) await engine.enqueueMany(specs.slice(at, at + batch));
    await runJobs(engine, jobs / 4, workers);
    const out = newFolder(`${folder}/snapshots`);
    const options = { storeId: store.id, kind: 'checkpoint', point: pointAt(store.seqLast) };
    const hash = stateHash(store.machine);
    const { blocks, bytes } = rawBlocks(store.machine.cut());
    let stored = 0;
    const walq = async () => {
      const result = await writeSnapshot(env, out, { ...options, entries: store.machine.cut() });
      mustEqual(result.stateHash, hash, 'state hash');
      mustEqual(result.rawBytes, bytes, 'raw bytes');
      stored = result.bytes;
      return bytes / stored;
    };
    const raw = async () => {
      const { sizes } = await writeBlocks(out, blocks);
      return bytes / sizes.reduce((sum, size) => sum + size, 0);
    };
    const measured = await rounds(roundCount, walq, { raw });
    await store.close();
    const asJson = specs.reduce((sum, spec) => sum + JSON.stringify(spec).length, 0) / stored;
    return {
      ...measured,
      also: { 'against ids, names and payloads as JSON': { unit: 'x', values: [asJson] } },
      exact: `${jobs} jobs, state hash as in memory`,
      facts: { jobs, rawBytesPerJob: Math.round(bytes / jobs), storedBytesPerJob: Math.round(stored / jobs) },
    };
  },
};
