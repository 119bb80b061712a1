import { writeSnapshot } from '../../build/storage/snapshot/write.js';
import { env, unsyncedEnv } from '../support/env.js';
import { growth, linear, nsPerByte, sizeName } from '../support/growth.js';
import { enqueueJobs, openQueueStore, stateHash } from '../support/queue-store.js';
import { newFolder, pointAt } from '../support/snapshot-store.js';

/** Of a pending job in a snapshot, uncompressed. */
const bytesPerJob = 140;

export const row = {
  name: 'growth-snapshot',
  title: 'write a snapshot: time per byte of state, slowest size over fastest',
  unit: 'x',
  lessIsBetter: true,
  ceilingTitle: 'the same at each size',
  targets: linear,
  sizes: { full: { bytes: [1e6, 100e6, 1e9] }, quick: { bytes: [1e6, 10e6, 40e6] } },

  async run({ folder, size, roundCount }) {
    const out = newFolder(`${folder}/snapshots`);
    const stores = [];
    const sizes = [];
    for (const bytes of size.bytes) {
      const { store, engine } = await openQueueStore(unsyncedEnv, `${folder}/${bytes}`);
      await enqueueJobs(engine, 0, Math.round(bytes / bytesPerJob));
      stores.push(store);
      const options = { storeId: store.id, kind: 'checkpoint', point: pointAt(store.seqLast) };
      let rawBytes = 0;
      const write = async () => {
        const result = await writeSnapshot(env, out, { ...options, entries: store.machine.cut() });
        rawBytes = result.rawBytes;
        return result.stateHash;
      };
      await write();
      const hash = stateHash(store.machine);
      sizes.push([sizeName(bytes), () => nsPerByte(rawBytes, write, hash)]);
    }
    const measured = await growth(roundCount, 'ns per byte', sizes);
    for (const store of stores) await store.close();
    return { ...measured, exact: 'state hash as in memory at each size', facts: {} };
  },
};
