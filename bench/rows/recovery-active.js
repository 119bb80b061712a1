import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { runNode } from '../support/child.js';
import { unsyncedEnv } from '../support/env.js';
import { segmentFiles } from '../support/log-store.js';
import { must, mustEqual, rounds, timed } from '../support/measure.js';
import { enqueueJobs, openQueueStore, runJobs, stateHash } from '../support/queue-store.js';
import { rawBlocks, readBlocks, writeBlocks } from '../support/snapshot-raw.js';
import { newFolder } from '../support/snapshot-store.js';

const script = fileURLToPath(new URL('../support/open-store.js', import.meta.url));
const workers = 64;
const eventsPerJob = 3;

/** Snapshot and tail; ready to dispatch. A process of its own opens it each time. */
export const row = {
  name: 'recovery-active',
  title: 'open a queue of pending jobs from its snapshot and the events after it, ready to dispatch',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'read of the same files, brotli and crc32 over them',
  targets: [{ of: 'value', max: 1500 }],
  sizes: { full: { jobs: 1_000_000, later: 33_334 }, quick: { jobs: 100_000, later: 3334 } },

  async prepare({ folder, size: { jobs, later } }) {
    const dir = `${folder}/store`;
    const { store, engine } = await openQueueStore(unsyncedEnv, dir);
    await enqueueJobs(engine, 0, jobs);
    await store.checkpoint();
    const blocks = await writeBlocks(newFolder(`${folder}/raw`), rawBlocks(store.machine.cut()).blocks);
    await enqueueJobs(engine, jobs, jobs + later);
    await runJobs(engine, later, workers);
    const hash = stateHash(store.machine);
    await store.close();
    return { dir, blocks, hash };
  },

  async run({ size: { jobs, later }, roundCount, prepared: { dir, blocks, hash } }) {
    const walq = async (round) => {
      const { stdout } = await runNode([script, dir, ...(round < 0 ? ['hash'] : [])]);
      const found = JSON.parse(stdout);
      mustEqual(found.counts.pending, jobs, 'jobs pending');
      mustEqual(found.replayed, later * eventsPerJob, 'events replayed');
      if (round < 0) mustEqual(found.hash, hash, 'state hash');
      return found.ms;
    };
    const raw = async () => {
      const snapshots = readdirSync(`${dir}/snapshots`).map((name) => `${dir}/snapshots/${name}`);
      const { ms } = await timed(async () => {
        for (const file of [...segmentFiles(dir), ...snapshots]) must(crc32(readFileSync(file)) >= 0, 'a checksum');
        await readBlocks(blocks);
      });
      return ms;
    };
    return {
      ...(await rounds(roundCount, walq, { raw })),
      exact: `${jobs} jobs pending, state hash as the writer had it`,
      facts: { jobs, laterEvents: later * eventsPerJob },
    };
  },
};
