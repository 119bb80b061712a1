import { streamRow } from '../support/stream-row.js';

/** As many slots as in the drain without processes. */
export const row = streamRow({
  name: 'drain-stream-several',
  title: '`--stream --per-process 16` drain, no-op jobs, 64 slots in 4 children',
  ceilingTitle: 'the same lines to and from 4 such children, 16 under way in each, nothing else',
  workers: 64,
  perProcess: 16,
});
