import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { runAttempt } from '../../../src/queue/process/attempt.ts';
import { tried } from '../../support/tried.ts';
import { alive, groupGone, run, sayReady, spec, tempFolder, timeFromProgress } from './helpers.ts';

describe('what a handler gets', () => {
  it('the payload as one line on stdin, then the end, and the job in its environment', async () => {
    const folder = tempFolder();
    const seen = `${folder}/seen`;
    const names = 'JOB_ID JOB_NAME ATTEMPT MAX_ATTEMPTS STORE LEASE';
    const outcome = await run(`{ cat; for n in ${names}; do eval "echo \\$WALQ_$n"; done; } > ${seen}`, {
      job: { id: 'j 1', name: '', payload: '{"a":9007199254740993,\n"b":1e400}', attempt: 2, attemptsMax: 5 },
    });
    expect(outcome.verdict).toEqual({ kind: 'ack' });
    expect(readFileSync(seen, 'utf8')).toBe(
      '{"a":9007199254740993, "b":1e400}\nj 1\n\n2\n5\n/somewhere/store\nc0ffee:12\n',
    );
  });

  it('an empty stdin when the job has no payload', async () => {
    const job = { id: 'j', name: '', payload: undefined, attempt: 1, attemptsMax: 1 };
    expect((await run('wc -c >&2', { job })).output.tail).toBe('0');
  });

  it('nothing of a payload, id or name reaches the shell', async () => {
    const folder = tempFolder();
    const evil = `$(touch ${folder}/evil)\`touch ${folder}/evil\`'; touch ${folder}/evil #`;
    const job = { id: evil, name: evil, payload: JSON.stringify(evil), attempt: 1, attemptsMax: 1 };
    await run('cat; echo "$WALQ_JOB_ID" $WALQ_JOB_NAME', { job });
    await run({ argv: ['echo', evil] }, { job });
    expect(existsSync(`${folder}/evil`)).toBe(false);
  });

  it('a process group of its own', async () => {
    const outcome = await run('ps -o pgid= -p $$ >&2');
    expect(Number(outcome.output.tail)).toBe(outcome.pid);
  });

  it('an argv command runs without a shell', async () => {
    const outcome = await run({ argv: [process.execPath, '-e', 'console.error(process.argv.slice(1))', '$HOME; *'] });
    expect(outcome.output.tail).toBe("[ '$HOME; *' ]");
  });
});

describe('what a handler says', () => {
  it('a result on fd 3 goes into the ACK exactly as written', async () => {
    const outcome = await run(`echo '{"result": {"n": 9007199254740993}}' >&3`);
    expect(outcome.verdict).toEqual({ kind: 'ack', result: '{"n": 9007199254740993}' });
  });

  it('words are read to the end, also the last line without a newline', async () => {
    const outcome = await run(`printf '{"progress":1}\\n{"dead":"no"}' >&3`);
    expect(outcome.verdict).toEqual({ kind: 'dead', reason: 'permanent', error: 'no' });
  });

  it('progress and extension reach the runner', async () => {
    const heard: unknown[] = [];
    const outcome = await run(
      `echo '{"progress":0.25}' >&3; echo '{"extend":"5m"}' >&3; exit 75`,
      {},
      {
        onProgress: (value) => heard.push(value),
        onExtend: (ms) => heard.push(ms),
      },
    );
    expect(heard).toEqual([0.25, 300_000]);
    expect(outcome.verdict).toMatchObject({ kind: 'retry', reason: 'failed' });
  });

  it('an extension moves the timeout', async () => {
    // Long past the timeout as it stood, once the handler has asked for more.
    let aheadMs = 0;
    const startMs = systemClock.monotonic();
    const clock = { ...systemClock, monotonic: () => startMs + aheadMs };
    const heard = (ms: number) => {
      expect(ms).toBe(20_000);
      aheadMs = 10_000;
    };
    const said = `echo '{"extend":"20s"}' >&3; sleep 0.4`;
    expect((await run(said, { timeoutMs: 100, clock }, { onExtend: heard })).verdict).toEqual({ kind: 'ack' });
    expect(aheadMs).toBe(10_000);
  });

  it('garbage and huge lines on fd 3 are counted and change nothing', async () => {
    const outcome = await run(
      `head -c 300000 /dev/zero | tr '\\0' x >&3; printf '\\n\\377\\376\\n{"x\\n\\n[]\\n{"result":7}\\n' >&3`,
      { lineBytesMax: 1000 },
    );
    expect(outcome).toMatchObject({ verdict: { kind: 'ack', result: '7' }, ignoredLines: 4 });
  });

  it('a message for a retry or the end that is not understood fails the attempt, and its log says why', async () => {
    for (const said of ['{"dead":5}', '{"retry":"xx"}', '{"dead":"gone"']) {
      const { verdict, output } = await run(`echo '${said}' >&3`);
      expect(verdict).toMatchObject({
        kind: 'retry',
        reason: 'failed',
        error: expect.stringContaining('message is not understood'),
      });
      expect(output.tail).toMatch(/^\[walq: a message was not understood: .*\]$/);
    }
    expect((await run(`echo '{"dead":5}' >&3; exit 100`)).verdict).toMatchObject({ kind: 'dead' });
    expect((await run(`echo '{"dead":5}' >&3; echo '{"dead":"x"}' >&3`)).verdict).toMatchObject({ error: 'x' });
  });

  it('the end of its stderr is the error text', async () => {
    const outcome = await run('echo out; head -c 9000 /dev/zero >&2; echo "cannot reach mail.example" >&2; exit 3');
    expect(outcome.verdict).toMatchObject({ kind: 'retry', reason: 'failed' });
    const error = outcome.verdict.kind === 'retry' ? outcome.verdict.error : '';
    expect(error).toMatch(/^exit 3: .*cannot reach mail\.example$/s);
    expect(error).not.toContain('\0');
    expect(Buffer.byteLength(error)).toBeLessThan(2100);
  });
});

