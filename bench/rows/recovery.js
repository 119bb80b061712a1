import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { openStore } from '../../build/storage/store.js';
import { env } from '../support/env.js';
import { segmentFiles } from '../support/log-store.js';
import { must, mustEqual, rounds, timed } from '../support/measure.js';
import { enqueueJobs, machine, runJobs, stateHash } from '../support/queue-store.js';
import { rawBlocks, readBlocks, writeBlocks } from '../support/snapshot-raw.js';
import { busyQueue, newFolder } from '../support/snapshot-store.js';

const workers = 64;

/** From a store as a killed writer leaves it to one that is ready to write: snapshot, tail, end made certain. */
export const row = {
  name: 'recovery',
  title: 'open after a kill: snapshot and later events',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'read of the same files, brotli and crc32 over them',
  targets: [{ of: 'value', max: 200 }],
  sizes: { full: { jobs: 100_000, later: 20_000 }, quick: { jobs: 10_000, later: 2000 } },

  async run({ folder, size, roundCount }) {
    const origin = `${folder}/origin`;
    const { store, engine } = await busyQueue(origin, size.jobs);
    await store.checkpoint();
    const blocks = await writeBlocks(newFolder(`${folder}/raw`), rawBlocks(store.machine.cut()).blocks);
    const seqSnapshot = store.seqLast;
    await enqueueJobs(engine, size.jobs, size.jobs + size.later);
    await runJobs(engine, size.later, workers);
    const later = store.seqLast - seqSnapshot;
    const hash = stateHash(store.machine);
    const dir = `${folder}/copy`;
    // A copy taken now is what a kill would leave: no CLOSE, nothing certified behind the last frame.
    const fresh = () => {
      rmSync(dir, { recursive: true, force: true });
      cpSync(origin, dir, { recursive: true });
    };
    const walq = async () => {
      fresh();
      const { ms, result } = await timed(() => openStore(env, dir, { machine }));
      mustEqual(result.recovery.snapshot?.seq, seqSnapshot, 'snapshot seq');
      mustEqual(result.recovery.replayed, later, 'events replayed');
      mustEqual(stateHash(result.machine), hash, 'state hash');
      await result.close();
      return ms;
    };
    const raw = async () => {
      fresh();
      const snapshots = readdirSync(`${dir}/snapshots`).map((name) => `${dir}/snapshots/${name}`);
      const { ms } = await timed(async () => {
        for (const file of [...segmentFiles(dir), ...snapshots]) must(crc32(readFileSync(file)) >= 0, 'a checksum');
        await readBlocks(blocks);
      });
      return ms;
    };
    const measured = await rounds(roundCount, walq, { raw });
    await store.close();
    return {
      ...measured,
      exact: `state hash as the killed writer had it, ${later} events after seq ${seqSnapshot}`,
      facts: { jobs: size.jobs, laterEvents: later },
    };
  },
};
