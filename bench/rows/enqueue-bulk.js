import { enqueueRow } from '../support/enqueue-row.js';

export const row = {
  name: 'enqueue-bulk',
  title: 'durable enqueue in batches of 1000',
  unit: 'jobs/s',
  ceilingTitle: 'write + fdatasync of the same batches',
  targets: [{ of: 'value', min: 500_000 }],
  sizes: { full: { operations: 60 }, quick: { operations: 10 } },
  run: (context) => enqueueRow(context, 1, 1000),
};
