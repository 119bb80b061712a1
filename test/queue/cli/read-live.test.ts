import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Ran, scratch, walq } from '../../cli/run-walq.ts';
import { documentOf, type LiveRunner, startRunner } from '../run/queue-cli.ts';

/** Looking at a queue while somebody works on it. */

async function queue(store: string, ...args: string[]): Promise<Ran> {
  return await walq(['--store', store, 'queue', ...args]);
}

async function enqueue(store: string, ids: readonly string[], ...args: string[]): Promise<void> {
  const input = ids.map((id) => `${JSON.stringify({ id })}\n`).join('');
  const ran = await walq(['--store', store, 'queue', 'enqueue', '-q', '-f', '-', ...args], { input });
  expect(ran.code, ran.stderr).toBe(0);
}

/** Jobs run until the file that the folder is to hold is there. */
function held(dir: string): string {
  return `until [ -e ${dir}/go ]; do sleep 0.05; done; test "$WALQ_JOB_ID" != bad || exit 65`;
}

async function started(store: string, dir: string, ...args: string[]): Promise<LiveRunner> {
  const runner = startRunner(store, ['--exec', held(dir), ...args]);
  await runner.says('ready');
  return runner;
}

test('what a runner has is running with its process; once it is killed, orphaned', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await enqueue(store, ['a', 'b']);
  const runner = await started(store, dir, '-j', '1');
  await until(async () => (await queue(store, 'list', '--ids', '--phase', 'running')).stdout === 'a\n');
  const shown = documentOf((await queue(store, 'show', 'a', '--json')).stdout);
  expect(shown).toMatchObject({ running: { id: 'a', attempt: 1 }, attempts: [{ attempt: 1, outcome: 'running' }] });
  expect(shown.why).toMatch(/^a runner has it since \S+ \(\S+ ago\), attempt 1 of 3: pid \d+$/);
  const status = documentOf((await queue(store, 'status', '--json')).stdout);
  expect(status).toMatchObject({
    from: 'runner',
    phases: { running: 1, ready: 1 },
    runner: { pid: runner.child.pid, workers: 1, running: 1, lanes: ['handler'] },
    recovery: { replayed: 2 },
    verdict: 'clean',
  });
  await runner.kill('SIGKILL');
  expect((await queue(store, 'list', '--ids', '--phase', 'orphaned')).stdout).toBe('a\n');
  writeFileSync(`${dir}/go`, '');
  const next = await started(store, dir, '--kill-after', '100ms');
  await until(async () => (await queue(store, 'status', '--check', 'completed==2')).code === 0);
  const after = documentOf((await queue(store, 'status', '--json')).stdout);
  expect(after).toMatchObject({ opening: { pid: next.child.pid, after: 'crash' } });
  expect((await queue(store, 'show', 'a')).stdout).toMatch(/^ {2}1\t.*\tdid not count: crash\t/m);
});

test('jobs with a command have no handler at a runner that has its own', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  expect((await queue(store, 'enqueue', '--id', 'own', '--', 'true')).code).toBe(0);
  await started(store, dir);
  expect((await queue(store, 'list', '-o', 'text')).stdout).toMatch(
    /^own no handler the runner takes no jobs with a comm/,
  );
  expect((await queue(store, 'list', '--phase', 'no handler', '--ids')).stdout).toBe('own\n');
});

