import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';
import { documentOf, startRunner } from './queue-cli.ts';

/** `queue run --stream` from the shell, with real processes. */

const eachJob = (body: string): string =>
  `while IFS= read -r line; do id=\${line#*'"id":"'}; id=\${id%%'"'*}; ${body}; done`;
const ok = `echo "{\\"id\\":\\"$id\\",\\"ok\\":true}"`;

async function queue(store: string, ...args: string[]) {
  return await walq(['--store', store, 'queue', ...args]);
}

async function log(store: string): Promise<string> {
  return (await walq(['--store', store, 'wal', 'inspect'])).stdout;
}

function alive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

test('ten thousand jobs go through a few processes, each once, and every result is kept', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  const numbers = Array.from({ length: 10_000 }, (_, n) => `{"payload":{"n":${n}}}`).join('\n');
  await walq(['--store', store, 'queue', 'enqueue', '-f', '-', '-q'], { input: numbers });
  const handler = `${dir}/handler.mjs`;
  writeFileSync(
    handler,
    `import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
appendFileSync('${dir}/pids', process.pid + '\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, payload } = JSON.parse(line);
  console.log(JSON.stringify({ id, ok: true, result: payload.n }));
});`,
  );
  const ran = await queue(
    store,
    'run',
    '--stream',
    `exec '${process.execPath}' '${handler}'`,
    '-j',
    '16',
    '--drain',
    '-q',
  );
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).toContain('10,000 completed, 0 retries, 0 dead');
  expect(readFileSync(`${dir}/pids`, 'utf8').trim().split('\n').length).toBeLessThanOrEqual(16);
  const results = [...(await log(store)).matchAll(/ ACK .* result=(\d+)$/gm)].map((match) => Number(match[1]));
  expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
});

test('a verdict decides as an exit code would, and a timeout costs the process and no other job', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  const jobs = [
    '{"id":"good"}',
    '{"id":"bad","attempts":2,"backoff":"none"}',
    '{"id":"gone","attempts":5}',
    '{"id":"slow","attempts":1,"timeout":"300ms"}',
    '{"id":"after"}',
  ];
  await walq(['--store', store, 'queue', 'enqueue', '-f', '-', '-q'], { input: jobs.join('\n') });
  const body = `case $id in
    bad) echo '{"id":"bad","ok":false,"error":"no such thing"}';;
    gone) echo '{"id":"gone","dead":"moved away"}';;
    slow) sleep 60;;
    *) ${ok};;
  esac`;
  const ran = await queue(store, 'run', '--stream', eachJob(body), '-j', '1', '--drain', '--kill-after', '200ms');
  expect(ran.code).toBe(1);
  const text = await log(store);
  expect(text).toMatch(/ACK good/);
  expect(text.match(/RETRY bad .*error="no such thing"/g)).toHaveLength(1);
  expect(text).toMatch(/DEAD bad .*reason=attempts/);
  expect(text).toMatch(/DEAD gone .*reason=permanent.*"moved away"/);
  expect(text.match(/DISPATCH gone/g)).toHaveLength(1);
  expect(text).toMatch(/TIMEOUT slow\n.*DEAD slow/);
  expect(text).toMatch(/ACK after/);
});

