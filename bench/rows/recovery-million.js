import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { runNode } from '../support/child.js';
import { segmentFiles } from '../support/log-store.js';
import { must, mustEqual, rounds, timed } from '../support/measure.js';
import { pendingStore } from '../support/million-store.js';

const script = fileURLToPath(new URL('../support/open-store.js', import.meta.url));
const chunkBytes = 1024 * 1024;

/** From the log alone; ready to dispatch. A process of its own opens it each time. */
export const row = {
  name: 'recovery-million',
  title: 'open a queue of pending jobs from its log, ready to dispatch',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'read + crc32 of the same files',
  targets: [{ of: 'value', max: 3000 }],
  sizes: { full: { jobs: 1_000_000 }, quick: { jobs: 100_000 } },

  prepare: ({ folder, size }) => pendingStore(folder, size.jobs),

  async run({ size: { jobs }, roundCount, prepared: { dir, hash } }) {
    const walq = async (round) => {
      // Its hash takes as long as the opening: once is enough.
      const { stdout } = await runNode([script, dir, ...(round < 0 ? ['hash'] : [])]);
      const found = JSON.parse(stdout);
      mustEqual(found.counts.pending, jobs, 'jobs pending');
      mustEqual(found.next, 1, 'seq of the job that comes next');
      if (round < 0 && hash !== undefined) mustEqual(found.hash, hash, 'state hash');
      return found.ms;
    };
    const raw = async () => {
      const { ms } = await timed(async () => {
        for (const file of segmentFiles(dir)) {
          const bytes = readFileSync(file);
          let crc = 0;
          for (let at = 0; at < bytes.length; at += chunkBytes) crc = crc32(bytes.subarray(at, at + chunkBytes), crc);
          must(Number.isInteger(crc), 'a checksum');
        }
      });
      return ms;
    };
    return {
      ...(await rounds(roundCount, walq, { raw })),
      exact: `${jobs} jobs pending, state hash as the writer had it`,
      facts: { jobs },
    };
  },
};