describe('a handler that cannot start', () => {
  it('command not found', async () => {
    expect((await run('no-such-command-here')).verdict).toMatchObject({ kind: 'broken' });
    const own = await run({ argv: ['no-such-command-here'] });
    expect(own).toMatchObject({ pid: undefined, verdict: { kind: 'dead', reason: 'command' } });
  });

  it('not executable', async () => {
    const script = `${tempFolder()}/script`;
    writeFileSync(script, '#!/bin/sh\nexit 0\n');
    chmodSync(script, 0o600);
    expect((await run(script)).verdict).toMatchObject({ kind: 'broken' });
    expect((await run({ argv: [script] })).verdict).toMatchObject({ kind: 'dead', reason: 'command' });
  });

  it('an impossible command line: empty, with NUL, too long', async () => {
    for (const argv of [[], [''], ['echo', 'a\0b'], ['echo', 'x'.repeat(4_000_000)]]) {
      expect((await run({ argv })).verdict).toMatchObject({ kind: 'dead', reason: 'command' });
    }
  });
});

describe('a handler that misbehaves', () => {
  afterEach((context) => tried(context, 'handlers', { 'handler ended, group gone': 1 }));

  it('hangs: SIGTERM at the timeout', async () => {
    const outcome = await run('sleep 60', { timeoutMs: 50, killAfterMs: 5000 });
    expect(outcome).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
    expect(outcome.verdict).toMatchObject({ kind: 'timeout', error: 'timed out after 50 ms' });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(50);
    expect(await groupGone(outcome.pid)).toBe(true);
  });

  it('ignores SIGTERM: SIGKILL after killAfterMs, children included', async () => {
    const { clock, onProgress } = timeFromProgress();
    const shell = `trap '' TERM; sleep 60 & ${sayReady}; sleep 60; sleep 60`;
    const outcome = await run(shell, { timeoutMs: 50, clock }, { onProgress });
    expect(outcome).toMatchObject({ verdict: { kind: 'timeout' }, signal: 'SIGKILL' });
    expect(await groupGone(outcome.pid)).toBe(true);
  });

  it('is stopped: still ends at the timeout', async () => {
    const { clock, onProgress } = timeFromProgress();
    const shell = `${sayReady}; kill -STOP $$; sleep 60`;
    const outcome = await run(shell, { timeoutMs: 60, killAfterMs: 60_000, clock }, { onProgress });
    expect(outcome).toMatchObject({ verdict: { kind: 'timeout' }, signal: 'SIGTERM' });
  });

  it('answers SIGTERM with exit 0: a timeout all the same', async () => {
    const { clock, onProgress } = timeFromProgress();
    const shell = `trap 'exit 0' TERM; echo '{"result":1}' >&3; ${sayReady}; while :; do sleep 0.02; done`;
    const outcome = await run(shell, { timeoutMs: 50, killAfterMs: 60_000, clock }, { onProgress });
    expect(outcome).toMatchObject({ exitCode: 0, verdict: { kind: 'timeout' } });
  });

  it('forks and exits 0: ACK at once, and what it left is killed', async () => {
    const outcome = await run('sleep 60 & echo $!; echo $! >&2; exit 0', { drainMs: 50 });
    expect(outcome).toMatchObject({ verdict: { kind: 'ack' }, leftovers: true });
    expect(outcome.durationMs).toBeLessThan(5000);
    expect(await groupGone(outcome.pid)).toBe(true);
    expect(await alive(Number(outcome.output.tail))).toBe(false);
  });

  it('leaves something that let go of all pipes: killed as well', async () => {
    const outcome = await run('exec 3>&-; (exec sleep 60 </dev/null >/dev/null 2>&1) & exit 0');
    expect(outcome).toMatchObject({ verdict: { kind: 'ack' }, leftovers: true });
    expect(await groupGone(outcome.pid)).toBe(true);
  });

  it('prints 100 MB: neither blocks nor keeps it', async () => {
    const outcome = await run('head -c 100000000 /dev/zero; echo the end; exit 4');
    expect(outcome.output).toMatchObject({ stdoutBytes: 100_000_008, stderrBytes: 0 });
    expect(outcome.verdict).toMatchObject({ kind: 'retry' });
    expect(outcome.output.tail.endsWith('the end')).toBe(true);
  });

  it('ends by a signal of its own', async () => {
    expect((await run('kill -SEGV $$')).verdict).toEqual({
      kind: 'retry',
      reason: 'failed',
      error: 'ended by SIGSEGV',
    });
  });

  it('does not read its payload: no matter', async () => {
    const payload = JSON.stringify('x'.repeat(8_000_000));
    const job = { id: 'j', name: '', payload, attempt: 1, attemptsMax: 1 };
    expect((await run('exit 0', { job })).verdict).toEqual({ kind: 'ack' });
    expect((await run('exec 0<&-; sleep 0.1; exit 0', { job })).verdict).toEqual({ kind: 'ack' });
    expect((await run('sleep 60', { job, timeoutMs: 50 })).verdict).toMatchObject({ kind: 'timeout' });
  });

  it('closes every pipe and works on: judged by its exit', async () => {
    const outcome = await run('exec 0<&- 1>&- 2>&- 3>&-; sleep 0.1; exit 65');
    expect(outcome.verdict).toMatchObject({ kind: 'dead', reason: 'permanent' });
  });
});

