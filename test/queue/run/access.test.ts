import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ioError, lockedError, WalqError } from '../../../src/base/errors.ts';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import { serveControl } from '../../../src/queue/process/socket-server.ts';
import { lockForRun, withQueue } from '../../../src/queue/run/access.ts';
import { type Held, SteadyOps } from '../../../src/queue/run/steady-ops.ts';
import { binary, scratch, walq } from '../../cli/run-walq.ts';
import { documentOf, startRunner } from './queue-cli.ts';

/** The way to the queue, when the runner at its other end goes away in the middle. */

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
const options = { lockTimeoutMs: 60_000, pid: process.pid, command: 'test' };

/** A runner that dies once it has carried out the first request: the answer never comes. */
async function dyingRunner(store: string, last: () => unknown = () => undefined): Promise<void> {
  const queue = await openQueue(store, { socket: false });
  const storeId = await storeIdOf(store);
  const server = await serveControl({
    storeDir: store,
    storeId,
    fs: nodeFs,
    clock: systemClock,
    closeMs: 0,
    handle: async ({ body }) => {
      await queue.enqueueMany((body.jobs as { id: string }[]).map(({ id }) => ({ name: 'default', id })));
      await queue.close();
      await last();
      void server.close();
      return await new Promise(() => {});
    },
  });
}

async function storeIdOf(store: string): Promise<string> {
  return String(documentOf((await walq(['--store', store, 'queue', 'status', '--json'])).stdout).storeId);
}

test('jobs whose answer was lost are asked for again under the lock; their own duplicates are enqueued', async () => {
  const store = `${scratch()}/store`;
  await dyingRunner(store);
  const jobs = [{ id: 'a' }, { id: 'b' }];
  const answer = await withQueue(env, store, options, (ops) => ops.call('enqueue', { jobs }));
  expect(answer.jobs.map(({ id, status }) => `${id} ${status}`)).toEqual(['a enqueued', 'b enqueued']);
  const queue = await openQueue(store);
  expect(queue.list().map((job) => job.id)).toEqual(['a', 'b']);
  await queue.close();
});

/** A runner that carries nothing out; the answer makes it close. */
async function closingRunner(store: string, asked: () => void = () => undefined): Promise<() => void> {
  const queue = await openQueue(store, { socket: false });
  await queue.enqueue('mail', undefined, { id: 'a', delay: '1h' });
  const handle = (_: unknown, signal: AbortSignal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      asked();
    });
  const where = { storeDir: store, storeId: await storeIdOf(store), fs: nodeFs, clock: systemClock };
  const server = await serveControl({ ...where, handle });
  return () => void server.close().then(() => queue.close());
}

test('what a closing runner did not do is done under the lock, also what must not be done twice', async () => {
  const store = `${scratch()}/store`;
  const close = await closingRunner(store);
  const answer = await withQueue(env, store, options, (ops) => {
    close();
    return ops.call('cancel', { id: 'a' });
  });
  expect(answer).toMatchObject({ status: 'cancelled' });
  const queue = await openQueue(store);
  expect(queue.get('a')?.state).toBe('dead');
  await queue.close();
});

test('a drain that comes too late for a runner finds none', async () => {
  const store = `${scratch()}/store`;
  const close = await closingRunner(store, () => close());
  const { code, stderr } = await walq(['--store', store, 'queue', 'drain']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('[E_NO_RUNNER]')]);
});

test.each([
  [lockedError('E_CONTROL_CLOSING', 'closing'), 'again'],
  [ioError('E_CONNECTION_LOST', 'lost', { data: { sent: false } }), 'again'],
  [ioError('E_CONNECTION_LOST', 'lost', { data: { sent: true } }), 'E_CONNECTION_LOST'],
  [ioError('E_NO_SPACE', 'full'), 'E_NO_SPACE'],
])('a request that may not be repeated is made again only where it was not done: %s, %s', async (error, wanted) => {
  const held = (call: () => Promise<never>): Held => ({
    ops: { storeId: 'a', call },
    close: async () => {},
  });
  const again = new SteadyOps(
    held(() => Promise.reject(error)),
    async () => held(() => Promise.reject(new WalqError(1, 'E_JOB_UNKNOWN', 'again'))),
  );
  const told = wanted === 'again' ? 'E_JOB_UNKNOWN' : wanted;
  await expect(again.call('cancel', { id: 'a' })).rejects.toMatchObject({ code: told });
});

