import { memoryRow, ways } from '../support/memory-rows.js';

/** The same where a snapshot has the jobs. */
export const row = memoryRow(
  'memory-snapshot',
  'peak memory of a process that opens a queue of pending jobs from its snapshot',
  ways.snapshot,
);
