import { memoryRow, ways } from '../support/memory-rows.js';

/** Peak memory of a process that has opened the queue and could dispatch from it. */
export const row = memoryRow(
  'memory-million',
  'peak memory of a process that opens a queue of pending jobs from its log',
  ways.log,
);
