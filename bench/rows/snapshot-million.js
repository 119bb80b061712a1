import { hashEntries } from '../../build/storage/snapshot/hash.js';
import { env } from '../support/env.js';
import { mustEqual, quantile, rounds, timed } from '../support/measure.js';
import { pendingStore } from '../support/million-store.js';
import { openQueueStore, payloadOf, stateHash } from '../support/queue-store.js';
import { rawBlocks, writeBlocks } from '../support/snapshot-raw.js';
import { newFolder } from '../support/snapshot-store.js';

/** Written while jobs come in one after the other: how long it takes, and how long they wait. */
export const row = {
  name: 'snapshot-million',
  title: 'checkpoint of a queue while jobs are enqueued one after the other',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'brotli-1 + write + fsync of the same bytes, nothing else going on',
  targets: [
    { of: 'value', max: 3000 },
    { of: 'p99 of the enqueues meanwhile', max: 50 },
  ],
  sizes: { full: { jobs: 1_000_000 }, quick: { jobs: 100_000 } },

  prepare: ({ folder, size }) => pendingStore(folder, size.jobs),

  async run({ folder, size, roundCount, prepared: { dir } }) {
    const { store, engine } = await openQueueStore(env, dir);
    const out = newFolder(`${folder}/raw`);
    let { blocks, bytes } = rawBlocks(store.machine.cut());
    let enqueued = 0;
    const waits = { p50: [], p99: [], max: [], alone: [] };
    const enqueueUntil = async (over) => {
      const ms = [];
      while (!over()) {
        const started = performance.now();
        await engine.enqueue({ payload: payloadOf(size.jobs + enqueued++) });
        ms.push(performance.now() - started);
      }
      return ms;
    };
    const walq = async (round) => {
      const end = performance.now() + 500;
      const alone = await enqueueUntil(() => performance.now() > end);
      let done = false;
      const checkpoint = timed(() => store.checkpoint()).finally(() => {
        done = true;
      });
      const meanwhile = await enqueueUntil(() => done);
      const { ms, result } = await checkpoint;
      mustEqual(result.unchanged, false, 'a snapshot as it was');
      mustEqual(result.snapshot.seq, result.snapshot.entries - 1, 'jobs up to the seq of the snapshot');
      if (round >= 0) {
        waits.p50.push(quantile(meanwhile, 0.5));
        waits.p99.push(quantile(meanwhile, 0.99));
        waits.max.push(Math.max(...meanwhile));
        waits.alone.push(quantile(alone, 0.99));
      }
      return ms;
    };
    const raw = async () => (await timed(() => writeBlocks(out, blocks))).ms;
    const measured = await rounds(roundCount, walq, { raw });
    blocks = [];
    const { disk, memory } = await store.reload();
    mustEqual(stateHash(disk), hashEntries(memory), 'state hash of disk and memory');
    mustEqual(disk.size, size.jobs + enqueued, 'jobs');
    await engine.stop();
    await store.close();
    const inMs = (values) => ({ unit: 'ms', values });
    return {
      ...measured,
      also: {
        'p50 of the enqueues meanwhile': inMs(waits.p50),
        'p99 of the enqueues meanwhile': inMs(waits.p99),
        'longest of the enqueues meanwhile': inMs(waits.max),
        'p99 of enqueues before': inMs(waits.alone),
      },
      exact: `all ${size.jobs} jobs and those enqueued meanwhile on disk, state hash as in memory`,
      facts: { jobs: size.jobs, rawMegabytes: Math.round(bytes / 1e6) },
    };
  },
};
