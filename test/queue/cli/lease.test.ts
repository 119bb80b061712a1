import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { binary, scratch, walq } from '../../cli/run-walq.ts';
import { tried } from '../../support/tried.ts';
import { startRunner } from '../run/queue-cli.ts';
import { type Shell, shellAt, shellOn, statesOf, ways } from './shells.ts';

interface Taken {
  token: string;
  id: string;
  attempt: number;
  maxAttempts: number;
  deadlineMs: number;
}

async function takeOne(shell: Shell, ...args: string[]): Promise<Taken> {
  return JSON.parse(await shell.ok('take', ...args)) as Taken;
}

describe.each(ways)('%s', (way) => {
  test('take hands out jobs as JSON lines, the payload as it was written; exit 1 when there is none', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', 'mail', '--id', 'a', '-d', '{"n": 9007199254740993, "e": 1e400}');
    await shell.ok('enqueue', 'x', '--id', 'b');
    await shell.ok('enqueue', '--id', 'command', '--', 'true');
    const lines = (await shell.ok('take', '-n', '5', '--lease', '1m', '--name', 'mail,x')).trim().split('\n');
    expect(lines).toHaveLength(2);
    const line =
      /^\{"token":"[0-9a-f]{32}","id":"a","name":"mail","payload":\{"n":9007199254740993,"e":1e400\},"attempt":1,"maxAttempts":3,"deadlineMs":\d+\}$/;
    expect(lines[0]).toMatch(line);
    expect(Object.keys(JSON.parse(lines[1] ?? '') as object)).not.toContain('payload');
    const none = await shell.queue('take');
    expect(none).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect(await shell.json('take')).toMatchObject({ jobs: [], exit: 1 });
  });

  test('ack, fail and extend answer by token, each for its job alone', async () => {
    const shell = await shellOn(way);
    for (const id of ['a', 'b', 'c', 'd'])
      await shell.ok('enqueue', '--id', id, '--attempts', '2', '--backoff', 'none');
    const [a, b, c, d] = (await shell.ok('take', '-n', '4'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Taken);
    expect(await shell.ok('ack', a?.token ?? '', '--result', '{"n": 1e400}')).toBe('a completed\n');
    expect((await shell.log()).at(-1)).toContain('result={"n":1e400}');
    expect(await shell.ok('fail', b?.token ?? '', '--error', 'no luck', '--retry-in', '0')).toMatch(/^b pending again/);
    expect((await shell.log()).at(-1)).toMatch(/^RETRY b .*error="no luck"/);
    expect(await shell.ok('fail', c?.token ?? '', '--dead', 'no such user')).toBe('c dead (no such user)\n');
    expect(await shell.ok('extend', d?.token ?? '', '5m')).toMatch(/^extended until 20/);
    const { deadlineMs } = await shell.json('extend', d?.token ?? '', '1h');
    expect(deadlineMs).toBeGreaterThan((d?.deadlineMs ?? 0) + 3_000_000);
    const again = await takeOne(shell);
    expect(again).toMatchObject({ id: 'b', attempt: 2, maxAttempts: 2 });
    expect(await shell.ok('fail', again.token)).toBe('b dead (attempts)\n');
    const late = await shell.queue('ack', a?.token ?? '', d?.token ?? '');
    expect(late).toMatchObject({ code: 1, stdout: 'd completed\n' });
    expect(late.stderr).toContain('E_LEASE_OVER');
    expect((await shell.queue('ack', 'x'.repeat(32), '--result', '{')).stderr).toContain('E_JSON');
    expect((await shell.queue('fail', 'x', '--dead', 'a', '--retry-in', '1s')).code).toBe(2);
    expect((await shell.queue('extend', 'x', '0')).code).toBe(2);
    expect(await statesOf(shell.store)).toEqual({ a: 'completed', b: 'dead', c: 'dead', d: 'completed' });
  });

  test('take --wait gets a job that comes later, and gives up in time without one', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', '--id', 'other', 'other');
    const waiting = takeOne(shell, '--wait', '30s', '--name', 'mail');
    await shell.ok('enqueue', 'mail', '--id', 'a');
    expect(await waiting).toMatchObject({ id: 'a' });
    const startedAt = performance.now();
    expect((await shell.queue('take', '--wait', '700ms', '--name', 'mail')).code).toBe(1);
    expect(performance.now() - startedAt).toBeGreaterThan(700);
  });

  test('a lease that runs out costs an attempt; whoever is late is told so', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', '--id', 'a', '--backoff', 'none');
    const first = await takeOne(shell, '--lease', '1ms');
    const second = await takeOne(shell, '--wait', '10s');
    expect(second).toMatchObject({ id: 'a', attempt: 2 });
    expect((await shell.queue('ack', first.token)).stderr).toContain('E_LEASE_OVER');
    expect(await shell.ok('ack', second.token)).toBe('a completed\n');
  });
});

