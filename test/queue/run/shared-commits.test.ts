import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import type { AttemptOutcome } from '../../../src/queue/process/attempt-types.ts';
import type { Handler } from '../../../src/queue/run/handler.ts';
import { serveQueue } from '../../../src/queue/run/serve.ts';
import { takeLock } from '../../../src/storage/lock.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { scratch } from '../../cli/run-walq.ts';
import { plainRunner } from './plain-runner.ts';

/** The clock by which syncs are judged stands still: every disk is quick, and both runs go the same way on each. */
const clock = { ...systemClock, monotonic: () => 0 };
const env = { fs: nodeFs, clock, random: systemRandom };
const jobs = 200;

/** Jobs that are done one by one, each in a turn of the event loop of its own. */
function oneByOne(elsewhere: boolean): Handler {
  const waiting: (() => void)[] = [];
  const outcome: AttemptOutcome = {
    verdict: { kind: 'ack' },
    pid: undefined,
    exitCode: null,
    signal: null,
    timedOut: false,
    durationMs: 1,
    output: { stdoutBytes: 0, stderrBytes: 0, tail: '' },
    ignoredLines: 0,
    leftovers: false,
  };
  const pump = () => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(pump);
  };
  return {
    title: 'one by one',
    elsewhere,
    lanes: ['handler'],
    start: () => ({
      pid: undefined,
      done: new Promise((resolve) => {
        if (waiting.push(() => resolve(outcome)) === 1) setImmediate(pump);
      }),
      kill: () => undefined,
    }),
  };
}

/** Frames of the log once all jobs are done by 16 workers. */
async function framesOf(elsewhere: boolean): Promise<number> {
  const store = `${scratch()}/store`;
  {
    await using queue = await openQueue(store);
    await queue.enqueueMany(Array.from({ length: jobs }, () => ({ name: 'default' })));
  }
  const summary = await serveQueue(env, store, await takeLock(env, store, { create: false }), {
    ...plainRunner,
    workers: 16,
    handler: () => oneByOne(elsewhere),
    create: false,
    report: () => undefined,
  });
  expect(summary).toMatchObject({ completed: jobs, retried: 0, dead: 0 });
  return (await verifyStore(env, store)).frames;
}

test('a runner whose handlers are elsewhere waits for more of them, and needs fewer commits', async () => {
  const alone = await framesOf(false);
  expect(await framesOf(true)).toBeLessThan(0.5 * alone);
});