describe('a runner that ends an attempt', () => {
  it('kill: SIGTERM, then SIGKILL', async () => {
    const shell = `trap '' TERM; ${sayReady}; sleep 60; sleep 60`;
    const attempt = runAttempt(spec(shell), { onProgress: () => attempt.kill('stop') });
    const outcome = await attempt.done;
    expect(outcome).toMatchObject({ killed: 'stop', signal: 'SIGKILL', timedOut: false });
    expect(outcome.verdict).toMatchObject({ kind: 'retry', reason: 'stopped' });
    expect(await groupGone(outcome.pid)).toBe(true);
  });

  it('a second, urgent kill does not wait', async () => {
    const shell = `trap '' TERM; ${sayReady}; while :; do sleep 0.05; done`;
    const kill = () => {
      attempt.kill('stop');
      attempt.kill('stop', 'now');
    };
    const attempt = runAttempt(spec(shell, { killAfterMs: 600_000 }), { onProgress: kill });
    expect(await attempt.done).toMatchObject({ killed: 'stop', signal: 'SIGKILL' });
  });

  it('a kill after the end does nothing', async () => {
    const attempt = runAttempt(spec('exit 0'));
    const outcome = await attempt.done;
    attempt.kill('late');
    expect(outcome.verdict).toEqual({ kind: 'ack' });
  });

  it('a long pause of the runner does not turn a finished attempt into a timeout', async () => {
    const attempt = runAttempt(spec('exit 0', { timeoutMs: 300 }));
    const timeoutMs = performance.now() + 300;
    while (performance.now() < timeoutMs || !isZombie(attempt.pid));
    expect((await attempt.done).verdict).toEqual({ kind: 'ack' });
  });

  it('fifty attempts at once all end and leave no process', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => run(`cat >/dev/null; sleep 0.05; exit ${index % 2 === 0 ? 0 : 75}`)),
    );
    expect(outcomes.map((outcome) => outcome.verdict.kind)).toEqual(
      outcomes.map((_, index) => (index % 2 === 0 ? 'ack' : 'retry')),
    );
    expect(await Promise.all(outcomes.map((outcome) => groupGone(outcome.pid)))).not.toContain(false);
  });
});

/** It has ended, and this process has not been told yet. */
function isZombie(pid: number | undefined): boolean {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
}
