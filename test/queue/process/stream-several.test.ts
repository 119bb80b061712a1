import { existsSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { RunningAttempt } from '../../../src/queue/process/attempt-types.ts';
import { fileOutput } from '../../../src/queue/process/output.ts';
import { StreamChild } from '../../../src/queue/process/stream-child.ts';
import { JobInHand, type StreamJob } from '../../../src/queue/process/stream-job.ts';
import { groupGone, table, tempFolder, until } from './helpers.ts';

/** One child with several jobs in its hands. */

function start(shell: string, jobsMax = 3, onUnclear: (id: string, unclear: string) => void = () => {}): StreamChild {
  const child = new StreamChild({
    shell,
    variables: {},
    jobsMax,
    onUnclear,
    killAfterMs: 2000,
    table,
    clock: systemClock,
  });
  onTestFinished(() => child.close('now'));
  return child;
}

function run(child: StreamChild, id: string, job: Partial<StreamJob> = {}) {
  return child.run({ id, name: 'mail', attempt: 1, attemptsMax: 3, timeoutMs: 0, ...job });
}

const says = (id: string, members: string): string => `echo '{"id":"${id}",${members}}'`;
const twoLines = 'read one; read two';

test('verdicts come in any order, and each goes to its own job', async () => {
  const child = start(`${twoLines}; ${says('b', '"result":2')}; ${says('a', '"error":"no"')}; read more`);
  const [a, b] = await Promise.all([run(child, 'a').done, run(child, 'b').done]);
  expect(a.verdict).toEqual({ kind: 'retry', reason: 'failed', error: 'no' });
  expect(b.verdict).toEqual({ kind: 'ack', result: '2' });
});

test('it takes as many as it may, no job twice, and another one when one is done', async () => {
  const child = start(`${twoLines}; ${says('b', '"ok":true')}; read more`, 2);
  run(child, 'a');
  expect(child.takes('a'), 'in its hands already').toBe(false);
  expect(child.takes('b')).toBe(true);
  const { done } = run(child, 'b');
  expect(child.jobs).toBe(2);
  expect(child.takes('c'), 'hands full').toBe(false);
  await done;
  expect(child.takes('c')).toBe(true);
});

test('a timeout is that of one job; the others go back with their attempt', async () => {
  const child = start(`${twoLines}; exec sleep 60`);
  const [slow, other] = await Promise.all([run(child, 'slow', { timeoutMs: 200 }).done, run(child, 'other').done]);
  expect(slow).toMatchObject({ verdict: { kind: 'timeout' }, timedOut: true });
  const error = 'ended by the runner: job slow of the same process';
  expect(other).toMatchObject({ verdict: { kind: 'retry', reason: 'stopped', error }, timedOut: false });
  expect(await groupGone(slow.pid)).toBe(true);
});

test('what it says of the others before it is gone still counts', async () => {
  const polite = start(
    `trap 'echo "{\\"id\\":\\"other\\",\\"ok\\":true}"; exit 0' TERM; ${twoLines}; ${says('slow', '"progress":0.1')}; sleep 60 & wait`,
  );
  const [slow, other] = await Promise.all([run(polite, 'slow', { timeoutMs: 1000 }).done, run(polite, 'other').done]);
  expect(slow.verdict.kind).toBe('timeout');
  expect(other.verdict).toEqual({ kind: 'ack' });
});

test('a cancelled job is told so, the others why it ended; a stop of all is the reason of each', async () => {
  const child = start(`${twoLines}; exec sleep 60`);
  const [a, b] = [run(child, 'a'), run(child, 'b')];
  a.kill('cancelled');
  expect((await a.done).killed).toBe('cancelled');
  expect((await b.done).killed).toBe('job a of the same process');

  const stopped = start(`${twoLines}; exec sleep 60`);
  const attempts = [run(stopped, 'a'), run(stopped, 'b')];
  for (const attempt of attempts) attempt.kill('stopped');
  for (const { done } of attempts) expect((await done).killed).toBe('stopped');
});

test.each([
  ['echo trouble >&2; exit 3', 'exit 3: trouble'],
  ['exit 0', 'the handler ended without a verdict (exit 0)'],
  ['exec >&-; sleep 60', 'the handler closed its standard output'],
])('one that ends by itself, %s, costs none an attempt: nobody knows who was the cause', async (ends, why) => {
  const unclear: string[] = [];
  const child = start(`${twoLines}; ${ends}`, 3, (...seen) => unclear.push(seen.join(' ')));
  const error = `with other jobs in the same process: ${why}`;
  for (const { done } of [run(child, 'a'), run(child, 'b')])
    expect((await done).verdict).toEqual({ kind: 'retry', reason: 'handler', error, refund: true });
  expect(unclear).toEqual(['a suspect', 'b suspect']);
});

test.each([
  ['one alone is the cause itself', `read one; exit 3`, ['a'], { kind: 'retry', reason: 'failed' }],
  ['a handler that cannot be run', `${twoLines}; exit 127`, ['a', 'b'], { kind: 'broken' }],
])('%s', async (_what, shell, ids, verdict) => {
  const unclear: string[] = [];
  const child = start(shell, 3, (...seen) => unclear.push(seen.join(' ')));
  for (const { done } of ids.map((id) => run(child, id))) expect((await done).verdict).toMatchObject(verdict);
  expect(unclear).toEqual([]);
});

test('one that leaves by exit 0 between two jobs makes none suspect but those that it has begun', async () => {
  const unclear: string[] = [];
  const child = start(
    `read first; ${says('a', '"ok":true')}; ${twoLines}; ${says('b', '"progress":0.1')}; ${says('c', '"ok":true')}; exit 0`,
    3,
    (...seen) => unclear.push(seen.join(' ')),
  );
  await run(child, 'a').done;
  const [b, c, d] = await Promise.all([run(child, 'b').done, run(child, 'c').done, run(child, 'd').done]);
  expect(b.verdict).toMatchObject({ kind: 'retry', refund: true });
  expect(unclear).toEqual(['b suspect', 'd missed']);
  expect(c.verdict).toEqual({ kind: 'ack' });
  expect(d.verdict).toMatchObject({ kind: 'retry', reason: 'handler', refund: true });
});

test('what is no verdict goes to the log of each', async () => {
  const folder = tempFolder();
  const child = start(
    `${twoLines}; echo both >&2; sleep 0.1; echo '{"ok":true}'; ${says('a', '"ok":true')}; sleep 0.5; echo "b alone" >&2; ${says('b', '"ok":true')}; read more`,
  );
  const logged = (id: string) => run(child, id, { output: fileOutput(nodeFs, folder, () => `${id}.log`) }).done;
  await Promise.all([logged('a'), logged('b')]);
  expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe('both\n{"ok":true}\n');
  expect(readFileSync(`${folder}/b.log`, 'utf8')).toBe('both\n{"ok":true}\nb alone\n');
});

test('others wait no longer for their own time once the process is told to end', async () => {
  const lingers = `trap 'sleep 0.6; exit 0' TERM; ${twoLines}; sleep 60 & wait`;
  const child = start(lingers);
  const [first, second] = [run(child, 'first', { timeoutMs: 100 }), run(child, 'second', { timeoutMs: 300 })];
  expect(await first.done).toMatchObject({ verdict: { kind: 'timeout' }, timedOut: true });
  expect(await second.done).toMatchObject({ verdict: { kind: 'retry', reason: 'stopped' }, timedOut: false });
  expect((await first.done).killed).toBeUndefined();

  const together = start(lingers);
  const attempts = ['a', 'b', 'c'].map((id) => run(together, id, { timeoutMs: 100 }).done);
  const verdicts = (await Promise.all(attempts)).map(({ verdict }) => verdict.kind);
  expect(verdicts, 'the first is meant: the others may have waited for it').toEqual(['timeout', 'retry', 'retry']);
});

test('one that gives its first verdict and leaves at once by exit 0 costs the others no attempt', async () => {
  for (let round = 0; round < 5; round++) {
    const child = start(`${twoLines}; ${says('a', '"ok":true')}; exit 0`);
    const [a, b] = [run(child, 'a').done, run(child, 'b').done];
    await systemClock.sleep(1);
    // Verdict, end of the pipes and exit are all there when the event loop gets to them.
    for (const end = performance.now() + 60; performance.now() < end; );
    expect((await a).verdict).toEqual({ kind: 'ack' });
    expect((await b).verdict).toMatchObject({ kind: 'retry', reason: 'handler', refund: true });
  }
});

test('a job that has its verdict takes no other with it when it is cancelled a moment later', async () => {
  const child = start(
    `${twoLines}; echo '{"id":"a","progress":0.5}\n{"id":"a","ok":true}'; sleep 0.2; ${says('b', '"ok":true')}`,
  );
  const onProgress = () => process.nextTick(() => a.kill('cancelled'));
  const a = child.run({ id: 'a', name: 'mail', attempt: 1, attemptsMax: 3, timeoutMs: 0 }, { onProgress });
  const b = run(child, 'b');
  expect((await a.done).killed).toBeUndefined();
  expect((await b.done).verdict).toEqual({ kind: 'ack' });
});

test('one that has ended by itself was not ended for one of its jobs', async () => {
  const child = start(`${twoLines}; sleep 5 & exit 1`);
  const [a, b] = [run(child, 'a'), run(child, 'b')];
  // Somebody else holds its pipes: they are still read.
  await until(() => !existsSync(`/proc/${a.pid}`), 'the exit');
  a.kill('cancelled');
  for (const { done } of [a, b])
    expect((await done).verdict).toMatchObject({ error: 'with other jobs in the same process: exit 1', refund: true });
});

test('a job is not out of time once its process has ended by itself', async () => {
  const host = { clock: systemClock, pid: 1, lives: () => false, timeUp: () => expect.fail(), release: () => {} };
  const hand = new JobInHand({ id: 'a', name: 'mail', attempt: 1, attemptsMax: 3, timeoutMs: 1 }, host, {});
  await systemClock.sleep(20);
  hand.childGone({ code: 1, signal: null, missed: false, company: false });
  expect((await hand.done).verdict).toEqual({ kind: 'retry', reason: 'failed', error: 'exit 1' });
});

test('one that was told that no more jobs come takes none, also while it is still there', async () => {
  const child = start('read one; sleep 0.2', 3);
  expect(child.takes('a')).toBe(true);
  const gone = child.close();
  expect(child.takes('a')).toBe(false);
  await gone;
});

test('the one that is out of time is meant, and of those that are so together the first', async () => {
  const child = start(`${twoLines}; exec sleep 60`);
  const [patient, slow] = [run(child, 'patient'), run(child, 'slow', { timeoutMs: 200 })];
  expect((await slow.done).verdict.kind).toBe('timeout');
  expect((await patient.done).verdict).toMatchObject({ kind: 'retry', reason: 'stopped' });

  const together = start(`${twoLines}; exec sleep 60`);
  const [first, second] = [run(together, 'a', { timeoutMs: 203 }), run(together, 'b', { timeoutMs: 200 })];
  expect((await first.done).verdict.kind).toBe('timeout');
  expect((await second.done).verdict).toMatchObject({ kind: 'retry', reason: 'stopped' });
});

test('once a process is told to end, no other reason takes the place of the first', async () => {
  const lingers = `trap 'sleep 1.5; exit 0' TERM; ${twoLines}; ${says('a', '"progress":0.1')}; sleep 60 & wait`;
  const cancelled = start(lingers);
  let attempts: RunningAttempt[] = [];
  const begun = new Promise<void>((resolve) => {
    const hooks = { onProgress: () => resolve() };
    const limit = { attempt: 1, attemptsMax: 3, timeoutMs: 1000 };
    attempts = [cancelled.run({ id: 'a', name: 'mail', ...limit }, hooks), run(cancelled, 'b', { timeoutMs: 700 })];
  });
  await begun;
  attempts[0]?.kill('cancelled');
  // It takes longer to go than either has time.
  const [a, b] = await Promise.all(attempts.map(({ done }) => done));
  expect(a).toMatchObject({ verdict: { kind: 'retry', reason: 'stopped' }, killed: 'cancelled', timedOut: false });
  expect(b).toMatchObject({ verdict: { kind: 'retry', reason: 'stopped' }, timedOut: false });

  const late = start(lingers);
  const [slow, other] = [run(late, 'slow', { timeoutMs: 200 }), run(late, 'other')];
  await systemClock.sleep(300);
  other.kill('cancelled');
  expect((await other.done).killed).toBe('cancelled');
  const ended = await slow.done;
  expect(ended).toMatchObject({ verdict: { kind: 'timeout' } });
  expect(ended.killed).toBeUndefined();
});

test('one whose only other job has its verdict is alone with this one', async () => {
  for (let round = 0; round < 5; round++) {
    const child = start(`${twoLines}; ${says('a', '"ok":true')}; exit 3`);
    const [a, b] = [run(child, 'a').done, run(child, 'b').done];
    await systemClock.sleep(1);
    for (const end = performance.now() + 60; performance.now() < end; );
    expect((await a).verdict).toEqual({ kind: 'ack' });
    expect((await b).verdict).toEqual({ kind: 'retry', reason: 'failed', error: 'exit 3' });
  }
});

test('a job that was missed twice running is suspect', async () => {
  for (const [missedBefore, unclear] of [
    [false, 'b missed'],
    [true, 'b suspect'],
  ] as const) {
    const seen: string[] = [];
    const child = start(`read one; ${says('a', '"ok":true')}; read two; exit 0`, 1, (...what) =>
      seen.push(what.join(' ')),
    );
    await run(child, 'a').done;
    expect((await run(child, 'b', { missedBefore }).done).verdict).toMatchObject({ refund: true });
    expect(seen).toEqual([unclear]);
  }
});

test('a job that has its verdict is not out of time', async () => {
  const host = { clock: systemClock, pid: 1, lives: () => true, timeUp: () => {}, release: () => {} };
  const hand = new JobInHand({ id: 'a', name: 'mail', attempt: 1, attemptsMax: 3, timeoutMs: 1 }, host, {});
  await systemClock.sleep(20);
  expect(hand.isDue(0)).toBe(true);
  hand.said({ id: 'a', over: true, ok: true, messages: [] });
  expect(hand.isDue(0)).toBe(false);
});