test('a result that is not kept costs no job: it is completed, and the runner says so', async () => {
  const store = `${scratch()}/store`;
  await walq(['--store', store, 'queue', 'enqueue', '-f', '-', '-q'], { input: '{"id":"a"}\n{"id":"b"}\n{"id":"c"}' });
  const large = `head -c 2000000 /dev/zero | tr '\\0' x`;
  const deep = `head -c 129 /dev/zero | tr '\\0' '['; head -c 129 /dev/zero | tr '\\0' ']'`;
  const stream = eachJob(`case $id in
    a) printf '{"id":"a","ok":true,"result":"'; ${large}; printf '"}\\n';;
    b) printf '{"id":"b","ok":true,"result":'; ${deep}; printf '}\\n';;
    c) ${ok};;
  esac`);
  const ran = await queue(store, 'run', '--stream', stream, '-j', '1', '--drain');
  expect(ran.stderr).toContain('3 completed, 0 retries, 0 dead; 2 results not kept, too large or nested too deep\n');
  expect(ran.stderr).toMatch(/^a completed .* \(the result is too large or nested too deep and was not kept\)$/m);
  expect(ran.stderr).toMatch(/^b completed .* \(the result is too large/m);
  expect(ran.stderr).toMatch(/^c completed handler \S+, attempt 1$/m);
  await queue(store, 'enqueue', '--id', 'd');
  const exec = `printf '{"result":"' >&3; head -c 70000 /dev/zero | tr '\\0' x >&3; printf '"}' >&3`;
  const answer = await queue(store, 'run', '--exec', exec, '--drain', '--json');
  expect(documentOf(answer.stdout)).toMatchObject({ completed: 1, resultsDropped: 1, exit: 0 });
});

test('a handler that cannot be found gives the job back with its attempt', async () => {
  const store = `${scratch()}/store`;
  await queue(store, 'enqueue', '--id', 'a');
  const ran = await queue(store, 'run', '--drain', '--stream', '/no/such/handler');
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('the handler does not work');
  expect(await log(store)).toMatch(/RETRY a .*reason=handler/);
});

test.each([
  ['--per-process', '1'],
  ['--per-process', '50'],
])('that it cannot be found is said once: %s %s', async (...each) => {
  const store = `${scratch()}/store`;
  const enqueue = async () =>
    await walq(['--store', store, 'queue', 'enqueue', '-f', '-', '-q'], { input: '{}\n'.repeat(50) });
  await enqueue();
  const ran = await queue(store, 'run', '--drain', '-j', '50', ...each, '--stream', '/no/such/handler');
  expect(ran.stderr.match(/the handler does not work/g)).toHaveLength(1);
  // Those that went back wait for a moment; these do not.
  await enqueue();
  const runner = startRunner(store, ['-j', '50', ...each, '--stream', '/no/such/handler']);
  await runner.says('the handler does not work');
  const told = () => runner.stderr().match(/the handler does not work/g) ?? [];
  // Once more when somebody takes it for mended, and it is not.
  expect((await queue(store, 'resume')).code).toBe(0);
  for (const end = performance.now() + 20_000; told().length < 2 && performance.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 20));
  await runner.kill('SIGTERM');
  expect(told()).toHaveLength(2);
  expect((await log(store)).match(/ PAUSE /g)).toHaveLength(2);
});

test('what a handler prints besides goes to the log of the job', async () => {
  const store = `${scratch()}/store`;
  await queue(store, 'enqueue', '--id', 'a');
  expect((await queue(store, 'run', '--drain', '--stream', eachJob(`echo noise; echo more >&2; ${ok}`))).code).toBe(0);
  const [name = ''] = readdirSync(`${store}/logs`);
  expect(readFileSync(`${store}/logs/${name}`, 'utf8')).toMatch(/noise\n/);
  expect(readFileSync(`${store}/logs/${name}`, 'utf8')).toMatch(/more\n/);
});

test('progress is seen in the status of the runner', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await queue(store, 'enqueue', 'mail', '--id', 'a');
  const body = `echo "{\\"id\\":\\"$id\\",\\"progress\\":0.25}"; touch ${dir}/told; while [ ! -e ${dir}/go ]; do sleep 0.05; done; ${ok}`;
  const runner = startRunner(store, ['--stream', eachJob(body)]);
  await runner.says('ready');
  while (!existsSync(`${dir}/told`)) await new Promise((resolve) => setTimeout(resolve, 20));
  const status = documentOf((await queue(store, 'status', '--json')).stdout);
  expect(status.runner).toMatchObject({ active: [{ id: 'a', name: 'mail', attempt: 1, progress: 0.25 }] });
  writeFileSync(`${dir}/go`, '');
  await runner.says('a completed');
});

test('a stop lets the job at hand finish; then the children leave', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await queue(store, 'enqueue', '--id', 'a');
  await queue(store, 'enqueue', '--id', 'b');
  const runner = startRunner(store, ['-j', '1', '--stream', eachJob(`echo $$ > ${dir}/pid; sleep 1; ${ok}`)]);
  while (!existsSync(`${dir}/pid`)) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await runner.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(runner.stderr()).toContain('a completed');
  expect(await log(store)).not.toContain('DISPATCH b');
  expect(alive(Number(readFileSync(`${dir}/pid`, 'utf8')))).toBe(false);
});

test('a second stop does not wait for idle children that stay', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await queue(store, 'enqueue', '--id', 'a');
  const stays = `trap '' TERM; echo $$ > ${dir}/pid; ${eachJob(ok)}; while :; do sleep 1; done`;
  const runner = startRunner(store, ['--kill-after', '1h', '--stream', stays]);
  await runner.says('a completed');
  runner.child.kill('SIGTERM');
  await runner.says('once more to kill');
  expect((await runner.kill('SIGTERM')).code).toBe(143);
  expect(alive(Number(readFileSync(`${dir}/pid`, 'utf8')))).toBe(false);
});

