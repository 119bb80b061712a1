import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { connectControl } from '../../../src/queue/process/socket-client.ts';
import { walq } from '../../cli/run-walq.ts';
import { newQueue } from './helpers.ts';

/** Other processes beside a program that has the queue open. */

test('commands of a shell reach the queue of a program, with and without handlers at work', async () => {
  const queue = await newQueue();
  const shell = (...args: string[]) => walq(['--store', queue.dir, 'queue', ...args]);
  expect(await shell('enqueue', 'mail', '--id', 'a', '-d', '{"n":9007199254740993}')).toMatchObject({
    code: 0,
    stdout: 'a enqueued\n',
  });
  expect(queue.get('a')?.payloadText).toBe('{"n":9007199254740993}');
  const status = async () => JSON.parse((await shell('status', '--json')).stdout);
  expect(await status()).toMatchObject({ from: 'runner', runner: { pid: process.pid, workers: 0 } });
  let go: () => void = () => undefined;
  const worker = queue.work(async (_job, { progress }) => {
    progress(0.25);
    await new Promise<void>((resolve) => {
      go = resolve;
    });
  });
  while ((await status()).runner.active[0]?.progress !== 0.25);
  expect(await status()).toMatchObject({ runner: { workers: 4, running: 1, handler: 'functions' } });
  const second = await shell('run', '--exec', 'true', '--lock-timeout', '100ms');
  expect(second.code).toBe(6);
  go();
  await worker.stop();
});

test('with socket: false they wait for the lock in vain (exit 6)', async () => {
  const queue = await newQueue({ socket: false });
  const ran = await walq(['--store', queue.dir, 'queue', 'enqueue', 'x', '--lock-timeout', '50ms']);
  expect(ran).toMatchObject({ code: 6, stderr: expect.stringContaining(String(process.pid)) });
});

test('a drain of the shell is told when the program stopped a worker before the end', async () => {
  const queue = await newQueue();
  await queue.enqueue('x', undefined, { id: 'a' });
  await queue.enqueue('x', undefined, { id: 'b' });
  const untilStopped = (_job: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((resolve) => (signal.onabort = resolve));
  const worker = queue.work(untilStopped, { grace: 0, concurrency: 1 });
  const drain = walq(['--store', queue.dir, 'queue', 'drain', '--json']);
  const status = async () => JSON.parse((await walq(['--store', queue.dir, 'queue', 'status', '--json'])).stdout);
  while (!(await status()).runner.stopping);
  await worker.stop();
  const { code, stdout } = await drain;
  expect(JSON.parse(stdout)).toMatchObject({ unfinished: 'the runner was stopped' });
  expect(code).toBe(1);
});

test('any number of takes may wait on one connection, without a warning', async () => {
  const queue = await newQueue();
  const client = await connectControl({ storeDir: queue.dir, timeoutMs: 5000, clock: systemClock });
  if (client === undefined) throw new Error('nobody answers');
  const warnings: Error[] = [];
  const onWarning = (warning: Error): number => warnings.push(warning);
  process.on('warning', onWarning);
  const take = (n: number) =>
    client.request('take', { tokens: [`a-token-of-some-length-${n}`], leaseMs: 60_000, waitMs: 60_000 });
  const waiting = Array.from({ length: 30 }, (_, n) => take(n));
  await client.request('status');
  await queue.enqueueMany(Array.from({ length: 30 }, () => ({ name: 'x' })));
  await Promise.all(waiting);
  process.off('warning', onWarning);
  client.close();
  expect(queue.counts()).toMatchObject({ pending: 0, in_flight: 30 });
  expect(warnings).toEqual([]);
});
