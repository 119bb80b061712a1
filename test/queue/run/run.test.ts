import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';
import { documentOf, startRunner } from './queue-cli.ts';

/** The queue from the shell, with real processes: what one does, the other sees. */

async function status(store: string): Promise<{ counts: Record<string, number>; runner?: { pid: number } }> {
  const ran = await walq(['--store', store, 'queue', 'status', '--json']);
  return documentOf(ran.stdout) as { counts: Record<string, number>; runner?: { pid: number } };
}

async function enqueue(store: string, ...args: string[]): Promise<string> {
  const ran = await walq(['--store', store, 'queue', 'enqueue', ...args]);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

test('a job goes in, runs with its payload on standard input, and is completed', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  expect(await enqueue(store, 'mail', '--id', 'job_1', '-d', '{"n": 9007199254740993}')).toBe('job_1 enqueued\n');
  const ran = await walq([
    '--store',
    store,
    'queue',
    'run',
    '--drain',
    '--exec',
    `cat > ${dir}/seen; env | grep ^WALQ_ | sort > ${dir}/env`,
  ]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(readFileSync(`${dir}/seen`, 'utf8')).toBe('{"n":9007199254740993}\n');
  const env = readFileSync(`${dir}/env`, 'utf8');
  expect(env).toContain('WALQ_JOB_ID=job_1\n');
  expect(env).toContain('WALQ_JOB_NAME=mail\n');
  expect(env).toMatch(/WALQ_ATTEMPT=1\nWALQ_JOB_ID/);
  expect(env).toContain(`WALQ_STORE=${store}\n`);
  expect((await status(store)).counts).toEqual({ pending: 0, in_flight: 0, completed: 1, dead: 0 });
  const log = await walq(['--store', store, 'wal', 'inspect']);
  expect(log.stdout.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    '[seq=1] ENQUEUE job_1',
    '[seq=2] DISPATCH job_1',
    '[seq=3] ACK job_1',
    '',
  ]);
});

test('an id that is there is a duplicate and changes nothing', async () => {
  const store = `${scratch()}/store`;
  await enqueue(store, '--id', 'a', '-d', '1');
  expect(await enqueue(store, '--id', 'a', '-d', '2')).toBe('a duplicate\n');
  const log = await walq(['--store', store, 'wal', 'inspect']);
  expect(log.stdout.match(/ENQUEUE/g)).toHaveLength(1);
});

test('a file of jobs, as JSON array and as NDJSON on standard input, keeps every payload to the letter', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  writeFileSync(`${dir}/jobs.json`, '[{"id":"a","payload":{"z":1,"a":1e400,"z":2}}, {"id":"b","timeout_ms":500}]');
  await enqueue(store, '-f', `${dir}/jobs.json`);
  const piped = await walq(['--store', store, 'queue', 'enqueue', '-f', '-'], { input: '{"id":"c"}\n{"id":"a"}\n' });
  expect(piped.stdout).toBe('c enqueued\na duplicate\n');
  const log = await walq(['--store', store, 'wal', 'inspect', '-o', 'ndjson']);
  expect(log.stdout).toContain('{"z":1,"a":1e400,"z":2}');
});

test('bad input is one clear line with exit 2, and creates no store', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  for (const [args, input, says] of [
    [['-f', '-'], '[{"id":"a"},{"id":}]', 'standard input'],
    [['-f', '-'], '{"idd":"a"}', 'idd'],
    [['-f', '-'], '{"id":"a"}\n{"id":"b"\n{"id":"c"}\n', 'line 2'],
    [['-d', '{broken'], '', 'JSON'],
    [['x', '--attempts', '0'], '', '--attempts'],
    [['x', '--delay', 'soon'], '', '--delay'],
    [['x', '--at', 'yesterday'], '', '--at'],
    [[], '', 'nothing to enqueue'],
    [['-f', '-', '-d', '1'], '', 'exclude'],
    [['-f', '-'], '', 'no job'],
    [['-f', '-'], '{"id":"a","command":["rm"]}', 'command'],
    [['--lines'], Buffer.from('one\ntw\xc3', 'latin1'), 'UTF-8'],
  ] as const) {
    const ran = await walq(['--store', store, 'queue', 'enqueue', ...args], { input });
    expect(ran.code, `${args.join(' ')}: ${ran.stderr}`).toBe(2);
    expect(ran.stderr.replace('-:', 'standard input:'), args.join(' ')).toContain(says);
    expect(ran.stderr).not.toContain('    at ');
    expect(existsSync(store), args.join(' ')).toBe(false);
  }
});

