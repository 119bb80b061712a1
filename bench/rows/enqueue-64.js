import { enqueueRow } from '../support/enqueue-row.js';
import { inFlight } from '../support/log-store.js';

export const row = {
  name: 'enqueue-64',
  title: 'durable enqueue, 64 in flight',
  unit: 'jobs/s',
  ceilingTitle: 'write + fdatasync of the same batches',
  targets: [{ of: 'share', min: 0.8 }],
  rounds: 15,
  sizes: { full: { operations: 9600 }, quick: { operations: 1920 } },
  run: (context) => enqueueRow(context, inFlight, 1),
};
