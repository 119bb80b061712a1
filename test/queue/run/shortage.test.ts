import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import type { AttemptVerdict } from '../../../src/queue/process/verdict.ts';
import type { Handler } from '../../../src/queue/run/handler.ts';
import { serveQueue } from '../../../src/queue/run/serve.ts';
import { takeLock } from '../../../src/storage/lock.ts';
import { scratch } from '../../cli/run-walq.ts';
import { plainRunner } from './plain-runner.ts';

const short: AttemptVerdict = { kind: 'retry', reason: 'resources', error: 'could not start: EAGAIN', refund: true };

/** Attempts of a drain by two workers, with the time of their starts in seconds; `startsAt`: from when on one succeeds. */
async function drain(startsAt: number) {
  const store = `${scratch()}/store`;
  {
    await using queue = await openQueue(store);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) await queue.enqueue('x', undefined, { id });
  }
  // Nobody sleeps for long here, but the clock says so.
  let sleptMs = 0;
  const monotonic = () => systemClock.monotonic() + sleptMs;
  const sleep = async (ms: number) => {
    sleptMs += ms / 2;
    await systemClock.sleep(0);
  };
  const env = { fs: nodeFs, clock: { ...systemClock, monotonic, sleep }, random: systemRandom };
  const starts: number[] = [];
  const handler: Handler = {
    title: 'short',
    elsewhere: true,
    lanes: ['handler'],
    start() {
      starts.push(Math.round(sleptMs / 1000));
      const verdict: AttemptVerdict = sleptMs / 1000 < startsAt ? short : { kind: 'ack' };
      const output = { stdoutBytes: 0, stderrBytes: 0, tail: '' };
      const rest = { exitCode: null, signal: null, timedOut: false, durationMs: 0, ignoredLines: 0, leftovers: false };
      return {
        pid: undefined,
        done: Promise.resolve({ verdict, output, pid: undefined, ...rest }),
        kill: () => undefined,
      };
    },
  };
  const summary = await serveQueue(env, store, await takeLock(env, store, { create: false }), {
    ...plainRunner,
    workers: 2,
    handler: () => handler,
    create: false,
    report: () => undefined,
  });
  return { starts, summary };
}

test('a machine that is short of something for a while costs no attempt and no pause of the queue', async () => {
  const { starts, summary } = await drain(10);
  expect(summary).toMatchObject({ completed: 6, dead: 0, retried: 0, remaining: 0 });
  expect(summary.broken).toBeUndefined();
  // Each worker waits: jobs are not given out and taken back without end.
  expect(starts.filter((second) => second < 10).length).toBeLessThan(24);
});

test('one that stays so is told, like a handler that cannot run', async () => {
  const { starts, summary } = await drain(Number.POSITIVE_INFINITY);
  expect(summary).toMatchObject({ completed: 0, dead: 0, remaining: 6, broken: 'could not start: EAGAIN' });
  expect(starts.length).toBeLessThan(50);
  expect(starts.at(-1)).toBeGreaterThan(50);
});