describe('wait', () => {
  test('ends with 0 when the jobs named have completed, though a runner died in between', async () => {
    const dir = scratch();
    const store = `${dir}/store`;
    await enqueue(store, ['a', 'b', 'c']);
    const first = await started(store, dir, '-j', '3');
    const waiting = queue(store, 'wait', 'a', 'c');
    await until(async () => (await queue(store, 'status', '--check', 'in_flight==3')).code === 0);
    await first.kill('SIGKILL');
    writeFileSync(`${dir}/go`, '');
    await started(store, dir, '--kill-after', '100ms');
    expect(await waiting).toMatchObject({ code: 0, stdout: 'a completed\nc completed\n' });
  });

  test('ends with 1 when one is dead or missing, after all of them are finished', async () => {
    const dir = scratch();
    const store = `${dir}/store`;
    await enqueue(store, ['good', 'bad']);
    await started(store, dir);
    const waiting = queue(store, 'wait', 'bad', 'good', 'never');
    writeFileSync(`${dir}/go`, '');
    const { code, stdout } = await waiting;
    expect(code).toBe(1);
    expect(stdout.trimEnd().split('\n').sort()).toEqual(['bad dead  permanent', 'good completed', 'never missing']);
  });

  test('without ids waits until nothing is left; what was dead before does not matter', async () => {
    const dir = scratch();
    const store = `${dir}/store`;
    writeFileSync(`${dir}/go`, '');
    await enqueue(store, ['bad', 'a']);
    await started(store, dir);
    expect((await queue(store, 'wait')).code).toBeLessThan(2);
    expect(await queue(store, 'wait')).toMatchObject({ code: 0, stdout: '0 completed, 0 dead\n' });
    await enqueue(store, ['b', 'c']);
    expect((await queue(store, 'wait')).code).toBe(0);
    expect(documentOf((await queue(store, 'wait', '--json')).stdout)).toMatchObject({
      timedOut: false,
      dead: 0,
      exit: 0,
    });
  });

  test('with --where waits for the jobs that match and no others, and refuses what it cannot watch', async () => {
    const dir = scratch();
    const store = `${dir}/store`;
    await enqueue(store, ['a', 'bad', 'other']);
    const waiting = queue(store, 'wait', '--where', 'id in (a, bad)');
    const last = queue(store, 'wait', '--where', 'status = in_flight');
    writeFileSync(`${dir}/go`, '');
    expect((await last).stderr).toContain('no job that is pending or in flight matches');
    await started(store, dir);
    expect(await waiting).toMatchObject({ code: 1, stdout: 'bad dead  permanent\n1 completed, 1 dead\n' });
    const aged = await queue(store, 'wait', '--where', 'age > 5m');
    expect(aged.code).toBe(2);
    expect(aged.stderr).toContain("'age' cannot be asked here: it changes while nothing happens to the job");
    expect((await queue(store, 'wait', 'a', '--where', 'id = a')).code).toBe(2);
  });

  test('gives up after --timeout with 1, says how many are left, and that nobody works', async () => {
    const store = `${scratch()}/store`;
    await enqueue(store, ['a', 'b']);
    const ran = await queue(store, 'wait', '--timeout', '300ms');
    expect([ran.code, ran.stdout]).toEqual([1, '0 completed, 0 dead, 2 left\n']);
    expect(ran.stderr).toContain('no runner works on this queue');
    expect(ran.stderr).toContain('not finished after 300ms: 2 jobs left [E_WAIT_TIMEOUT]');
  });
});

test('an export beside a runner is the queue as of one seq', async () => {
  const store = `${scratch()}/store`;
  await enqueue(store, ['seed']);
  const runner = startRunner(store, ['--exec', 'true', '-j', '8', '--snapshot-every', '200', '-q']);
  await runner.says('ready');
  const ids = Array.from({ length: 400 }, (_, n) => `job-${n}`);
  await enqueue(store, ids);
  for (let round = 0; round < 5; round++) {
    const document = documentOf((await queue(store, 'export', '--json')).stdout);
    const jobs = document.jobs as { id: string; state: string }[];
    expect(jobs.map((job) => job.id)).toEqual(['seed', ...ids]);
    const replayed = await walq(['wal', 'replay', store, '--until', String(document.seq), '--json']);
    // Cleaning may have taken that point meanwhile.
    if (replayed.code !== 0) continue;
    const there = documentOf(replayed.stdout).jobs as { id: string; status: string }[];
    expect(jobs.map((job) => job.state)).toEqual(there.map((job) => job.status));
  }
});

test('events -f shows the last ones, then each as it comes; logs -f goes on until the job is finished', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await enqueue(
    store,
    Array.from({ length: 30 }, (_, n) => `old-${n}`),
  );
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const following = walq(['--store', store, 'queue', 'events', '-f', '-n', '12'], { onStdout: () => begun() });
  // What comes before it begins is no news to it.
  await hasBegun;
  const quiet = queue(store, 'logs', '-f', 'old-29');
  await started(store, dir, '-j', '1');
  writeFileSync(`${dir}/go`, '');
  const lines = (await following).stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    ...Array.from({ length: 10 }, (_, n) => `[seq=${21 + n}] ENQUEUE`),
    '[seq=31] DISPATCH',
    expect.stringMatching(/^\[seq=32\] (DISPATCH|ACK)$/),
  ]);
  expect(await quiet).toMatchObject({ code: 0 });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 200; look++) if (await condition()) return;
  throw new Error('it never came true');
}
