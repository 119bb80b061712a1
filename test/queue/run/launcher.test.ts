import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';
import { alive, until } from '../process/helpers.ts';
import { documentOf, startRunner } from './queue-cli.ts';

/** Jobs that are processes are started by a process of their own, on Linux: it must not be one more thing to lose. */

/** Processes of this store that start jobs for a runner. */
function launchersOf(runnerPid: number): number[] {
  const children = readFileSync(`/proc/${runnerPid}/task/${runnerPid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

function said(path: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8').endsWith('\n');
}

async function attemptsOf(store: string, id: string): Promise<{ outcome: string; error?: string }[]> {
  const { stdout } = await walq(['--store', store, 'queue', 'show', id, '--json']);
  return documentOf(stdout).attempts as { outcome: string; error?: string }[];
}

test('a launcher that is killed takes its jobs along, and each runs again once nothing of it is left', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'a', '--backoff', 'none']);
  const line = `echo $$ >> ${dir}/pids; test -e ${dir}/again && exit 0; touch ${dir}/again; sleep 60 & wait`;
  const runner = startRunner(store, ['--exec', line, '--kill-after', '100ms']);
  await until(() => said(`${dir}/pids`), 'the job runs');
  const first = Number(readFileSync(`${dir}/pids`, 'utf8'));
  const pid = runner.child.pid ?? 0;
  const launchers = launchersOf(pid);
  expect(launchers.length).toBeGreaterThan(0);
  for (const launcher of launchers) process.kill(launcher, 'SIGKILL');
  await runner.says(' completed ');
  // How long it ran is known, though nobody is left who would say so.
  expect(runner.stderr()).not.toContain('a retry handler 0s');
  expect(await alive(first)).toBe(false);
  const attempts = await attemptsOf(store, 'a');
  expect(attempts.map(({ outcome }) => outcome)).toEqual([expect.stringContaining('failed'), 'completed']);
  expect(attempts[0]?.error).toContain('the process that starts jobs ended (SIGKILL)');
  expect(launchersOf(pid).some((launcher) => launchers.includes(launcher))).toBe(false);
  await runner.kill('SIGTERM');
});

test('a service manager that asks every process to end loses no job that sees its work through', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'a']);
  const line = `trap 'touch ${dir}/asked' TERM HUP INT; echo $$ > ${dir}/pid; until test -e ${dir}/go; do sleep 0.05; done`;
  const runner = startRunner(store, ['--exec', line]);
  await until(() => said(`${dir}/pid`), 'the job runs');
  const others = [...launchersOf(runner.child.pid ?? 0), Number(readFileSync(`${dir}/pid`, 'utf8'))];
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) for (const pid of others) process.kill(pid, signal);
  runner.child.kill('SIGTERM');
  await until(() => existsSync(`${dir}/asked`), 'the job was asked to end');
  await runner.says('waiting for 1 running job');
  writeFileSync(`${dir}/go`, '');
  expect(await runner.ended).toEqual({ code: 0, signal: null });
  expect((await attemptsOf(store, 'a')).map(({ outcome }) => outcome)).toEqual(['completed']);
});

test('a launcher that is killed takes no job of a copy of its store along', async () => {
  const dir = scratch();
  const [store, twin] = [`${dir}/store`, `${dir}/twin`];
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'a']);
  cpSync(store, twin, { recursive: true });
  const line = (name: string) => `echo $$ >> ${dir}/${name}; exec sleep 60`;
  const own = startRunner(store, ['--exec', line('own'), '--kill-after', '100ms']);
  startRunner(twin, ['--exec', line('other')]);
  await until(() => said(`${dir}/own`) && said(`${dir}/other`), 'both jobs run');
  const [pid, other] = ['own', 'other'].map((name) => Number(readFileSync(`${dir}/${name}`, 'utf8')));
  for (const launcher of launchersOf(own.child.pid ?? 0)) process.kill(launcher, 'SIGKILL');
  await until(async () => !(await alive(pid)), 'the own job is ended');
  await own.says('retry');
  expect(await alive(other)).toBe(true);
  process.kill(-(other ?? 0), 'SIGKILL');
});

test('a new runner ends what a killed one left, and none of its own launchers', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'a']);
  const first = startRunner(store, ['--exec', `echo $$ >> ${dir}/pid; exec sleep 60`]);
  await until(() => said(`${dir}/pid`), 'the job runs');
  const launchers = launchersOf(first.child.pid ?? 0);
  await first.kill('SIGKILL');
  const gone = async () => (await Promise.all(launchers.map(alive))).every((lives) => !lives);
  await until(gone, 'the launchers are gone');
  const second = startRunner(store, ['--exec', 'true']);
  await second.says(' completed ');
  expect(second.stderr()).toContain('after killing 1 process it left');
});

test('launchers go when their runner is killed, and when it stops', async () => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const dir = scratch();
    const store = `${dir}/store`;
    await walq(['--store', store, 'queue', 'enqueue', '--id', 'a']);
    const runner = startRunner(store, ['--exec', 'true']);
    await runner.says(' completed ');
    const launchers = launchersOf(runner.child.pid ?? 0);
    expect(launchers.length).toBeGreaterThan(0);
    await runner.kill(signal);
    const gone = async () => (await Promise.all(launchers.map(alive))).every((lives) => !lives);
    await until(gone, 'the launchers are gone');
  }
});

test('a job that is started this way has the process group, environment and pid that it is said to have', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await walq(['--store', store, 'queue', 'enqueue', '--id', 'a']);
  const runner = startRunner(store, ['--exec', `echo "$$ $WALQ_LEASE $WALQ_JOB_ID" > ${dir}/said; sleep 60`]);
  await until(() => said(`${dir}/said`), 'the job runs');
  const [pid = '', lease = '', id] = readFileSync(`${dir}/said`, 'utf8').trim().split(' ');
  expect(id).toBe('a');
  expect(lease).toMatch(/^[0-9a-f]{32}:2$/);
  const { stdout } = await walq(['--store', store, 'queue', 'show', 'a', '--json']);
  expect(documentOf(stdout)).toMatchObject({ running: { pid: Number(pid) } });
  expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[4]).toBe(pid);
  await runner.kill('SIGKILL');
  process.kill(-Number(pid), 'SIGKILL');
});
