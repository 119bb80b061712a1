import { drainRow } from '../support/drain-row.js';

const jobsPerLease = 100;

export const row = {
  name: 'drain-lease',
  title: 'drain by leases of 100 jobs, one consumer that acknowledges them at once',
  unit: 'jobs/s',
  ceilingTitle: 'write + fdatasync of the same batches',
  rounds: 9,
  sizes: { full: { jobs: 20_000 }, quick: { jobs: 4000 } },

  run: (context) =>
    drainRow(context, async (engine) => {
      for (let lease = 0; ; lease++) {
        const tokens = Array.from({ length: jobsPerLease }, (_, at) => `token-of-lease-${lease}-${at}`);
        const leases = await engine.lease({ leaseMs: 60_000, tokens });
        if (leases.length === 0) return;
        await Promise.all(leases.map(({ job }) => engine.ack(job, { durationMs: 0 })));
      }
    }),
};
