import { enqueueRow } from '../support/enqueue-row.js';

export const row = {
  name: 'enqueue-1',
  title: 'durable enqueue, one after the other',
  unit: 'jobs/s',
  ceilingTitle: 'write + fdatasync of the same batches',
  targets: [{ of: 'share', min: 0.8 }],
  rounds: 15,
  sizes: { full: { operations: 2000 }, quick: { operations: 60 } },
  run: (context) => enqueueRow(context, 1, 1),
};
