import { writeSnapshot } from '../../build/storage/snapshot/write.js';
import { env } from '../support/env.js';
import { mustEqual, rounds, timed } from '../support/measure.js';
import { stateHash } from '../support/queue-store.js';
import { rawBlocks, writeBlocks } from '../support/snapshot-raw.js';
import { busyQueue, newFolder, pointAt } from '../support/snapshot-store.js';

export const row = {
  name: 'snapshot-write',
  title: 'write a snapshot, read back and verified',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'brotli-1 + write + fsync of the same bytes',
  sizes: { full: { jobs: 100_000 }, quick: { jobs: 10_000 } },

  async run({ folder, size, roundCount }) {
    const { store } = await busyQueue(`${folder}/queue`, size.jobs);
    const out = newFolder(`${folder}/snapshots`);
    const hash = stateHash(store.machine);
    const { blocks, bytes } = rawBlocks(store.machine.cut());
    const options = { storeId: store.id, kind: 'checkpoint', point: pointAt(store.seqLast) };
    let stored = 0;
    const walq = async () => {
      const write = () => writeSnapshot(env, out, { ...options, entries: store.machine.cut() });
      const { ms, result } = await timed(write);
      mustEqual(result.entries, size.jobs + 1, 'entries');
      mustEqual(result.rawBytes, bytes, 'raw bytes');
      mustEqual(result.stateHash, hash, 'state hash');
      stored = result.bytes;
      return ms;
    };
    const raw = async () => (await timed(() => writeBlocks(out, blocks))).ms;
    const measured = await rounds(roundCount, walq, { raw });
    await store.close();
    return {
      ...measured,
      exact: `${size.jobs} jobs, state hash as in memory`,
      facts: { jobs: size.jobs, rawMegabytes: mb(bytes), storedMegabytes: mb(stored) },
    };
  },
};

function mb(bytes) {
  return Math.round(bytes / 1e5) / 10;
}