test('children of a killed runner are ended before their job runs again', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await queue(store, 'enqueue', '--id', 'a');
  const first = startRunner(store, ['--stream', eachJob(`trap '' TERM; echo $$ > ${dir}/pid; sleep 60; ${ok}`)]);
  while (!existsSync(`${dir}/pid`)) await new Promise((resolve) => setTimeout(resolve, 20));
  await first.kill('SIGKILL');
  const pid = Number(readFileSync(`${dir}/pid`, 'utf8'));
  expect(alive(pid)).toBe(true);
  const ran = await queue(store, 'run', '--drain', '--kill-after', '100ms', '--stream', eachJob(ok));
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).toContain('after killing');
  expect(alive(pid)).toBe(false);
  expect(await log(store)).toMatch(/RETRY a .*reason=crash/);
});

test('--per-process: many jobs at a time in few processes, each once, dealt out evenly', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  const numbers = Array.from({ length: 2000 }, (_, n) => `{"payload":{"n":${n}}}`).join('\n');
  await walq(['--store', store, 'queue', 'enqueue', '-f', '-', '-q'], { input: numbers });
  const handler = `${dir}/handler.mjs`;
  // The first ten of each process are held until ten are there; from then on the last come first.
  writeFileSync(
    handler,
    `import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
let most = 0;
const waiting = [];
createInterface({ input: process.stdin }).on('line', (line) => {
  waiting.push(JSON.parse(line));
  most = Math.max(most, waiting.length);
  if (most === 10) setImmediate(answer);
}).on('close', () => appendFileSync('${dir}/most', most + '\\n'));
function answer() {
  for (const { id, payload } of waiting.splice(0).reverse()) console.log(JSON.stringify({ id, result: payload.n }));
}`,
  );
  const shell = `exec '${process.execPath}' '${handler}'`;
  const ran = await queue(store, 'run', '--stream', shell, '-j', '20', '--per-process', '10', '--drain', '-q');
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).toContain('ready, 20 workers in 2 processes: 2,000 pending');
  expect(ran.stderr).toContain('2,000 completed, 0 retries, 0 dead');
  expect(readFileSync(`${dir}/most`, 'utf8')).toBe('10\n10\n');
  const results = [...(await log(store)).matchAll(/ ACK .* result=(\d+)$/gm)].map((match) => Number(match[1]));
  expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
});

test('--per-process: a timeout ends the process, and costs the others in its hands no attempt', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  const jobs = ['{"id":"slow","attempts":1,"timeout":"300ms"}', '{"id":"other","attempts":1}'];
  await walq(['--store', store, 'queue', 'enqueue', '-f', '-', '-q'], { input: jobs.join('\n') });
  const body = `case $id in slow) sleep 60;; *) ${ok};; esac`;
  const ran = await queue(store, 'run', '-j', '2', '--per-process', '2', '--drain', '--stream', eachJob(body));
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('1 completed, 0 retries, 1 given back, 1 dead');
  const text = await log(store);
  expect(text).toMatch(/RETRY other .*reason=stopped/);
  expect(text).toMatch(/ACK other/);
  expect(text).toMatch(/TIMEOUT slow\n.*DEAD slow/);
});

test('--per-process without --stream is refused', async () => {
  const ran = await queue(`${scratch()}/store`, 'run', '--exec', 'true', '--per-process', '2');
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('--per-process goes together with --stream');
});

test('a failed attempt is told with the first line of its error, and when the job runs again', async () => {
  const store = `${scratch()}/store`;
  const jobs = '{"id":"a","backoff":"none","attempts":2}\n{"id":"b","backoff":"fixed:300ms","attempts":2}';
  await walq(['--store', store, 'queue', 'enqueue', '-f', '-', '-q'], { input: jobs });
  const stream = eachJob(`printf '{"id":"%s","ok":false,"error":"no \\\\u001b[1m host\\\\nat line 1"}\\n' $id`);
  const ran = await queue(store, 'run', '--stream', stream, '-j', '1', '--drain');
  const lines = ran.stderr
    .replaceAll(/handler \S+, /g, '')
    .replaceAll(/in \d+ms/g, 'in MS')
    .split('\n');
  const error = 'no \\x1b[1m host';
  expect(lines).toEqual(
    expect.arrayContaining([
      `a retry attempt 1 of 2, again at once: ${error}`,
      `a dead attempt 2 of 2: ${error}`,
      `b retry attempt 1 of 2, again in MS: ${error}`,
      `b dead attempt 2 of 2: ${error}`,
    ]),
  );
});
