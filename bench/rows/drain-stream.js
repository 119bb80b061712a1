import { streamRow } from '../support/stream-row.js';

export const row = streamRow({
  name: 'drain-stream',
  title: '`--stream` drain, no-op jobs, 16 children, a job in each',
  ceilingTitle: 'the same lines to and from 16 such children, nothing else',
  workers: 16,
  perProcess: 1,
});
