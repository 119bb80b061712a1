import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import { serveQueue } from '../../../src/queue/run/serve.ts';
import { functionHandler } from '../../../src/queue/work/function-handler.ts';
import { takeLock } from '../../../src/storage/lock.ts';
import { scratch } from '../../cli/run-walq.ts';
import { plainRunner } from './plain-runner.ts';

const startMs = Date.now() + 3_600_000;

/** A clock that goes on only while somebody looks at it: a job may become due between any two looks. */
function hastyClock() {
  let now = startMs;
  return { ...systemClock, now: () => now++ };
}

/** Milliseconds that a runner needs for one job that is due after so many looks at the clock. */
async function msFor(delay: number): Promise<number> {
  const store = `${scratch()}/store`;
  {
    await using queue = await openQueue(store);
    await queue.enqueue('later', undefined, { at: new Date(startMs + delay) });
  }
  const env = { fs: nodeFs, clock: hastyClock(), random: systemRandom };
  const began = performance.now();
  const summary = await serveQueue(env, store, await takeLock(env, store, { create: false }), {
    ...plainRunner,
    workers: 1,
    handler: (place) => functionHandler(place, 'none', () => undefined),
    create: false,
    report: () => undefined,
  });
  expect(summary.completed).toBe(1);
  return performance.now() - began;
}

test('a job that becomes due between a look for jobs and the sleep after it is begun at once', async () => {
  for (let delay = 0; delay < 40; delay++) {
    let ms = await msFor(delay);
    // A machine may stand still, but not each time in the same place.
    for (let again = 0; ms > 900 && again < 3; again++) ms = await msFor(delay);
    expect(ms, `due after ${delay} looks`).toBeLessThan(900);
  }
});
