import { describe, expect, it } from 'vitest';
import { type AttemptEnd, judgeAttempt } from '../../../src/queue/process/verdict.ts';

function end(changes: Partial<AttemptEnd>): AttemptEnd {
  return { owner: 'runner', exitCode: 0, signal: null, timedOut: false, tail: '', ...changes };
}

describe('the exit table', () => {
  const deadCodes = [64, 65, 76, 77, 78, 100, 112];
  it.each(Array.from({ length: 256 }, (_, code) => code))('exit %i has one meaning for each owner', (exitCode) => {
    const runner = judgeAttempt(end({ exitCode }));
    const job = judgeAttempt(end({ exitCode, owner: 'job' }));
    if (exitCode === 126 || exitCode === 127) {
      expect(runner.kind).toBe('broken');
      expect(job).toMatchObject({ kind: 'dead', reason: 'command' });
      return;
    }
    expect(job).toEqual(runner);
    if (exitCode === 0) expect(runner).toEqual({ kind: 'ack' });
    else if (deadCodes.includes(exitCode)) expect(runner).toMatchObject({ kind: 'dead', reason: 'permanent' });
    else expect(runner).toMatchObject({ kind: 'retry', reason: 'failed' });
  });

  it('a signal is a retry that names it', () => {
    const verdict = judgeAttempt(end({ exitCode: null, signal: 'SIGSEGV', tail: 'boom' }));
    expect(verdict).toEqual({ kind: 'retry', reason: 'failed', error: 'ended by SIGSEGV: boom' });
  });

  it('a start that fails breaks the handler of a runner and kills a job with its own command', () => {
    const spawnError = { code: 'ENOENT', message: 'spawn x ENOENT' };
    expect(judgeAttempt(end({ exitCode: null, spawnError }))).toMatchObject({ kind: 'broken' });
    expect(judgeAttempt(end({ exitCode: null, spawnError, owner: 'job' }))).toMatchObject({
      kind: 'dead',
      reason: 'command',
      error: 'could not start: spawn x ENOENT',
    });
  });

  it.each(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])('%s is no fault of a job: the attempt is given back', (code) => {
    for (const owner of ['job', 'runner'] as const) {
      const verdict = judgeAttempt(end({ exitCode: null, owner, spawnError: { code, message: code } }));
      expect(verdict).toMatchObject({ kind: 'retry', reason: 'resources', refund: true });
    }
  });
});

describe('what outranks what', () => {
  it('a timeout outranks exit 0 and words on fd 3', () => {
    const verdict = judgeAttempt(
      end({ timedOut: true, timeoutMs: 30_000, result: '1', asked: { kind: 'dead', reason: 'x' } }),
    );
    expect(verdict).toEqual({ kind: 'timeout', error: 'timed out after 30 s' });
  });

  it('words on fd 3 outrank the exit code', () => {
    expect(judgeAttempt(end({ asked: { kind: 'retry', delayMs: 5 }, exitCode: 65 }))).toMatchObject({
      kind: 'retry',
      reason: 'asked',
      delayMs: 5,
    });
    expect(judgeAttempt(end({ asked: { kind: 'dead', reason: 'no such user' }, exitCode: 0 }))).toEqual({
      kind: 'dead',
      reason: 'permanent',
      error: 'no such user',
    });
  });

  it('exit 0 counts even after the runner asked the process to end, anything else is then a retry', () => {
    expect(judgeAttempt(end({ killed: 'stop', result: '[1]' }))).toEqual({ kind: 'ack', result: '[1]' });
    expect(judgeAttempt(end({ killed: 'stop', exitCode: 64 }))).toMatchObject({ kind: 'retry', reason: 'stopped' });
    expect(judgeAttempt(end({ killed: 'stop', exitCode: null, signal: 'SIGTERM' }))).toEqual({
      kind: 'retry',
      reason: 'stopped',
      error: 'ended by the runner: stop',
    });
  });
});
