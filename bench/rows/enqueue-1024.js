import { enqueueRow } from '../support/enqueue-row.js';

export const row = {
  name: 'enqueue-1024',
  title: 'durable enqueue, 1,024 in flight',
  unit: 'jobs/s',
  ceilingTitle: 'write + fdatasync of the same batches',
  targets: [{ of: 'share', min: 0.8 }],
  rounds: 15,
  sizes: { full: { operations: 40_960 }, quick: { operations: 10_240 } },
  run: (context) => enqueueRow(context, 1024, 1),
};
