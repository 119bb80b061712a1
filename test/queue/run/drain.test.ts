import { expect, onTestFinished, test } from 'vitest';
import { openQueue } from '../../../src/queue/open-queue.ts';
import { platformProcesses } from '../../../src/queue/process/child-notes.ts';
import { openEngine } from '../../../src/queue/run/open-engine.ts';
import { Runner } from '../../../src/queue/run/runner.ts';
import type { RunnerOptions } from '../../../src/queue/run/runner-types.ts';
import { functionHandler } from '../../../src/queue/work/function-handler.ts';
import { type SimEnv, simEnv } from '../../support/env.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { codeOf } from '../api/helpers.ts';
import { plainRunner } from './plain-runner.ts';

/** A store whose runner died with a job in its hands. */
async function abandoned(): Promise<SimEnv> {
  const env = simEnv();
  const queue = await openQueue('/store', { env });
  await queue.enqueue('x', undefined, { id: 'a' });
  await new Promise<void>((resolve) => {
    queue.work(() => {
      resolve();
      return new Promise(() => undefined);
    });
  });
  return simEnv({ fs: new SimFs(imageAfterKill(env.fs.root)), seed: 2 });
}

async function runnerOn(env: SimEnv): Promise<Runner> {
  const open = await openEngine(env, '/store', { create: true });
  onTestFinished(() => open.close());
  const handler = functionHandler({ clock: env.clock, killAfterMs: 0 }, 'functions', () => undefined);
  const processes = platformProcesses(env.fs, '/store/run');
  const options: RunnerOptions = {
    ...plainRunner,
    drain: false,
    orphans: 'ignore',
    workers: 1,
    report: () => undefined,
  };
  return new Runner({ ...open, env, handler, processes }, options);
}

test('whoever drains a runner that cannot begin is told why', async () => {
  const env = await abandoned();
  const runner = await runnerOn(env);
  env.fs.inject({ nth: 1, errno: 'EIO', match: ({ kind }) => kind === 'datasync' });
  const asked = codeOf(runner.drain());
  expect(await codeOf(runner.run())).toBe('E_DURABILITY_UNKNOWN');
  expect(await asked).toBe('E_DURABILITY_UNKNOWN');
  // Later too.
  expect(await codeOf(runner.drain())).toBe('E_DURABILITY_UNKNOWN');
});

test('whoever drains a runner and waits no longer has an answer at once, also before it has begun', async () => {
  const runner = await runnerOn(simEnv());
  expect(await runner.drain(AbortSignal.abort())).toEqual({ completed: 0, dead: 0, left: 0 });
  // It was asked all the same.
  expect(runner.status()).toMatchObject({ stopping: true });
  expect(await runner.run()).toMatchObject({ completed: 0, stopped: false });
  expect(await runner.drain()).toEqual({ completed: 0, dead: 0, left: 0 });
});
