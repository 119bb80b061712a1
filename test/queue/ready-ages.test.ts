import { expect, test } from 'vitest';
import type { PendingJob } from '../../src/queue/state/job.ts';
import { allLanes } from '../../src/queue/state/lane.ts';
import { ReadyIndex } from '../../src/queue/state/ready.ts';
import { ReadyAges } from '../../src/queue/state/ready-ages.ts';
import { Settings } from '../../src/queue/state/settings.ts';
import { pending } from './support/pending.ts';

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

test('the job that is due for longest is told, also where it was at work or delayed when somebody asked first', () => {
  const index = new ReadyIndex({ isCurrent: () => true, passed: () => undefined }, new Settings());
  index.add(pending(1));
  index.add(pending(2, { runAt: 10 }));
  const taken = index.take(0, { lanes: allLanes });
  expect(taken?.seq).toBe(1);
  expect(index.oldest(0)?.seq).toBe(1);
  if (taken !== undefined) index.giveBack(taken);
  expect(index.oldest(5)?.seq).toBe(1);
});

test('a job that was delayed is among those that are due for long from its time on', () => {
  const index = new ReadyIndex({ isCurrent: () => true, passed: () => undefined }, new Settings());
  index.add(pending(1, { runAt: 10 }));
  expect(index.oldest(9)).toBeUndefined();
  expect(index.oldest(10)?.seq).toBe(1);
});