test('consumers that wait without a runner do not keep the lock from others', async () => {
  const shell = await shellOn('under the lock');
  await shell.ok('enqueue', 'other');
  const waiting = Array.from({ length: 3 }, () => shell.queue('take', '--wait', '60s', '--name', 'mail'));
  const jobs = Array.from({ length: 5 }, (_, n) => shell.queue('enqueue', '--id', `n${n}`, '--lock-timeout', '20s'));
  expect((await Promise.all(jobs)).map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  for (let n = 0; n < 3; n++) await shell.ok('enqueue', 'mail');
  expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual([0, 0, 0]);
});

test('a lease outlives its runner: it is answered under the lock, or through the next one', async (context) => {
  const shell = shellAt(`${scratch()}/store`);
  const first = startRunner(shell.store, ['--commands']);
  await first.says('ready');
  for (const id of ['a', 'b']) await shell.ok('enqueue', '--id', id);
  const [a, b] = (await shell.ok('take', '-n', '2'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Taken);
  await first.kill('SIGKILL');
  expect(await shell.ok('ack', a?.token ?? '')).toBe('a completed\n');
  const second = startRunner(shell.store, ['--commands']);
  await second.says('ready');
  expect(await shell.ok('ack', b?.token ?? '')).toBe('b completed\n');
  tried(context, 'lease-and-others', { 'lease outlives its runner': [a, b].length });
});

test('a wait goes on under the lock when its runner is killed or stopped', async () => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const shell = shellAt(`${scratch()}/store`);
    const runner = startRunner(shell.store, ['--commands']);
    await runner.says('ready');
    const child = spawn(process.execPath, [binary, '--store', shell.store, 'queue', 'take', '--wait', '60s']);
    const closed = once(child, 'close');
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    // Any answer shows that the runner has read what came before it on other connections: the wait has begun by then.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await runner.kill(signal);
    await shell.ok('enqueue', '--id', 'a');
    expect((await closed)[0]).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ id: 'a' });
  }
});

test('acknowledged jobs stay so, and no other is lost, whenever runner and consumers are killed', async (context) => {
  const store = `${scratch()}/store`;
  const shell = shellAt(store);
  const ids = Array.from({ length: 24 }, (_, n) => `job${n}`);
  await shell.feed(ids.map((id) => `{"id":"${id}","attempts":100,"backoff":"none"}\n`).join(''), 'enqueue', '-f', '-');
  const acknowledged = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const runner = startRunner(store, ['--commands']);
    await runner.says('ready');
    const consumers = Array.from({ length: 3 }, async () => {
      for (let n = 0; n < 3; n++) {
        const taken = await shell.queue('take', '--lease', '5s', '--wait', '2s');
        if (taken.code !== 0) continue;
        const { token, id } = JSON.parse(taken.stdout) as Taken;
        const answer = await shell.queue('ack', token);
        if (answer.stdout === `${id} completed\n`) acknowledged.add(id);
      }
    });
    await consumers[0];
    await runner.kill('SIGKILL');
    await Promise.all(consumers);
    const verified = await walq(['wal', 'verify', store]);
    expect(verified.code, verified.stdout).toBe(0);
  }
  const states = await statesOf(store);
  expect(Object.keys(states).sort()).toEqual([...ids].sort());
  for (const id of acknowledged) expect(states[id], id).toBe('completed');
  for (const state of Object.values(states)) expect(['completed', 'pending', 'in_flight']).toContain(state);
  expect(acknowledged.size).toBeGreaterThan(10);
  tried(context, 'lease-and-others', { 'acknowledged, and stays so': acknowledged.size });
});