test('exit codes decide: retry until attempts are used up, dead at once, handler broken', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await enqueue(store, '--id', 'retry', '--attempts', '2', '--backoff', 'none', '-d', '7');
  await enqueue(store, '--id', 'dead', '--attempts', '5', '-d', '65');
  const ran = await walq(['--store', store, 'queue', 'run', '--drain', '-j', '1', '--exec', 'read code; exit $code']);
  expect(ran.code).toBe(1);
  const log = (await walq(['--store', store, 'wal', 'inspect'])).stdout;
  expect(log.match(/DISPATCH retry/g)).toHaveLength(2);
  expect(log.match(/RETRY retry/g)).toHaveLength(1);
  expect(log).toMatch(/DEAD retry.*attempts/);
  expect(log.match(/DISPATCH dead/g)).toHaveLength(1);
  expect(log).toMatch(/DEAD dead.*permanent/);

  await enqueue(store, '--id', 'broken');
  const broken = await walq(['--store', store, 'queue', 'run', '--drain', '--exec', '/no/such/handler']);
  expect(broken.code).toBe(1);
  expect(broken.stderr).toMatch(/the handler does not work.*; mend it and run the same again \[E_HANDLER\]\n/);
  expect(broken.stderr).toMatch(/^broken given back /m);
  expect(broken.stderr).not.toContain('again in');
  expect(broken.stderr).not.toContain('waiting for');
  expect(broken.stderr).toContain('0 completed, 0 retries, 1 given back, 0 dead');
  const counted = await walq(['--store', store, 'queue', 'run', '--drain', '--exec', '/no/such/handler', '--json']);
  expect(JSON.parse(counted.stdout)).toMatchObject({ retried: 0, givenBack: 1, dead: 0 });
  expect((await status(store)).counts.pending).toBe(1);
  expect((await walq(['--store', store, 'queue', 'run', '--drain', '--exec', 'true'])).code).toBe(0);
  await enqueue(store, '--id', 'again');
  const runner = startRunner(store, ['--exec', '/no/such/handler']);
  await runner.says(`the queue is paused until: walq --store ${store} queue resume `);
  await runner.kill('SIGTERM');
});

test('a drain in which a job died of its time, and its child of that, says so and exits with 1', async () => {
  const store = `${scratch()}/store`;
  await enqueue(store, '--id', 'late', '--expire', '1ms');
  await enqueue(store, '--id', 'child', '--after', 'late');
  await enqueue(store, '--id', 'fine');
  const ran = await walq(['--store', store, 'queue', 'run', '--drain', '-q', '--halt', 'dead=2', '--exec', 'true']);
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('1 completed, 0 retries, 2 dead\n') });
  expect(ran.stderr).not.toContain('no more jobs are started');
});

test('a timeout kills the whole process group, and the job is retried', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await enqueue(store, '--id', 'slow', '--attempts', '1000', '--timeout', '300ms', '--backoff', 'none');
  // On a busy machine the first attempts may be over before they come as far as their child.
  const handler = `if [ -s ${dir}/pid ]; then exit 65; fi; sleep 60 & echo $! > ${dir}/pid; sleep 60`;
  const ran = await walq(['--store', store, 'queue', 'run', '--drain', '--kill-after', '200ms', '--exec', handler]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('timed out');
  const pid = Number(readFileSync(`${dir}/pid`, 'utf8'));
  expect(isAlive(pid)).toBe(false);
  const log = (await walq(['--store', store, 'wal', 'inspect'])).stdout;
  expect(log).toMatch(/\[seq=3\] TIMEOUT slow\n\[seq=4\] RETRY slow.*reason=timeout/);
  expect(log).toMatch(/DEAD slow.*permanent/);
});

test('a command that a job carries runs without a shell, and only under --commands', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await enqueue(store, 'cmd', '--id', 'c', '--', 'touch', `${dir}/made $(id); x`);
  await enqueue(store, '--id', 'h');
  const others = await walq(['--store', store, 'queue', 'run', '--drain', '--exec', 'true']);
  expect([others.code, others.stderr]).toEqual([
    0,
    expect.stringContaining(`; 1 job left for another handler: walq --store ${store} queue list`),
  ]);
  expect((await status(store)).counts).toMatchObject({ pending: 1, completed: 1 });
  expect((await walq(['--store', store, 'queue', 'run', '--drain', '--commands'])).code).toBe(0);
  expect(readdirSync(dir)).toContain('made $(id); x');
  const none = await walq(['--store', store, 'queue', 'run', '--drain']);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('--exec');
});

test('beside a runner other shells enqueue and look; a second runner is refused by name (exit 6)', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  const runner = startRunner(store, ['--exec', 'sleep 0.05', '-j', '2']);
  await runner.says('ready');
  const ids = Array.from({ length: 12 }, (_, index) => `job_${index}`);
  const answers = await Promise.all(ids.map((id) => enqueue(store, '--id', id)));
  expect(answers).toEqual(ids.map((id) => `${id} enqueued\n`));
  expect((await status(store)).runner?.pid).toBe(runner.child.pid);
  const second = await walq(['--store', store, 'queue', 'run', '--exec', 'true', '--lock-timeout', '1s']);
  expect(second.code).toBe(6);
  expect(second.stderr).toContain(String(runner.child.pid));
  await runner.says(' completed ', 12);
  expect((await runner.kill('SIGTERM')).code).toBe(0);
  expect((await status(store)).counts.completed).toBe(12);
  expect((await walq(['wal', 'verify', store])).code).toBe(0);
});

