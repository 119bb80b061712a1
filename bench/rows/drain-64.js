import { drainRow } from '../support/drain-row.js';

const slots = 64;

export const row = {
  name: 'drain-64',
  title: 'drain in process, no-op jobs, 64 at a time',
  unit: 'jobs/s',
  ceilingTitle: 'write + fdatasync of the same batches',
  targets: [{ of: 'value', min: 50_000 }],
  rounds: 9,
  sizes: { full: { jobs: 20_000 }, quick: { jobs: 4000 } },

  run: (context) =>
    drainRow(context, async (engine) => {
      const slot = async () => {
        for (let job = await engine.dispatch(); job !== undefined; job = await engine.dispatch()) {
          await engine.ack(job, { durationMs: 0 });
        }
      };
      await Promise.all(Array.from({ length: slots }, slot));
    }),
};
