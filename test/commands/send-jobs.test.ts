import { expect, test } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { UuidSource } from '../../src/base/uuid.ts';
import { JobFeed } from '../../src/commands/queue/job-feed.ts';
import type { InputJob } from '../../src/commands/queue/job-input.ts';
import { sendJobs } from '../../src/commands/queue/send-jobs.ts';
import type { JobSpec } from '../../src/queue/ops/spec.ts';
import type { QueueOps } from '../../src/queue/run/queue-ops.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { seededRandom } from '../support/seeded-random.ts';

/** Refuses a batch as the queue does, until every parent is in it. */
function askedQueue(): { ops: QueueOps; sent: number[] } {
  const sent: number[] = [];
  const ops = {
    storeId: '',
    call: async (_: string, { jobs }: { jobs: JobSpec[] }) => {
      sent.push(jobs.length);
      const ids = new Set(jobs.map(({ id }) => id));
      for (const { id, after = [] } of jobs) {
        const parent = after.find((each) => !ids.has(each));
        if (parent !== undefined) {
          throw new WalqError(2, 'E_PARENT_UNKNOWN', 'no such job', { data: { job: id ?? '', parent } });
        }
      }
      return { jobs: jobs.map(({ id }) => ({ id, status: 'enqueued', seq: 1 })) };
    },
  };
  return { ops: ops as QueueOps, sent };
}

async function* chunksOf(jobs: readonly JobSpec[], size: number): AsyncGenerator<InputJob[]> {
  for (let at = 0; at < jobs.length; at += size) {
    yield jobs.slice(at, at + size).map((spec) => ({ spec, place: '' }));
  }
}

test.each([
  ['a chain whose last job comes first', (n: number) => [...Array(n).keys()].map((i) => [i, i + 1])],
  [
    'many jobs, and the parents of all of them behind',
    (n: number) => [...Array(n / 2).keys()].map((i) => [i, i + n / 2]),
  ],
])('%s is sent again for each piece of input that was read, not for each job', async (_, linksOf) => {
  const count = 4000;
  const parents = new Map(linksOf(count).map(([id, parent]) => [id, parent]));
  const specs = Array.from({ length: count }, (_, index): JobSpec => {
    const parent = parents.get(index);
    return { id: `c${index}`, ...(parent !== undefined && parent < count && { after: [`c${parent}`] }) };
  });
  const { ops, sent } = askedQueue();
  const feed = new JobFeed(chunksOf(specs, 500), new FakeClock(), new UuidSource(seededRandom(1)));
  const batch = (await feed.next()) ?? [];
  const answers = await sendJobs(ops, feed, batch, (error) => {
    throw error;
  });
  expect(answers).toHaveLength(4000);
  expect(sent.length).toBeLessThanOrEqual(8);
});

test('what nobody waits for is left to the next batch', async () => {
  const { ops, sent } = askedQueue();
  const specs = [...Array(2000).keys()].map(
    (index): JobSpec => ({ id: `c${index}`, ...(index === 5 && { after: ['c1200'] }) }),
  );
  const feed = new JobFeed(chunksOf(specs, 2000), new FakeClock(), new UuidSource(seededRandom(1)));
  await sendJobs(ops, feed, (await feed.next()) ?? [], () => undefined);
  expect(sent).toEqual([1000, 1201]);
});
