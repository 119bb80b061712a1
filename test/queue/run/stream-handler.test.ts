import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import { serveQueue } from '../../../src/queue/run/serve.ts';
import { streamHandler } from '../../../src/queue/run/stream-handler.ts';
import { takeLock } from '../../../src/storage/lock.ts';
import { scratch } from '../../cli/run-walq.ts';
import { plainRunner } from './plain-runner.ts';

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };

/** Sets `id` from the line of each job, and does `body` with it. */
const eachJob = (body: string) => `while read -r line; do id=\${line#*'"id":"'}; id=\${id%%'"'*}; ${body}; done`;
const ok = 'echo "{\\"id\\":\\"$id\\",\\"ok\\":true}"';

/** The process that each of so many jobs was given to: how often which, most first. Their verdicts come late. */
async function dealtOut(jobs: number, workers: number, perProcess: number): Promise<number[]> {
  const store = `${scratch()}/store`;
  {
    await using queue = await openQueue(store);
    await queue.enqueueMany(Array.from({ length: jobs }, () => ({ name: 'default' })));
  }
  const times = new Map<number | undefined, number>();
  const summary = await serveQueue(env, store, await takeLock(env, store, { create: false }), {
    ...plainRunner,
    workers,
    handler: (place) => streamHandler(place, { shell: eachJob(`sleep 0.3; ${ok}`), workers, perProcess }),
    create: false,
    report: (event) => {
      if (event.kind === 'started') times.set(event.pid, (times.get(event.pid) ?? 0) + 1);
    },
  });
  expect(summary).toMatchObject({ completed: jobs, retried: 0, dead: 0 });
  return [...times.values()].sort((a, b) => b - a);
}

test('jobs are dealt out evenly, to as many processes as the jobs at a time need', async () => {
  expect(await dealtOut(6, 6, 3), 'all at once').toEqual([3, 3]);
  expect(await dealtOut(2, 6, 3), 'a second one gets a process of its own').toEqual([1, 1]);
  expect(await dealtOut(4, 4, 1), 'one in each').toEqual([1, 1, 1, 1]);
  expect(await dealtOut(3, 3, 100), 'more in each than there are at all').toEqual([3]);
});

test.each([
  ['kill -9 $$', 4],
  ['exit 0', 4],
  ['exit 0', 1],
])(
  'a job that ends its process, `%s`, with %i in each, dies of that alone: no other loses an attempt by it',
  async (ends, perProcess) => {
    const store = `${scratch()}/store`;
    await using queue = await openQueue(store);
    const jobs = Array.from({ length: 12 }, (_, n) => ({ name: 'good', id: `good-${n}`, attempts: 1 }));
    jobs.splice(5, 0, { name: 'bad', id: 'bad', attempts: 3 });
    await queue.enqueueMany(jobs.map((job) => ({ ...job, backoff: 'none' as const })));
    await queue.close();
    const started: string[] = [];
    const summary = await serveQueue(env, store, await takeLock(env, store, { create: false }), {
      ...plainRunner,
      workers: 4,
      handler: (place) => {
        const shell = eachJob(`sleep 0.05; if [ $id = bad ]; then ${ends}; fi; ${ok}`);
        return streamHandler(place, { shell, workers: 4, perProcess });
      },
      create: false,
      report: (event) => {
        if (event.kind === 'started') started.push(event.job.id);
      },
    });
    expect(summary).toMatchObject({ completed: 12, dead: 1 });
    const times = (id: string) => started.filter((other) => other === id).length;
    // Before each of its three attempts that count it may be in company, and missed twice.
    expect(times('bad')).toBeGreaterThanOrEqual(3);
    expect(times('bad')).toBeLessThanOrEqual(9);
    for (const { id } of jobs) if (id !== 'bad') expect(times(id), id).toBeLessThanOrEqual(9);
  },
);

/** Processes that have these words in their command line. */
function living(words: string): number {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(words);
    } catch {
      return false;
    }
  }).length;
}

test('a process that was started for one job alone does not stay', async () => {
  const store = `${scratch()}/store`;
  await using queue = await openQueue(store);
  const jobs = ['bad', 'a', 'b', 'c'].map((id) => ({ name: 'job', id, attempts: 1 }));
  await queue.enqueueMany([...jobs, { name: 'job', id: 'late', delay: 1500 }]);
  await queue.close();
  const mark = `mark-${process.pid}`;
  let atLast = 0;
  const summary = await serveQueue(env, store, await takeLock(env, store, { create: false }), {
    ...plainRunner,
    workers: 4,
    handler: (place) => {
      const shell = `: ${mark}; ${eachJob(`sleep 0.05; if [ $id = bad ]; then kill -9 $$; fi; ${ok}`)}`;
      return streamHandler(place, { shell, workers: 4, perProcess: 4 });
    },
    create: false,
    report: (event) => {
      if (event.kind === 'started' && event.job.id === 'late') atLast = living(mark);
    },
  });
  expect(summary).toMatchObject({ completed: 4, dead: 1 });
  expect(atLast).toBeLessThanOrEqual(1);
});
