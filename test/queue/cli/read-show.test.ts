import { expect, test } from 'vitest';
import { walq } from '../../cli/run-walq.ts';
import { documentOf } from '../run/queue-cli.ts';
import { ack, at, dispatch, enqueue, prune, retry } from '../support/machines.ts';
import { storeOf } from './store-of.ts';

const show = (store: string, id: string, ...args: string[]) => walq(['--store', store, 'queue', 'show', id, ...args]);
const queue = (store: string, ...args: string[]) => walq(['--store', store, 'queue', ...args]);
const farAway = at + 1e12;

test('show tells why, and of every attempt how it began and ended, and what it printed last', async () => {
  const store = await storeOf([
    enqueue('parent'),
    enqueue('j', { name: 'mail', group: 'eu', priority: 2, maxAttempts: 4, payload: Buffer.from('{"n":1e400}') }),
    enqueue('child', { parents: ['j'] }),
    dispatch('j'),
    { ...retry('j', { runAt: at + 1500, exitCode: 7, error: 'one\ntwo' }), at: at + 500 },
    { type: 'UPDATE', id: 'j', at: at + 600, priority: 3 },
    { ...dispatch('j', 2), at: at + 2000 },
    { type: 'TIMEOUT', id: 'j', at: at + 3000 },
    { ...retry('j', { runAt: farAway, reason: 'timeout' }), at: at + 3000 },
  ]);
  const { stdout, code } = await show(store, 'j');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^phase {5}retrying$/m);
  const why = /^why {7}waits for a retry at 20\S+Z \(in .*\), attempt 3 of 4, after the timeout of the last one$/m;
  expect(stdout).toMatch(why);
  expect(stdout).toMatch(/^options {3}group eu, priority 3, 4 attempts$/m);
  expect(stdout).toMatch(/^tries {5}2 of 4$/m);
  expect(stdout).toMatch(/^before {4}child \(pending\)$/m);
  expect(stdout).toMatch(/^payload {3}\{"n":1e400\}$/m);
  const attempts = stdout.slice(stdout.indexOf('\nattempts\n') + 1);
  expect(attempts.split('\n').slice(1, 6)).toEqual([
    '  #\tSTARTED\tPENDING\tTOOK\tEND\tRUNNER\tNEXT',
    '  1\t2025-11-24T16:00:00.000Z\t0s\t500ms\tfailed: exit 7\t000000000001\t1s later',
    '      | one',
    '      | two',
    expect.stringMatching(/^ {2}2\t2025-11-24T16:00:02.000Z\t1\.5s\t1s\tfailed: timeout\t000000000001\tin .*$/),
  ]);
  expect(stdout).toMatch(/^ {2}\[seq=6\] \S+ UPDATE {2}priority=3$/m);
});

test('as a document it has the same, and payloads to the letter', async () => {
  const store = await storeOf([
    enqueue('p'),
    enqueue('j', { parents: ['p'], payload: Buffer.from('9007199254740993') }),
  ]);
  const { stdout } = await show(store, 'j', '--json');
  expect(stdout).toContain('"payload":9007199254740993');
  expect(documentOf(stdout)).toMatchObject({
    kind: 'queue.show',
    job: { id: 'j', phase: 'blocked', waitingFor: ['p'] },
    why: 'waits for its parent p (ready)',
    attempts: [],
    parents: [{ id: 'p', state: 'pending', waits: true }],
    log: { begins: 1, whole: true },
    exit: 0,
  });
});

test('what compaction has taken from the log is said, and what the job itself remembers is shown', async () => {
  const events = [enqueue('j'), dispatch('j'), retry('j', { exitCode: 3, error: 'gone' }), dispatch('j', 2), ack('j')];
  const store = await storeOf(events, async (open) => {
    await open.rotate();
    await open.checkpoint({ keep: 1 });
  });
  const { stdout } = await show(store, 'j');
  expect(stdout).toContain('events before seq 6 are cleaned away; what is known of that time comes from snapshots/');
  expect(stdout).toContain('2 attempts in all');
  expect(stdout).toMatch(/^ {2}2\t2025-11-24T16:00:00.000Z\t\?\t0s\tcompleted\t\t$/m);
  expect(documentOf((await show(store, 'j', '--json')).stdout)).toMatchObject({ log: { begins: 6, whole: false } });
});

test('a job that is gone has its history as long as the log does, and exit 1', async () => {
  const store = await storeOf([enqueue('j'), dispatch('j'), ack('j'), enqueue('k'), prune(['j'])]);
  const ran = await show(store, 'j');
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(/^phase {5}gone, pruned at seq 5, /m);
  expect(ran.stdout).toContain('completed');
  expect(ran.stderr).toBe('job j is not in the queue any more: pruned [E_JOB_UNKNOWN]\n');
  const never = await show(store, 'x');
  expect([never.code, never.stdout]).toEqual([1, '']);
  expect(never.stderr).toContain('there is no job x');
});

test('texts of jobs do not reach a terminal as they are', async () => {
  const esc = '\u001b]0;title\u0007';
  const store = await storeOf([
    enqueue('j', { payload: Buffer.from('"\u202eabc"') }),
    dispatch('j'),
    { type: 'DEAD', id: 'j', at, reason: 'permanent', error: `bad ${esc}\r\nend` },
  ]);
  const { stdout } = await show(store, 'j');
  expect(stdout).toContain('| bad \\x1b]0;title\\x07');
  expect(stdout).toContain('\\u{202e}');
  expect(stdout).not.toContain('\u001b');
});

test('the list of the dead ends with 1 when filters leave nothing, as the list of all jobs does', async () => {
  const store = await storeOf([enqueue('a')]);
  const none = await queue(store, 'dead', 'list', '--name', 'mail');
  expect([none.code, none.stderr]).toEqual([1, 'no job matches [E_NO_MATCH]\n']);
  const json = await queue(store, 'dead', 'list', '--name', 'mail', '--json');
  expect([json.code, documentOf(json.stdout)]).toMatchObject([1, { shown: 0, exit: 1 }]);
});

test('a retry by hand grants an attempt, and is counted as one', async () => {
  const store = await storeOf([enqueue('a')]);
  const die = ['queue', 'run', '--store', store, '--drain', '--exec', 'exit 65', '-q'];
  await queue(store, 'update', 'a', '--attempts', '1');
  await walq(die);
  expect((await queue(store, 'retry', 'a')).code).toBe(0);
  await walq(die);
  expect((await queue(store, 'show', 'a')).stdout).toMatch(/^tries +2 of 2$/m);
  expect((await queue(store, 'list', '-o', 'text')).stdout).toContain('attempt=2/2');
});
