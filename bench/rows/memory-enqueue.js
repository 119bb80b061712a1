import { memoryRow, ways } from '../support/memory-rows.js';

/** Peak memory of a program that puts all those jobs into the queue, each durable. */
export const row = memoryRow(
  'memory-enqueue',
  'peak memory of a program that enqueues jobs, 1,000 at a time',
  ways.enqueue,
);
