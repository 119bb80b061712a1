import { fileURLToPath } from 'node:url';
import { runNode } from '../support/child.js';
import { segmentFiles, walBytes } from '../support/log-store.js';
import { mustEqual, rounds } from '../support/measure.js';
import { pendingStore } from '../support/million-store.js';

const script = fileURLToPath(new URL('../support/open-store.js', import.meta.url));

/** Peak memory of a process that has opened the queue and could dispatch from it. */
export const row = {
  name: 'memory-million',
  title: 'peak memory of a process that opens a queue of pending jobs',
  unit: 'MB',
  lessIsBetter: true,
  ceilingTitle: 'bare node, and the bytes of the log once',
  targets: [{ of: 'value', max: 400 }],
  sizes: { full: { jobs: 1_000_000 }, quick: { jobs: 100_000 } },

  prepare: ({ folder, size }) => pendingStore(folder, size.jobs),

  async run({ size: { jobs }, roundCount, prepared: { dir } }) {
    const walq = async () => {
      const { stdout, peakKib } = await runNode([script, dir], { peak: true });
      mustEqual(JSON.parse(stdout).counts.pending, jobs, 'jobs pending');
      return (peakKib * 1024) / 1e6;
    };
    const raw = async () => ((await runNode(['-e', '0'], { peak: true })).peakKib * 1024 + walBytes(dir)) / 1e6;
    const bytesPerJob = Math.round(walBytes(dir) / jobs);
    return {
      ...(await rounds(roundCount, walq, { raw })),
      exact: `${jobs} jobs pending`,
      facts: { jobs, bytesPerJob, segments: segmentFiles(dir).length },
    };
  },
};
