import { readSnapshot } from '../../build/storage/snapshot/read.js';
import { writeSnapshot } from '../../build/storage/snapshot/write.js';
import { env } from '../support/env.js';
import { mustEqual, rounds, timed } from '../support/measure.js';
import { machine, stateHash } from '../support/queue-store.js';
import { rawBlocks, readBlocks, writeBlocks } from '../support/snapshot-raw.js';
import { busyQueue, newFolder, pointAt } from '../support/snapshot-store.js';

export const row = {
  name: 'snapshot-load',
  title: 'load a snapshot into the queue state',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'read + brotli of the same bytes',
  sizes: { full: { jobs: 100_000 }, quick: { jobs: 10_000 } },

  async run({ folder, size, roundCount }) {
    const { store } = await busyQueue(`${folder}/queue`, size.jobs);
    const out = newFolder(`${folder}/snapshots`);
    const hash = stateHash(store.machine);
    const counts = JSON.stringify(store.machine.counts);
    const { blocks, bytes } = rawBlocks(store.machine.cut());
    const options = { name: 'bench.snap', storeId: store.id, kind: 'detached', point: pointAt(store.seqLast) };
    await writeSnapshot(env, out, { ...options, entries: store.machine.cut() });
    const stored = await writeBlocks(out, blocks);
    await store.close();
    const walq = async () => {
      const loaded = machine();
      const load = () => readSnapshot(env, `${out}/bench.snap`, (entry) => loaded.load(entry));
      const { ms, result } = await timed(load);
      mustEqual(result.entries, size.jobs + 1, 'entries');
      mustEqual(JSON.stringify(loaded.counts), counts, 'jobs by state');
      mustEqual(stateHash(loaded), hash, 'state hash');
      return ms;
    };
    const raw = async () => {
      const { ms, result } = await timed(() => readBlocks(stored));
      mustEqual(result, bytes, 'bytes read raw');
      return ms;
    };
    return {
      ...(await rounds(roundCount, walq, { raw })),
      exact: `${size.jobs} jobs, state hash as written`,
      facts: { jobs: size.jobs },
    };
  },
};
