import { expect, test } from 'vitest';
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
