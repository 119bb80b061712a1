import { enqueueRow } from '../support/enqueue-row.js';

export const row = {
  name: 'enqueue-100',
  title: 'durable enqueue in batches of 100',
  unit: 'jobs/s',
  ceilingTitle: 'write + fdatasync of the same batches',
  rounds: 9,
  sizes: { full: { operations: 600 }, quick: { operations: 100 } },
  run: (context) => enqueueRow(context, 1, 100),
};
