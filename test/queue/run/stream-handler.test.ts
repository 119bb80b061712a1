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

/** The process that each of so many jobs was given to: how often which, most first. Their verdicts come late. */
async function dealtOut(jobs: number, workers: number, perProcess: number): Promise<number[]> {
  const store = `${scratch()}/store`;
  {
    await using queue = await openQueue(store);
    await queue.enqueueMany(Array.from({ length: jobs }, () => ({ name: 'default' })));
  }
  const times = new Map<number | undefined, number>();
  const slow = `while read -r line; do id=\${line#*'"id":"'}; sleep 0.1; echo "{\\"id\\":\\"\${id%%'"'*}\\",\\"ok\\":true}"; done`;
  const summary = await serveQueue(env, store, await takeLock(env, store, { create: false }), {
    ...plainRunner,
    workers,
    handler: (place) => streamHandler(place, { shell: slow, workers, perProcess }),
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