test('40 one-shot commands at once without a runner all get through, no job twice', async () => {
  const store = `${scratch()}/store`;
  const ids = Array.from({ length: 40 }, (_, index) => `job_${index % 30}`);
  // How long that takes is the machine's business: each process needs its share of it only to start.
  const answers = await Promise.all(ids.map((id) => enqueue(store, '--id', id, '--lock-timeout', '10m')));
  expect(answers.filter((answer) => answer.includes('enqueued'))).toHaveLength(30);
  expect(answers.filter((answer) => answer.includes('duplicate'))).toHaveLength(10);
  expect((await status(store)).counts.pending).toBe(30);
  expect((await walq(['wal', 'verify', store])).code).toBe(0);
});

test('a stop waits for running jobs; a second one kills them, and they go back with their attempt', async () => {
  const store = `${scratch()}/store`;
  await enqueue(store, '--id', 'long');
  const runner = startRunner(store, ['--exec', 'sleep 30', '--kill-after', '100ms']);
  await runner.says('ready');
  await until(async () => (await status(store)).counts.in_flight === 1);
  runner.child.kill('SIGINT');
  await runner.says('once more to kill');
  const ended = await runner.kill('SIGINT');
  expect(ended.code).toBe(130);
  const log = (await walq(['--store', store, 'wal', 'inspect'])).stdout;
  expect(log).toMatch(/RETRY long.*stopped/);
  expect((await walq(['--store', store, 'queue', 'run', '--drain', '--exec', 'test "$WALQ_ATTEMPT" = 1'])).code).toBe(
    0,
  );
});

test('a runner whose terminal is closed stops as by TERM, however often it hears of it', async () => {
  const store = `${scratch()}/store`;
  await enqueue(store, '--id', 'long');
  const go = `${store}.go`;
  const runner = startRunner(store, ['--exec', `until test -e ${go}; do sleep 0.1; done`]);
  await runner.says('ready');
  await until(async () => (await status(store)).counts.in_flight === 1);
  runner.child.kill('SIGHUP');
  await runner.says('waiting for 1 running job');
  writeFileSync(go, '');
  expect(await runner.kill('SIGHUP')).toEqual({ code: 0, signal: null });
  expect((await status(store)).counts.completed).toBe(1);
});

test('a runner under nohup outlives its terminal', async () => {
  const store = `${scratch()}/store`;
  // What a shell says of the command that it calls.
  const runner = startRunner(store, ['--exec', 'true'], { _: '/usr/bin/nohup' });
  await runner.says('ready');
  await enqueue(store, '--id', 'before');
  await runner.says('before completed');
  for (let times = 0; times < 2; times++) runner.child.kill('SIGHUP');
  await enqueue(store, '--id', 'after');
  await runner.says('after completed');
  expect(runner.stderr()).not.toContain('stopping');
  expect(await runner.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});

test.each([
  ['a drain', ['--drain'], 'SIGTERM', 143, 'stopped with 3 jobs left to run'],
  ['a runner', [], 'SIGTERM', 143, 'stopped with 1 job at work'],
  ['a runner', [], 'SIGHUP', 129, 'stopped with 1 job at work'],
] as const)('%s %j whose running job does not end within the grace ends by %s with %i', async (...each) => {
  const [, flags, signal, code, says] = each;
  const store = `${scratch()}/store`;
  for (const id of ['a', 'b', 'c']) await enqueue(store, '--id', id);
  const args = ['-j', '1', '--grace', '0s', '--kill-after', '100ms', ...flags];
  const runner = startRunner(store, ['--exec', 'sleep 30', ...args]);
  await runner.says('ready');
  await until(async () => (await status(store)).counts.in_flight === 1);
  expect((await runner.kill(signal)).code).toBe(code);
  expect(runner.stderr()).toContain(`0 completed, 0 retries, 1 given back, 0 dead; ${says}\n`);
});

test('a full-length store path works, and its runner is reached from another shell', async () => {
  const deep = `${scratch()}/${'a-rather-long-folder-name/'.repeat(8)}`;
  mkdirSync(deep, { recursive: true });
  const store = `${deep}store`;
  const runner = startRunner(store, ['--exec', 'true']);
  await runner.says('ready');
  await enqueue(store, '--id', 'x');
  await runner.says('x completed');
});

test('a LOCK file deleted under a runner does not let a second writer in', async () => {
  const store = `${scratch()}/store`;
  const runner = startRunner(store, ['--exec', 'true']);
  await runner.says('ready');
  await enqueue(store, '--id', 'a');
  unlinkSync(`${store}/LOCK`);
  const second = await walq(['--store', store, 'snapshot', 'create']);
  const repair = await walq(['wal', 'repair', store, '--apply']);
  expect([0, 6]).toContain(second.code);
  expect([0, 6]).toContain(repair.code);
  await enqueue(store, '--id', 'b');
  await runner.says('b completed');
  expect((await runner.kill('SIGTERM')).code).toBe(0);
  expect((await walq(['wal', 'verify', store])).code).toBe(0);
  expect((await status(store)).counts.completed).toBe(2);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 200; look++) if (await condition()) return;
  throw new Error('it never came true');
}