test('jobs never go to another store that was put in the place of theirs', async () => {
  const store = `${scratch()}/store`;
  await dyingRunner(store, async () => {
    rmSync(store, { recursive: true });
    await (await openQueue(store)).close();
  });
  const asked = withQueue(env, store, options, (ops) => ops.call('enqueue', { jobs: [{ id: 'a' }] }));
  await expect(asked).rejects.toMatchObject({ code: 'E_CONNECTION_LOST' });
  const queue = await openQueue(store);
  expect(queue.list()).toEqual([]);
  await queue.close();
});

test.each(['SIGTERM', 'SIGKILL'] as const)('a long enqueue goes on when its runner ends by %s', async (signal) => {
  const store = `${scratch()}/store`;
  const runner = startRunner(store, ['--commands']);
  await runner.says('ready');
  const child = spawn(process.execPath, [binary, '--store', store, 'queue', 'enqueue', '-f', '-']);
  const ended = once(child, 'close');
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const jobs = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `{"id":"job_${from + index}"}\n`).join('');
  child.stdin.write(jobs(0, 1001));
  await once(child.stdout, 'data');
  await runner.kill(signal);
  child.stdin.end(jobs(1001, 3000));
  expect((await ended)[0]).toBe(0);
  expect(stdout.split('\n').filter((line) => line.endsWith(' enqueued'))).toHaveLength(3000);
  expect(documentOf((await walq(['--store', store, 'queue', 'status', '--json'])).stdout)).toMatchObject({
    counts: { pending: 3000 },
  });
});

test('jobs too large for one message go to a runner in several', async () => {
  const store = `${scratch()}/store`;
  const runner = startRunner(store, ['--exec', 'exit 0']);
  await runner.says('ready');
  // Control characters take six bytes each on the way.
  const job = (index: number) => JSON.stringify({ id: `job_${index}`, command: ['true', '\u0001'.repeat(100_000)] });
  const input = Array.from({ length: 30 }, (_, index) => job(index)).join('\n');
  const ran = await walq(['--store', store, 'queue', 'enqueue', '--allow-commands', '-f', '-'], { input });
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stdout.match(/ enqueued$/gm)).toHaveLength(30);
});

test('beside a runner that is stopped, status reads the files, and a second runner is refused by name', async () => {
  const store = `${scratch()}/store`;
  const runner = startRunner(store, ['--commands']);
  await runner.says('ready');
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'a']);
  runner.child.kill('SIGSTOP');
  const [status, second] = await Promise.all([
    walq(['--store', store, 'queue', 'status']),
    walq(['--store', store, 'queue', 'run', '--commands', '--lock-timeout', '1s']),
  ]);
  expect(status.code, status.stderr).toBe(0);
  expect(status.stdout).toMatch(/pending +1/);
  expect(status.stdout).toContain('did not answer');
  expect(second.code).toBe(6);
  expect(second.stderr).toContain(`process ${runner.child.pid} (walq queue run), which does not answer`);
});

test('who waits for the lock asks ever more rarely, and not beyond its time', async () => {
  const store = `${scratch()}/store`;
  const queue = await openQueue(store, { socket: false });
  const slept: number[] = [];
  let nowMs = 0;
  const clock = {
    ...systemClock,
    monotonic: () => nowMs,
    sleep: async (ms: number) => {
      slept.push(ms);
      nowMs += ms;
    },
  };
  const waits = lockForRun({ ...env, clock }, store, { ...options, lockTimeoutMs: 10_000 });
  await expect(waits).rejects.toMatchObject({ code: 'E_LOCKED' });
  await queue.close();
  expect(nowMs).toBe(10_000);
  expect(Math.max(...slept.slice(0, 10))).toBeLessThanOrEqual(32);
  expect(slept.length).toBeLessThan(150);
});
