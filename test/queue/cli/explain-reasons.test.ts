import { describe, expect, onTestFinished, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';
import { newQueue } from '../api/helpers.ts';
import { startRunner } from '../run/queue-cli.ts';
import { atWork, handlers, inFlight, until, why } from './why.ts';

/** Every reason that a job can have to be in flight or over, and to be tried again, made by a real queue. */

describe('a job that is tried again', () => {
  test('came back from the dead, and from a holder that let its time run out', async () => {
    const { queue, dir, worker } = await atWork(1);
    await queue.enqueue('bad', undefined, { id: 'j', attempts: 1 });
    await queue.waitFor('j');
    await queue.enqueue('ok', undefined, { id: 'k', attempts: 2, backoff: 'fixed:1h', delay: 20 });
    await worker.stop();
    await until(async () => (await queue.take({ lease: 1 })).length === 1);
    const another = queue.work(handlers);
    await until(() => queue.get('k')?.state === 'pending');
    await another.stop();
    await queue.retry('j');
    await queue.close();
    expect((await why({ dir }, 'k'))[1]).toBe(
      'waits for a retry at T (in D), attempt 2 of 2, after the time of its holder ran out',
    );
    expect((await why({ dir }))[1]).toContain('; attempt 2 (it had 1), called back from the dead');
  });

  test('came back from a runner that died, that stopped, that has no working handler', async () => {
    const dir = `${scratch()}/store`;
    const enqueued = await walq(['--store', dir, 'queue', 'enqueue', '--id', 'j']);
    expect(enqueued.code).toBe(0);
    const begun = async (...args: string[]) => {
      const runner = startRunner(dir, [
        '--exec',
        'sleep 600',
        '-j',
        '1',
        '--grace',
        '0',
        '--kill-after',
        '100ms',
        ...args,
      ]);
      await until(async () => (await why({ dir }))[0] === 'running');
      return runner;
    };
    await (await begun()).kill('SIGKILL');
    const taker = startRunner(dir, ['--commands']);
    await taker.says('ready');
    await taker.kill('SIGTERM');
    const nobody = 'waits for a worker; no runner works on this queue now; attempt 1 of 3, ';
    expect((await why({ dir }))[1]).toBe(`${nobody}after its runner died (which does not count)`);
    await (await begun()).kill('SIGTERM');
    expect((await why({ dir }))[1]).toBe(`${nobody}given back by a runner that stopped`);
    const broken = startRunner(dir, ['--exec', 'no-such-program-here']);
    await until(async () => (await why({ dir }))[0] === 'paused');
    expect((await why({ dir }))[1]).toMatch(/^all jobs paused since T \(D ago\) \(handler: /);
    await broken.kill('SIGTERM');
    expect((await walq(['--store', dir, 'queue', 'resume'])).code).toBe(0);
    expect((await why({ dir }))[1]).toBe(`${nobody}given back by a runner whose handler does not work`);
  });
});

describe('a job in flight', () => {
  test('has a runner, and a timeout', async () => {
    const { queue, dir } = await atWork(1);
    await queue.enqueue('slow', undefined, { id: 'j', timeout: '1h' });
    await inFlight(queue, 1);
    expect(await why({ dir })).toEqual([
      'running',
      'a runner has it since T (D ago), attempt 1 of 3: timeout T (in D)',
      'logs -f j',
    ]);
  });

  test('has a holder outside, until its time is over', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j' });
    await queue.take({ lease: '1h' });
    expect(await why(queue)).toEqual([
      'leased',
      'somebody outside has it since T (D ago), and has until T (in D); attempt 1 of 3',
      'wait j',
    ]);
    await queue.enqueue('ok', undefined, { id: 'k' });
    await queue.take({ lease: 1 });
    await queue.close();
    expect((await why(queue, 'k'))[1]).toBe(
      'its holder let the time run out, T (D ago); it comes back when somebody works here',
    );
  });

  test('is cancelled, and its process is not over yet', async () => {
    const queue = await newQueue();
    const worker = queue.work({ stubborn: () => new Promise<void>(() => {}) }, { killAfter: '1h', grace: 1 });
    onTestFinished(async () => {
      void worker.stop();
      await worker.stop();
    });
    await queue.enqueue('stubborn', undefined, { id: 'j' });
    await inFlight(queue, 1);
    await queue.cancel('j');
    expect(await why(queue)).toEqual([
      'cancelling',
      'it is cancelled, T (D ago); its runner is ending the process',
      'wait j',
    ]);
  });

  test('has lost its runner: it runs again when one starts', async () => {
    const dir = `${scratch()}/store`;
    const runner = startRunner(dir, ['--exec', 'sleep 600', '-j', '1']);
    await runner.says('ready');
    await walq(['--store', dir, 'queue', 'enqueue', '--id', 'j']);
    await until(async () => (await why({ dir }))[0] === 'running');
    await runner.kill('SIGKILL');
    expect(await why({ dir })).toEqual([
      'orphaned',
      'no runner alive has it; it runs again when one starts, and attempt 1 of 3 will not count',
      'run --exec CMD',
    ]);
  });
});

describe('a job that is over', () => {
  test('is done', async () => {
    const { queue, dir } = await atWork(1);
    await queue.enqueue('ok', undefined, { id: 'j' });
    await queue.waitFor('j');
    expect(await why({ dir })).toEqual(['completed', 'done T (D ago)', undefined]);
  });

  test('is dead: its attempts are used up, or it was said to be no use', async () => {
    const { queue, dir } = await atWork(1);
    await queue.enqueue('fail', undefined, { id: 'j', attempts: 2, backoff: 'none' });
    await queue.enqueue('bad', undefined, { id: 'k' });
    await queue.waitFor(['j', 'k']);
    expect(await why({ dir })).toEqual([
      'dead',
      'all attempts are used up (2 of 2); the last error: Error: no route to host',
      'retry j',
    ]);
    const [, text] = await why({ dir }, 'k');
    expect(text).toContain('no such user');
  });

  test('is dead: cancelled; and one that waited for it', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'p' });
    await queue.enqueue('ok', undefined, { id: 'j', after: ['p'] });
    await queue.cancel('p', 'not needed');
    expect(await why(queue, 'p')).toEqual(['dead', 'it was cancelled: not needed', 'retry p']);
    expect(await why(queue)).toEqual(['dead', 'job p, which it waited for, was cancelled', 'retry p']);
  });

  test('is dead, and another one has its unique key by now', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j', key: 'customer-7' });
    await queue.cancel('j');
    await queue.enqueue('ok', undefined, { id: 'k', key: 'customer-7' });
    expect((await why(queue))[2]).toBe('show --explain k');
  });

  test('is dead: expired', async () => {
    const { queue, dir } = await atWork(1);
    await queue.enqueue('ok', undefined, { id: 'j', expire: 1, delay: 1 });
    await queue.waitFor('j');
    const [kind, text] = await why({ dir });
    // It may have been quicker than its time.
    if (kind === 'dead') expect(text).toBe('nobody began it in time');
  });

  test('is gone', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j' });
    await queue.remove('j');
    expect(await why(queue)).toEqual(['gone', 'removed at seq 2, T (D ago)', undefined]);
  });
});
