import { startEnqueueRow } from '../support/start-row.js';

export const row = {
  name: 'start-enqueue',
  title: '`walq queue enqueue`, a whole process: open, recover, write, sync, close',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'bare node start',
  targets: [{ of: 'share', min: 0.5, why: 'twice bare node' }],
  sizes: { full: { starts: 10 }, quick: { starts: 3 } },
  run: (context) => startEnqueueRow(context, `${context.folder}/store`),
};
