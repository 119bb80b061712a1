import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nextFor } from '../../../src/commands/explain/next.ts';
import { reasonOf } from '../../../src/commands/explain/reason.ts';
import { showJob } from '../../../src/commands/explain/view.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { File, FileSystem } from '../../../src/fs/types.ts';
import { scratch, walq } from '../../cli/run-walq.ts';
import { contextOf } from '../../support/command-context.ts';
import { newQueue } from '../api/helpers.ts';
import { startRunner } from '../run/queue-cli.ts';
import { atWork, handlers, inFlight, until, why } from './why.ts';

/** Every reason that a job can have to be pending, made by a real queue on real files. */

describe('a pending job', () => {
  test('waits for its time', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j', delay: '1h' });
    expect(await why(queue)).toEqual(['scheduled', 'waits for its time, T (in D)', 'promote j']);
    await queue.pause({ name: 'ok' });
    expect((await why(queue))[1]).toBe('waits for its time, T (in D); jobs named ok paused besides');
  });

  test('waits for a retry, and after what', async () => {
    const { queue, dir } = await atWork(1);
    await queue.enqueue('fail', undefined, { id: 'j', attempts: 5, backoff: 'fixed:1h' });
    await until(() => queue.get('j')?.attempt === 1 && queue.get('j')?.state === 'pending');
    expect(await why({ dir })).toEqual([
      'retrying',
      'waits for a retry at T (in D), attempt 2 of 5, after a failure',
      'promote j',
    ]);
  });

  test('waits for its parents, and how those stand', async () => {
    const queue = await newQueue();
    for (const id of ['a', 'b']) await queue.enqueue('ok', undefined, { id, delay: '1h' });
    await queue.enqueue('ok', undefined, { id: 'j', after: ['a'] });
    await queue.enqueue('ok', undefined, { id: 'k', after: ['a', 'b'] });
    expect(await why(queue)).toEqual(['blocked', 'waits for its parent a (scheduled)', 'show --explain a']);
    expect((await why(queue, 'k'))[1]).toBe('waits for 2 parents: a (scheduled), b (scheduled)');
  });

  test('is held by a pause of everything, of its name, of its group', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j', group: 'eu' });
    await queue.pause({ group: 'eu' });
    expect(await why(queue)).toEqual(['paused', 'group eu paused since T (D ago)', 'resume --group eu']);
    await queue.pause({ name: 'ok' }, "it's down");
    expect(await why(queue)).toEqual([
      'paused',
      "jobs named ok paused since T (D ago) (it's down)",
      'resume --name ok',
    ]);
    await queue.pause({});
    expect(await why(queue)).toEqual(['paused', 'all jobs paused since T (D ago)', 'resume']);
  });

  test('that nobody began in time dies when somebody works', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j', expire: 1 });
    await until(async () => (await why(queue))[0] === 'expired');
    expect(await why(queue)).toEqual([
      'expired',
      'nobody began it in time, T (D ago); it dies when somebody works here',
      'update --expire 1h j',
    ]);
  });

  test('has a program that takes no jobs, or others', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j' });
    expect(await why(queue)).toEqual(['no-handler', 'the program that has the queue runs no jobs', 'drain']);
    const worker = queue.work({ bad: handlers.bad, slow: handlers.slow });
    onTestFinished(async () => void (await worker.stop()));
    expect((await why(queue))[1]).toBe('the runner takes only jobs named bad, slow');
  });

  test('brings a command that the runner does not run', async () => {
    const dir = `${scratch()}/store`;
    await walq(['--store', dir, 'queue', 'enqueue', '--id', 'j', '--', 'true']);
    expect(await why({ dir })).toEqual([
      'no-runner',
      'waits for a worker; no runner works on this queue now',
      'run --commands',
    ]);
    const runner = startRunner(dir, ['--exec', 'cat']);
    await runner.says('ready');
    expect(await why({ dir })).toEqual([
      'no-handler',
      'brings a command of its own, and the runner does not run those',
      'drain',
    ]);
  });

  test('has no runner', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j' });
    await queue.close();
    expect(await why(queue)).toEqual([
      'no-runner',
      'waits for a worker; no runner works on this queue now',
      'run --exec CMD',
    ]);
  });

  test('has a runner that does not answer, and one that takes others first', async () => {
    const dir = `${scratch()}/store`;
    const runner = startRunner(dir, ['--exec', 'cat >/dev/null; test "$WALQ_JOB_ID" != a || sleep 600', '-j', '1']);
    await runner.says('ready');
    const input = ['a', 'b', 'j'].map((id) => JSON.stringify({ id })).join('\n');
    expect((await walq(['--store', dir, 'queue', 'enqueue', '-f', '-'], { input })).code).toBe(0);
    await until(async () => (await why({ dir }, 'a'))[0] === 'running');
    expect(await why({ dir })).toEqual([
      'busy-workers',
      'the one worker is busy; about 1 job comes first',
      'list --state in_flight',
    ]);
    runner.child.kill('SIGSTOP');
    expect(await why({ dir })).toEqual(['silent-runner', 'there is a runner, and it does not answer', 'status']);
  });

  test('has a runner that begins nothing more, although a worker is free', async () => {
    const dir = `${scratch()}/store`;
    const runner = startRunner(dir, ['--exec', 'sleep 600', '-j', '2', '--grace', '1h', '--kill-after', '100ms']);
    await runner.says('ready');
    await walq(['--store', dir, 'queue', 'enqueue', '--id', 'a']);
    await until(async () => (await why({ dir }, 'a'))[0] === 'running');
    runner.child.kill('SIGTERM');
    await runner.says('stopping');
    await walq(['--store', dir, 'queue', 'enqueue', '--id', 'j']);
    expect(await why({ dir })).toEqual([
      'ending-runner',
      'the runner is about to end; what it does not begin waits for the next one',
      'status',
    ]);
    runner.child.kill('SIGTERM');
    await runner.ended;
  });

  test('waits for its turn where a worker is free in the moment of the look', async () => {
    const { queue, dir } = await atWork(1);
    await queue.enqueue('slow', undefined, { id: 'a' });
    await inFlight(queue, 1);
    await queue.enqueue('slow', undefined, { id: 'j', priority: 3 });
    const view = await showJob(contextOf(dir), 'j');
    const { running } = view.scene.runner;
    if (running.runner === undefined) throw new Error('no runner');
    const runner = { ...view.scene.runner, running: { ...running, runner: { ...running.runner, running: 0 } } };
    const idle = { ...view, scene: { ...view.scene, runner } };
    const reason = reasonOf(idle);
    expect(reason).toEqual({ kind: 'turn', text: 'waits for its turn; it is next' });
    expect(nextFor(idle, reason)?.command).toBe(`walq --store ${dir} queue update --priority 4 j`);
  });

  test('waits for a worker while all are busy, behind those that come first', async () => {
    const { queue, dir } = await atWork(2);
    for (const id of ['a', 'b']) await queue.enqueue('slow', undefined, { id });
    await inFlight(queue, 2);
    await queue.enqueue('slow', undefined, { id: 'older' });
    await queue.enqueue('slow', undefined, { id: 'j' });
    await queue.enqueue('slow', undefined, { id: 'higher', priority: 5 });
    await queue.enqueue('slow', undefined, { id: 'later', delay: '1h' });
    expect(await why({ dir })).toEqual([
      'busy-workers',
      'all 2 workers are busy; about 2 jobs come first',
      'list --state in_flight',
    ]);
    expect((await why({ dir }, 'higher'))[1]).toBe('all 2 workers are busy; it is next');
  });

  test('waits for a place in its group, by a limit of the group or of the runner', async () => {
    const { queue, dir } = await atWork(4, { groupLimit: 1 });
    await queue.limit({ group: 'eu', concurrency: 2 });
    for (const id of ['a', 'b']) await queue.enqueue('slow', undefined, { id, group: 'eu' });
    await queue.enqueue('slow', undefined, { id: 'c', group: 'us' });
    await inFlight(queue, 3);
    await queue.enqueue('slow', undefined, { id: 'j', group: 'eu' });
    await queue.enqueue('slow', undefined, { id: 'k', group: 'us' });
    expect(await why({ dir })).toEqual([
      'group-limit',
      'waits for its turn in group eu: 2 of 2 at a time are in flight',
      'list --group eu --state in_flight',
    ]);
    expect(await why({ dir }, 'k')).toEqual([
      'runner-group-limit',
      'waits for its turn in group us: the runner has 1 of 1 at a time in flight',
      'list --group us --state in_flight',
    ]);
  });

  test('is not held by the limit of the runner where its group has one of its own', async () => {
    const { queue, dir } = await atWork(2, { groupLimit: 1 });
    await queue.limit({ group: 'eu', concurrency: 3 });
    for (const id of ['a', 'b', 'j']) await queue.enqueue('slow', undefined, { id, group: 'eu' });
    await inFlight(queue, 2);
    expect((await why({ dir }))[0]).toBe('busy-workers');
  });

  test('waits for the rate of its group or of the queue', async () => {
    const { queue, dir } = await atWork(4);
    await queue.limit({ group: 'eu', rate: { count: 1, per: '1h' } });
    await queue.enqueue('ok', undefined, { id: 'a', group: 'eu' });
    await until(() => queue.counts().completed === 1);
    await queue.enqueue('ok', undefined, { id: 'j', group: 'eu' });
    expect(await why({ dir })).toEqual(['rate', 'group eu begins 1 job in 1h at the most; it is next', 'limit']);
    await queue.limit({ rate: { count: 2, per: '1h' } });
    for (const id of ['b', 'c']) await queue.enqueue('ok', undefined, { id });
    await until(() => queue.counts().completed === 3);
    await queue.enqueue('ok', undefined, { id: 'k' });
    expect((await why({ dir }, 'k'))[1]).toBe('the queue begins 2 jobs in 1h at the most; about 1 job comes first');
  });

  test('waits for room on the disk when outcomes do', async () => {
    const disk = { full: false };
    const env = { fs: fullWhen(disk), clock: systemClock, random: systemRandom };
    const { queue, dir } = await atWork(1, { env, socket: true });
    let finish = () => {};
    const end = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const one = queue.work({ held: () => end });
    onTestFinished(async () => void (await one.stop()));
    await queue.enqueue('held', undefined, { id: 'a' });
    await inFlight(queue, 1);
    await queue.enqueue('slow', undefined, { id: 'j', delay: 50 });
    disk.full = true;
    finish();
    await until(async () => (await why({ dir }))[0] === 'full-disk');
    expect(await why({ dir })).toEqual([
      'full-disk',
      'the disk is full: the runner begins nothing until there is some room',
      'status',
    ]);
    disk.full = false;
    await until(() => queue.counts().in_flight === 1 && queue.counts().completed === 1);
  });

  test('cannot be worked on before the log is repaired', async () => {
    const queue = await newQueue();
    await queue.enqueue('ok', undefined, { id: 'j' });
    await queue.enqueue('ok', undefined, { id: 'k' });
    await queue.close();
    const { stdout } = await walq(['wal', 'inspect', queue.dir, '2', '-o', 'ndjson']);
    const { file, offset } = JSON.parse(stdout.split('\n')[0] ?? '');
    const handle = await nodeFs.open(`${queue.dir}/${file}`, 'r+');
    await handle.write(new Uint8Array([0xff, 0xff, 0xff]), offset + 60);
    await handle.close();
    expect(await why(queue)).toEqual([
      'damaged-log',
      'nobody can work on this queue before its log is repaired',
      `walq doctor ${queue.dir}`,
    ]);
  });
});

/** Writing to the log fails while the disk is full. */
function fullWhen(disk: { full: boolean }): FileSystem {
  const noSpace = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const wrap = (file: File): File =>
    new Proxy(file, {
      get(target, name) {
        if (disk.full && (name === 'write' || name === 'writeSync')) {
          return () => {
            throw noSpace();
          };
        }
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return new Proxy(nodeFs, {
    get(target, name) {
      if (name !== 'open') return Reflect.get(target, name, target);
      return async (...args: Parameters<FileSystem['open']>) => {
        const file = await target.open(...args);
        return args[0].endsWith('.wal') ? wrap(file) : file;
      };
    },
  });
}
