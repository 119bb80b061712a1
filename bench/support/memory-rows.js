import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, runNode } from './child.js';
import { segmentFiles, walBytes } from './log-store.js';
import { mustEqual, rounds } from './measure.js';

const opening = fileURLToPath(new URL('./open-store.js', import.meta.url));
const filling = fileURLToPath(new URL('./enqueue-million.js', import.meta.url));

/** A store of jobs with 100 bytes of payload, in its log alone. Made once per run of the benchmark. */
async function filled(folder, jobs) {
  const dir = join(folder, `memory-${jobs}`);
  if (existsSync(dir)) return dir;
  await runNode([filling, `${dir}.making`, `${jobs}`]);
  renameSync(`${dir}.making`, dir);
  return dir;
}

/** How a process comes to hold a million pending jobs: what it needs, and how it is run. */
export const ways = {
  log: { prepare: filled, start: (dir) => [opening, dir] },
  snapshot: {
    async prepare(folder, jobs) {
      const dir = join(folder, `memory-snapshot-${jobs}`);
      cpSync(await filled(folder, jobs), dir, { recursive: true });
      await runNode([bin, 'snapshot', 'create', '--store', dir]);
      return dir;
    },
    start: (dir) => [opening, dir],
  },
  enqueue: {
    prepare: filled,
    start: (dir, jobs) => [filling, `${dir}-again`, `${jobs}`],
    after: (dir) => rmSync(`${dir}-again`, { recursive: true }),
  },
};

export function memoryRow(name, title, { prepare, start, after }) {
  return {
    name,
    title,
    unit: 'MB',
    lessIsBetter: true,
    ceilingTitle: 'bare node, and the bytes of the log once',
    targets: [{ of: 'value', max: 400 }],
    sizes: { full: { jobs: 1_000_000 }, quick: { jobs: 100_000 } },

    prepare: async ({ folder, size }) => ({ dir: await prepare(folder, size.jobs) }),

    async run({ size: { jobs }, roundCount, prepared: { dir } }) {
      const bytes = walBytes(dir);
      const walq = async () => {
        const { stdout, peakKib } = await runNode(start(dir, jobs), { peak: true });
        mustEqual(JSON.parse(stdout).counts.pending, jobs, 'jobs pending');
        after?.(dir);
        return (peakKib * 1024) / 1e6;
      };
      const raw = async () => ((await runNode(['-e', '0'], { peak: true })).peakKib * 1024 + bytes) / 1e6;
      return {
        ...(await rounds(roundCount, walq, { raw })),
        exact: `${jobs} jobs pending`,
        facts: { jobs, payloadBytes: 100, bytesPerJob: Math.round(bytes / jobs), segments: segmentFiles(dir).length },
      };
    },
  };
}
