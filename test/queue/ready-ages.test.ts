import { expect, test } from 'vitest';
import type { PendingJob } from '../../src/queue/state/job.ts';
import { ReadyAges } from '../../src/queue/state/ready-ages.ts';

test('jobs that nobody asks about are let go, whatever number of them has come and gone', () => {
  let looks = 0;
  const current = new Set<PendingJob>();
  const ages = new ReadyAges((job) => {
    looks++;
    return current.has(job);
  });
  const jobs = Array.from({ length: 100_000 }, (_, at) => ({ seq: at, runAt: at, createdAt: at }) as PendingJob);
  for (const job of jobs.slice(0, 10)) current.add(job);
  for (const job of jobs) ages.add(job);
  expect(ages.size).toBeLessThanOrEqual(2048);
  expect(looks).toBeLessThan(2 * jobs.length);
  expect(ages.oldest()).toBe(jobs[0]);
});
