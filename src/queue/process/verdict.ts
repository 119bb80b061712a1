import { unreachable } from '../../base/errors.ts';

/** Everything known about an attempt once it is over. */
export interface AttemptEnd {
  /** Whose command it was: the handler of the runner (`--exec`) or one carried by the job (`-- CMD ARGS`). */
  owner: 'runner' | 'job';
  /** Exit code; null when a signal ended it or it never started. */
  exitCode: number | null;
  signal: string | null;
  /** Errno name and text of a start that failed. */
  spawnError?: { code: string; message: string };
  timedOut: boolean;
  timeoutMs?: number;
  /** Why the runner ended it, if it did (a stop, a cancelled job). */
  killed?: string;
  /** The last words on fd 3. */
  result?: string;
  asked?:
    | { kind: 'retry'; delayMs: number }
    | { kind: 'dead'; reason: string }
    /** A message for one of these that is not understood. */
    | { kind: 'unclear'; why: string };
  /** End of what it printed, for the error text. */
  tail: string;
}

/** The words of the RETRY and DEAD events. 'handler': it ended before it looked at the job. */
export type RetryReason = 'failed' | 'asked' | 'stopped' | 'resources' | 'handler';
export type DeadReason = 'permanent' | 'command';

/** What an attempt means for its job. Attempts used up is not decided here. */
export type AttemptVerdict =
  /** `result` is JSON text. */
  | { kind: 'ack'; result?: string }
  /** `refund`: the attempt did not count, nothing of the job ran. */
  | { kind: 'retry'; reason: RetryReason; error: string; delayMs?: number; refund?: true }
  | { kind: 'dead'; reason: DeadReason; error: string }
  /** The handler of the runner cannot run at all: give the attempt back and pause. */
  | { kind: 'broken'; error: string }
  | { kind: 'timeout'; error: string };

/**
 * "No use to try again", by sysexits.h (64 usage, 65 data, 76 protocol, 77 permission, 78 configuration) and qmail
 * (100, 112).
 */
const deadCodes: ReadonlySet<number> = new Set([64, 65, 76, 77, 78, 100, 112]);
/** EX_TEMPFAIL and qmail's "try later": always a retry. Every other code is one too, so these only need a name. */
const retryCodes: ReadonlySet<number> = new Set([75, 111]);
/** The machine is short of something: the command itself may be fine, and other attempts at work. */
const shortages: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * The exit table of docs/handlers.md. A timeout outranks everything; then what the handler said on fd 3; then the
 * exit code. Exit 0 is believed even from a process that was told to end: it had the time to finish.
 */
export function judgeAttempt(end: AttemptEnd): AttemptVerdict {
  if (end.spawnError !== undefined) return judgeSpawnError(end.owner, end.spawnError);
  if (end.timedOut) return { kind: 'timeout', error: withTail(`timed out${afterMs(end.timeoutMs)}`, end.tail) };
  if (end.asked !== undefined && end.asked.kind !== 'unclear') return judgeAsked(end.asked, end.tail);
  if (end.exitCode === 0 && end.asked !== undefined) {
    const error = withTail(`the handler's message is not understood: ${end.asked.why}`, end.tail);
    return { kind: 'retry', reason: 'failed', error };
  }
  if (end.exitCode === 0) return { kind: 'ack', ...(end.result === undefined ? {} : { result: end.result }) };
  if (end.killed !== undefined) {
    return { kind: 'retry', reason: 'stopped', error: withTail(`ended by the runner: ${end.killed}`, end.tail) };
  }
  if (end.exitCode === null) {
    return { kind: 'retry', reason: 'failed', error: withTail(`ended by ${end.signal ?? 'a signal'}`, end.tail) };
  }
  return judgeExit(end.owner, end.exitCode, end.tail);
}

function judgeExit(owner: AttemptEnd['owner'], exitCode: number, tail: string): AttemptVerdict {
  const error = withTail(`exit ${exitCode}${exitNote(exitCode)}`, tail);
  if (exitCode === 126 || exitCode === 127) {
    return owner === 'runner' ? { kind: 'broken', error } : { kind: 'dead', reason: 'command', error };
  }
  return deadCodes.has(exitCode)
    ? { kind: 'dead', reason: 'permanent', error }
    : { kind: 'retry', reason: 'failed', error };
}

function judgeAsked(
  asked: Exclude<NonNullable<AttemptEnd['asked']>, { kind: 'unclear' }>,
  tail: string,
): AttemptVerdict {
  switch (asked.kind) {
    case 'retry': {
      const error = withTail('the handler asked for a retry', tail);
      return { kind: 'retry', reason: 'asked', delayMs: asked.delayMs, error };
    }
    case 'dead':
      return { kind: 'dead', reason: 'permanent', error: asked.reason };
    default:
      return unreachable(asked);
  }
}

function judgeSpawnError(owner: AttemptEnd['owner'], cause: { code: string; message: string }): AttemptVerdict {
  const error = `could not start: ${cause.message}`;
  if (shortages.has(cause.code)) return { kind: 'retry', reason: 'resources', error, refund: true };
  if (owner === 'runner') return { kind: 'broken', error };
  return { kind: 'dead', reason: 'command', error };
}

function exitNote(exitCode: number): string {
  if (exitCode === 126) return ' (command not executable)';
  if (exitCode === 127) return ' (command not found)';
  if (retryCodes.has(exitCode)) return ' (asks for a retry)';
  return deadCodes.has(exitCode) ? ' (the handler asks for no retry)' : '';
}

function afterMs(ms: number | undefined): string {
  if (ms === undefined) return '';
  return ms % 1000 === 0 ? ` after ${ms / 1000} s` : ` after ${ms} ms`;
}

export function withTail(what: string, tail: string): string {
  return tail === '' ? what : `${what}: ${tail}`;
}
