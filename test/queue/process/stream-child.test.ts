import { existsSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { AttemptHooks } from '../../../src/queue/process/attempt-types.ts';
import { fileOutput } from '../../../src/queue/process/output.ts';
import { StreamChild } from '../../../src/queue/process/stream-child.ts';
import type { StreamJob } from '../../../src/queue/process/stream-job.ts';
import { groupGone, table, tempFolder, until } from './helpers.ts';

/** `$id` of each job, and what `body` does with it. */
const eachJob = (body: string): string =>
  `while IFS= read -r line; do id=\${line#*'"id":"'}; id=\${id%%'"'*}; ${body}; done`;
const say = (members: string): string => `echo "{\\"id\\":\\"$id\\",${members.replaceAll('"', '\\"')}}"`;
const acks = eachJob(say('"ok":true'));

function start(shell: string, killAfterMs = 2000): StreamChild {
  const child = new StreamChild({
    shell,
    variables: {},
    jobsMax: 1,
    onUnclear: () => {},
    killAfterMs,
    table,
    clock: systemClock,
  });
  onTestFinished(() => child.close('now'));
  return child;
}

function run(child: StreamChild, job: Partial<StreamJob> = {}, hooks: AttemptHooks = {}) {
  return child.run({ id: 'a', name: 'mail', attempt: 1, attemptsMax: 3, timeoutMs: 0, ...job }, hooks);
}

const outcome = (child: StreamChild, job: Partial<StreamJob> = {}, hooks: AttemptHooks = {}) =>
  run(child, job, hooks).done;

test('one child does job after job, and gets each as one line', async () => {
  const child = start(eachJob(say('"result":"$$"')));
  const first = await outcome(child, { id: 'a' });
  expect(child.takes('b')).toBe(true);
  const second = await outcome(child, { id: 'b', payload: '{"n":1}' });
  expect(first.verdict).toEqual({ kind: 'ack', result: `"${first.pid}"` });
  expect(second.verdict).toEqual(first.verdict);
  await child.close();
  expect(await child.gone).toEqual({ code: 0, signal: null });
});

test('the digits of a payload reach the handler as they were written', async () => {
  const folder = tempFolder();
  const child = start(eachJob(`printf '%s\\n' "$line" > ${folder}/seen; ${say('"ok":true')}`));
  await outcome(child, { payload: '{"n":9007199254740993,"n":1e400}' });
  expect(readFileSync(`${folder}/seen`, 'utf8')).toContain('"payload":{"n":9007199254740993,"n":1e400}}\n');
});

test('what is no verdict of this job goes to its log: other ids, garbage, standard error', async () => {
  const folder = tempFolder();
  const child = start(
    eachJob(
      `echo '{"id":"other","ok":true}'; echo '{"ok":1,"n":1}'; printf '\\377\\000\\n'; echo oops >&2; ${say('"ok":false')}`,
    ),
  );
  const output = fileOutput(nodeFs, folder, () => 'a.log');
  const { verdict } = await outcome(child, { output });
  expect(verdict).toMatchObject({ kind: 'retry', reason: 'failed', error: 'the handler says that it failed: oops' });
  const log = readFileSync(`${folder}/a.log`, 'latin1');
  for (const text of ['{"id":"other","ok":true}\n', '{"ok":1,"n":1}\n', '\xff\x00\n', 'oops\n'])
    expect(log).toContain(text);
  expect(log).not.toContain('"id":"a"');
});

test('a verdict without an id fails the only job that it can be about, and the child goes on', async () => {
  const folder = tempFolder();
  const child = start(eachJob(`case $id in a) echo '{"ok":true}';; *) ${say('"ok":true')};; esac`));
  const output = fileOutput(nodeFs, folder, () => 'a.log');
  const { verdict, pid } = await outcome(child, { id: 'a', output });
  const error = "the handler's verdict is not understood: it has no 'id'";
  expect(verdict).toMatchObject({ kind: 'retry', reason: 'failed', error: expect.stringContaining(error) });
  expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe('{"ok":true}\n');
  expect(await outcome(child, { id: 'b' })).toMatchObject({ verdict: { kind: 'ack' }, pid });
});

test('a verdict over several lines fails its job at once; other JSON over several lines is output', async () => {
  const folder = tempFolder();
  const other = `printf '{\\n  "level": "info",\\n  "of": ["%s"]\\n}\\n' $id`;
  const spread = `printf '{\\n  "id": "%s",\\n  "ok": true\\n}\\n' $id`;
  const child = start(eachJob(`${other}; case $id in a) ${spread};; *) echo '{'; ${say('"ok":true')};; esac`));
  const output = fileOutput(nodeFs, folder, () => 'a.log');
  const { verdict, pid } = await outcome(child, { id: 'a', output });
  const error = "the handler's verdict is not understood: it is written over several lines";
  expect(verdict).toMatchObject({ kind: 'retry', reason: 'failed', error: expect.stringContaining(error) });
  expect(readFileSync(`${folder}/a.log`, 'utf8')).toContain('{\n  "id": "a",\n  "ok": true\n}\n');
  expect(await outcome(child, { id: 'b' })).toMatchObject({ verdict: { kind: 'ack' }, pid });
  expect(await outcome(child, { id: 'a' })).toMatchObject({ verdict: { kind: 'retry' }, pid });
});

test('what is printed before a verdict goes to the log of its job, however close they are', async () => {
  const child = start(eachJob(`echo noise; echo "of $id" >&2; ${say('"ok":false')}`));
  for (let number = 0; number < 4000; number++) {
    const { output } = await outcome(child, { id: `job-${number}` });
    expect(output.tail).toBe(`of job-${number}`);
  }
});

test('what is printed after a verdict goes to the log of the next job', async () => {
  const folder = tempFolder();
  const child = start(eachJob(`${say('"ok":true')}; sleep 0.05; echo late $id; echo done > ${folder}/done`));
  await outcome(child);
  await until(() => existsSync(`${folder}/done`), 'the late line');
  // The line is in the pipe before the file is written, and read in the next turn of the event loop.
  await systemClock.sleep(20);
  await outcome(child, { id: 'b', output: fileOutput(nodeFs, folder, () => 'b.log') });
  expect(readFileSync(`${folder}/b.log`, 'utf8')).toMatch(/^late a\n/);
});

test('progress is told, and extend moves the timeout', async () => {
  const child = start(eachJob(`${say('"progress":0.5')}; ${say('"extend":"1m"')}; sleep 0.4; ${say('"ok":true')}`));
  const seen: number[] = [];
  const ended = await outcome(child, { timeoutMs: 250 }, { onProgress: (value) => seen.push(value) });
  expect(ended.verdict.kind).toBe('ack');
  expect(seen).toEqual([0.5]);
});

test('a timeout ends the whole group of the child, and a verdict after that comes too late', async () => {
  const child = start(`trap 'echo "{\\"id\\":\\"a\\",\\"ok\\":true}"; exit 0' TERM; sleep 60 & wait`, 300);
  const ended = await outcome(child, { timeoutMs: 500 });
  expect(ended).toMatchObject({ verdict: { kind: 'timeout' }, timedOut: true });
  expect(child.takes('z'), 'no more jobs').toBe(false);
  expect(await groupGone(ended.pid)).toBe(true);
});

test('a child that ignores SIGTERM is killed after a while', async () => {
  const child = start(`trap '' TERM; ${eachJob('while :; do sleep 1; done')}`, 50);
  const ended = await outcome(child, { timeoutMs: 50 });
  expect(ended).toMatchObject({ verdict: { kind: 'timeout' }, signal: 'SIGKILL' });
  expect(await groupGone(ended.pid)).toBe(true);
});

test('told to end, the attempt goes back; a success in time still counts', async () => {
  const slow = start(eachJob('sleep 60'));
  const attempt = run(slow);
  attempt.kill('cancelled');
  expect(await attempt.done).toMatchObject({ verdict: { kind: 'retry', reason: 'stopped' }, killed: 'cancelled' });

  const folder = tempFolder();
  const polite = start(
    `trap 'echo "{\\"id\\":\\"a\\",\\"ok\\":true}"; exit 0' TERM; echo > ${folder}/up; sleep 60 & wait`,
  );
  const success = run(polite);
  await until(() => existsSync(`${folder}/up`), 'the trap');
  success.kill('stopped');
  expect(await success.done).toMatchObject({ verdict: { kind: 'ack' }, killed: 'stopped' });
});

test('kill now does not wait', async () => {
  const child = start(`trap '' TERM; ${eachJob('while :; do sleep 1; done')}`, 60_000);
  const attempt = run(child);
  attempt.kill('stopped', 'now');
  expect(await attempt.done).toMatchObject({ verdict: { kind: 'retry', reason: 'stopped' }, signal: 'SIGKILL' });
});

test.each([
  ['exit 3', { kind: 'retry', reason: 'failed', error: 'exit 3' }],
  ['exit 65', { kind: 'dead', reason: 'permanent', error: 'exit 65 (the handler asks for no retry)' }],
  ['kill -9 $$', { kind: 'retry', reason: 'failed', error: 'ended by SIGKILL' }],
  ['exit 0', { kind: 'retry', reason: 'failed', error: 'the handler ended without a verdict (exit 0)' }],
  ['/no/such/program 2>/dev/null', { kind: 'broken', error: 'exit 127 (command not found)' }],
  ['/dev/null 2>/dev/null', { kind: 'broken', error: 'exit 126 (command not executable)' }],
])('a child that ends in the middle of a job by `%s` is judged by its exit', async (body, verdict) => {
  expect((await outcome(start(`read line; ${body}`))).verdict).toEqual(verdict);
});

test('a verdict right before the exit counts', async () => {
  const child = start(`read line; echo '{"id":"a","ok":true}'; exit 1`);
  expect((await outcome(child)).verdict).toEqual({ kind: 'ack' });
});

test('a child that leaves between two jobs costs the one on its way no attempt', async () => {
  const child = start(`read line; echo '{"id":"a","ok":true}'; read line; exit 0`);
  await outcome(child);
  const { verdict } = await outcome(child, { id: 'b' });
  expect(verdict).toMatchObject({ kind: 'retry', reason: 'handler', refund: true });
});

test('but one that had begun it does cost it', async () => {
  const child = start(`read line; echo '{"id":"a","ok":true}'; read line; echo '{"id":"b","progress":0.1}'; exit 0`);
  await outcome(child);
  expect((await outcome(child, { id: 'b' })).verdict).toMatchObject({ kind: 'retry', reason: 'failed' });
});

/** More than a socket holds: whatever the child does and when, the whole of such a job is not written before it reads. */
const jobBytes = 4_000_000;

test.each([
  ['closes its standard output', 'exec >&-; read line; sleep 60', 'the handler closed its standard output'],
  ['closes its standard input', 'exec <&-; sleep 60', 'the handler closed its standard input'],
  [
    'writes a line without end',
    'read line; yes | tr -d "\\n" | head -c 5000000; sleep 60',
    'the handler wrote a line of more than 4 MiB',
  ],
])('a child that %s can give no verdict any more, and is ended', async (_what, shell, error) => {
  const child = start(shell);
  const ended = await outcome(child, { payload: JSON.stringify('x'.repeat(jobBytes)) });
  expect(ended.verdict).toMatchObject({ kind: 'retry', reason: 'failed' });
  expect(ended.verdict).toMatchObject({ error: expect.stringContaining(error) });
  expect(child.takes('z'), 'no more jobs').toBe(false);
  expect(await groupGone(ended.pid)).toBe(true);
});

test('a verdict may come before the job was read to its end', async () => {
  const child = start(`echo '{"id":"a","ok":true}'; sleep 60`);
  const ended = await outcome(child, { payload: JSON.stringify('x'.repeat(1_000_000)) });
  expect(ended.verdict).toEqual({ kind: 'ack' });
});

test('a child that does not leave at the end of its input is ended, its grandchildren too', async () => {
  const child = start(`trap '' TERM; ${acks}; sleep 60`, 50);
  const ended = await outcome(child);
  await child.close();
  expect(await child.gone).toMatchObject({ signal: 'SIGKILL' });
  expect(await groupGone(ended.pid)).toBe(true);
});

test('a grandchild that holds the pipes is ended with the child', async () => {
  const child = start(`sleep 60 & ${acks}`);
  const ended = await outcome(child);
  await child.close();
  expect(await groupGone(ended.pid)).toBe(true);
});
