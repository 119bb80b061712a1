import { mkdirSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { type OpenQueueOptions, openQueue } from '../../../src/index.ts';
import { serveQueue } from '../../../src/queue/run/serve.ts';
import { functionHandler } from '../../../src/queue/work/function-handler.ts';
import { takeLock } from '../../../src/storage/lock.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { scratch } from '../../cli/run-walq.ts';
import { simEnv } from '../../support/env.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { plainRunner } from '../run/plain-runner.ts';
import { codeOf, newQueue } from './helpers.ts';

/**
 * Closing: whoever takes jobs hears of it. While a part of it fails, the failure is told, and the store is closed and
 * free all the same.
 */

const realEnv = { fs: nodeFs, clock: systemClock, random: systemRandom };

/** Nobody has it, and its log was closed by whoever had it. */
async function expectClosed(dir: string, env: NonNullable<OpenQueueOptions['env']>): Promise<void> {
  const { frames, verdict } = await verifyStore(env, dir);
  await using queue = await openQueue(dir, { env });
  await queue.enqueue('x', undefined, { id: 'afterwards' });
  expect(verdict).toBe('clean');
  // OPEN, the first job, CLOSE.
  expect(frames).toBe(3);
}

function replaceSocket(dir: string): void {
  rmSync(`${dir}/run/sock`);
  mkdirSync(`${dir}/run/sock`);
}

test('a socket that cannot be removed', async () => {
  const dir = `${scratch()}/store`;
  const queue = await openQueue(dir);
  await queue.enqueue('x');
  replaceSocket(dir);
  await expect(queue.close()).rejects.toThrow(/EISDIR|EPERM/);
  await expectClosed(dir, realEnv);
  // No other can be made there: it lies in the temp folder then. The lock is free.
  await using _queue = await openQueue(dir);
});

test('a socket that a runner cannot remove', async () => {
  const dir = `${scratch()}/store`;
  const served = serveQueue(realEnv, dir, await takeLock(realEnv, dir, { create: true }), {
    ...plainRunner,
    workers: 1,
    create: true,
    handler: (place) => functionHandler(place, 'functions', () => undefined),
    report: () => undefined,
    onReady: () => replaceSocket(dir),
  });
  await expect(served).rejects.toThrow(/EISDIR|EPERM/);
  await using _queue = await openQueue(dir, { socket: false });
});

test('logs of jobs whose cleaning goes wrong', async () => {
  class Broken extends SimFs {
    override readdir(path: string): Promise<string[]> {
      return path.endsWith('/logs') ? Promise.reject(new TypeError('no list of names')) : super.readdir(path);
    }
  }
  const env = simEnv({ fs: new Broken() });
  const queue = await openQueue('/store', { env });
  await env.fs.mkdir('/store/logs');
  await queue.enqueue('x', undefined, { id: 'a' });
  await queue.remove('a');
  await expect(queue.close()).rejects.toThrow('no list of names');
  await using _queue = await openQueue('/store', { env });
});

test('a log that cannot be closed', async () => {
  const env = simEnv();
  const queue = await openQueue('/store', { env });
  await queue.enqueue('x');
  env.fs.inject({ nth: 1, errno: 'EIO', match: ({ kind, path }) => kind === 'close' && path.endsWith('.wal') });
  const closed = queue.close();
  expect(await codeOf(closed)).toBe('E_IO');
  // Asked again it is the same closing.
  expect(queue.close()).toBe(closed);
  await expectClosed('/store', env);
});

test('whoever takes jobs in a loop comes to its end when the queue is closed', async () => {
  const queue = await newQueue();
  let rounds = 0;
  const loop = async () => {
    for (;;) for (const { token } of await queue.take({ wait: '1h' })) await queue.ack(token, rounds++);
  };
  const ended = codeOf(loop());
  await queue.enqueue('x', undefined, { id: 'a' });
  await queue.waitFor('a');
  await queue.close();
  expect(await ended).toBe('E_CLOSED');
  expect(rounds).toBe(1);
});
