import { cpSync, readFileSync, renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';
import { tried } from '../../support/tried.ts';
import { alive, until } from '../process/helpers.ts';
import { documentOf, startRunner } from './queue-cli.ts';

/** kill -9 in the middle, again and again: acknowledged ⊆ recovered ⊆ issued, and every job ends. */

test('jobs answered before kill -9 are there afterwards, whenever it comes', async (context) => {
  const dir = scratch();
  const store = `${dir}/store`;
  let issued = 0;
  let kills = 0;
  const acknowledged = new Set<string>();
  for (let round = 0; round < 6; round++) {
    const runner = startRunner(store, [
      '--exec',
      `sleep 0.01; echo "$WALQ_JOB_ID" >> ${dir}/done`,
      '-j',
      '4',
      '--snapshot-every',
      '10',
      '--segment-size',
      '4k',
    ]);
    await runner.says('ready');
    const sending = Array.from({ length: 4 }, async () => {
      const ids = Array.from({ length: 20 }, () => `job_${issued++}`);
      const ran = await walq(['--store', store, 'queue', 'enqueue', '-f', '-', '--lock-timeout', '1s'], {
        input: ids.map((id) => `{"id":"${id}"}`).join('\n'),
      });
      for (const line of ran.stdout.split('\n'))
        if (line.endsWith(' enqueued')) acknowledged.add(line.split(' ')[0] ?? '');
    });
    await runner.says(' completed ', 5 + round * 7);
    await runner.kill('SIGKILL');
    kills++;
    await Promise.all(sending);
    const verify = await walq(['wal', 'verify', store]);
    expect(verify.code, verify.stdout + verify.stderr).toBe(0);
  }
  const last = await walq([
    '--store',
    store,
    'queue',
    'run',
    '--drain',
    '-j',
    '8',
    '-q',
    '--exec',
    `echo "$WALQ_JOB_ID" >> ${dir}/done`,
  ]);
  expect(last.code, last.stderr).toBe(0);
  const replayed = documentOf((await walq(['wal', 'replay', store, '--json'])).stdout);
  expect(replayed.error).toBeUndefined();
  const status = documentOf((await walq(['--store', store, 'queue', 'status', '--json'])).stdout) as {
    counts: { pending: number; in_flight: number; completed: number; dead: number };
  };
  expect(status.counts).toMatchObject({ pending: 0, in_flight: 0, dead: 0 });
  const state = await walq(['wal', 'replay', store, '-o', 'document']);
  const jobs = new Set(Object.keys((JSON.parse(state.stdout) as { Jobs: Record<string, unknown> }).Jobs));
  for (const id of acknowledged) expect(jobs.has(id), id).toBe(true);
  expect(jobs.size).toBeLessThanOrEqual(issued);
  expect(status.counts.completed).toBe(jobs.size);
  // Delivery is at least once: each completed job has run to its end at least once.
  const done = new Set(readFileSync(`${dir}/done`, 'utf8').trim().split('\n'));
  for (const id of jobs) expect(done.has(id), id).toBe(true);
  expect(acknowledged.size).toBeGreaterThan(50);
  tried(context, 'kill-9', { 'runner killed, no job lost': kills });
});

test('children of a killed runner are gone before their job runs again', async (context) => {
  const dir = scratch();
  const store = `${dir}/store`;
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'a']);
  const first = startRunner(store, [
    '--exec',
    `trap '' TERM; echo $$ > ${dir}/pid; sleep 60; echo late >> ${dir}/late`,
  ]);
  await first.says('ready');
  await until(() => read(`${dir}/pid`).endsWith('\n'), 'the handler has begun');
  const pid = Number(read(`${dir}/pid`));
  await first.kill('SIGKILL');
  const second = await walq([
    '--store',
    store,
    'queue',
    'run',
    '--drain',
    '--kill-after',
    '200ms',
    '--exec',
    `if [ -d /proc/${pid} ] && ! grep -q ') Z ' /proc/${pid}/stat; then exit 65; fi`,
  ]);
  expect(second.code, second.stderr).toBe(0);
  expect(second.stderr).toContain('took back 1 job');
  expect(second.stderr).toContain('after killing');
  tried(context, 'handlers', { 'orphans first': 1 });
});

test('a runner on a copy leaves the children of the original alone, one on the moved store does not', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'a']);
  const runner = startRunner(store, ['--exec', `echo $$ > ${dir}/pid; sleep 60`]);
  await until(() => read(`${dir}/pid`).endsWith('\n'), 'the handler has begun');
  const pid = Number(read(`${dir}/pid`));
  cpSync(store, `${dir}/copy`, { recursive: true, filter: (path) => !path.endsWith('/sock') });
  const copied = await walq(['--store', `${dir}/copy`, 'queue', 'run', '--drain', '--exec', 'true']);
  expect(copied.stderr).toContain('took back 1 job');
  expect(await alive(pid)).toBe(true);
  await runner.kill('SIGKILL');
  renameSync(store, `${dir}/moved`);
  const moved = await walq(['--store', `${dir}/moved`, 'queue', 'run', '--drain', '--exec', 'true']);
  expect(moved.stderr).toContain('after killing');
  expect(await alive(pid)).toBe(false);
});

test('a job that takes its runner down again and again ends dead', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'poison']);
  for (let round = 0; round < 3; round++) {
    const runner = startRunner(store, [
      '--exec',
      'kill -9 $(cut -d" " -f4 /proc/$PPID/stat); sleep 5',
      '--crashes',
      '3',
    ]);
    await runner.ended;
  }
  const last = await walq(['--store', store, 'queue', 'run', '--drain', '--exec', 'true', '--crashes', '3']);
  expect(last.stderr).toMatch(/took back 1 job of a runner that died.*; 1 crashed too often and is dead/);
  expect(last.code).toBe(1);
  const status = documentOf((await walq(['--store', store, 'queue', 'status', '--json'])).stdout) as {
    counts: { dead: number };
  };
  expect(status.counts.dead).toBe(1);
});

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
