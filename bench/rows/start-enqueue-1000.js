import { unsyncedEnv } from '../support/env.js';
import { enqueueJobs, openQueueStore } from '../support/queue-store.js';
import { startEnqueueRow } from '../support/start-row.js';

const jobsBefore = 1000;

export const row = {
  name: 'start-enqueue-1000',
  title: '`walq queue enqueue`, a whole process, with 1,000 jobs in the store',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'bare node start',
  targets: [{ of: 'share', min: 0.5, why: 'twice bare node' }],
  sizes: { full: { starts: 10 }, quick: { starts: 3 } },

  async run(context) {
    const dir = `${context.folder}/store`;
    const { store, engine } = await openQueueStore(unsyncedEnv, dir);
    await enqueueJobs(engine, 0, jobsBefore);
    await store.close();
    return await startEnqueueRow(context, dir, jobsBefore);
  },
};
