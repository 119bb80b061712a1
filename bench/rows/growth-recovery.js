import { openStore } from '../../build/storage/store.js';
import { env, unsyncedEnv } from '../support/env.js';
import { flat, growth } from '../support/growth.js';
import { mustEqual, timed } from '../support/measure.js';
import { enqueueJobs, machine, openQueueStore, runJobs } from '../support/queue-store.js';

const workers = 64;
const jobsAtOnce = 10_000;

/** A queue at work for long: what is done is pruned, snapshots are taken, and the jobs that wait are always as many. */
export const row = {
  name: 'growth-recovery',
  title: 'open a queue: time after few and after many jobs completed and pruned, most over least',
  unit: 'x',
  lessIsBetter: true,
  ceilingTitle: 'the same after each',
  targets: flat,
  sizes: {
    full: { active: 50_000, completed: [10_000, 100_000, 1_000_000] },
    quick: { active: 10_000, completed: [10_000, 50_000] },
  },

  async prepare({ folder, size: { active, completed } }) {
    for (const jobs of completed) {
      const { store, engine } = await openQueueStore(unsyncedEnv, `${folder}/${jobs}`);
      await enqueueJobs(engine, 0, active);
      for (let at = 0; at < jobs; at += jobsAtOnce) {
        await enqueueJobs(engine, active + at, active + at + jobsAtOnce);
        await runJobs(engine, jobsAtOnce, workers);
        mustEqual(await engine.prune({ keep: 0 }), jobsAtOnce, 'jobs pruned');
        await store.checkpoint();
      }
      await store.close();
    }
  },

  async run({ folder, size: { active, completed }, roundCount }) {
    const sizes = completed.map((jobs) => [
      `after ${jobs.toLocaleString('en-US')} completed`,
      async () => {
        const { ms, result } = await timed(() => openStore(env, `${folder}/${jobs}`, { machine }));
        mustEqual(result.machine.counts.pending, active, 'jobs pending');
        mustEqual(result.machine.totals.dispatched, jobs, 'jobs completed before');
        await result.close();
        return ms;
      },
    ]);
    const measured = await growth(roundCount, 'ms', sizes);
    return { ...measured, exact: `${active} jobs pending, the others counted`, facts: { active } };
  },
};
