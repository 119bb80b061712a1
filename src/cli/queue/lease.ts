import { parseDuration } from '../../base/duration.ts';
import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { compactJson } from '../../base/json.ts';
import type { Session } from '../session.ts';
import { isoTime } from '../text.ts';
import { ask, forEach, type WriterFlags } from './many.ts';

/** Of a job that is done: its result has no place in the log. */
export const resultDroppedText = '(the result is too large or nested too deep and was not kept)';

/** What the holder of a lease says of its job. */

export async function ack(
  session: Session,
  tokens: readonly string[],
  flags: WriterFlags & { result?: string },
): Promise<ExitCode> {
  const { result } = flags;
  // Checked here: a result that is no JSON must not depend on what became of the lease.
  if (result !== undefined) compactJson(result);
  return await forEach(session, tokens, flags, {
    use: (ops, token) => ops.call('ack', { token, ...(result !== undefined && { result }) }),
    idOf: ({ id }) => id,
    say: ({ resultDropped }) => `${session.style.good('completed')}${resultDropped ? ` ${resultDroppedText}` : ''}`,
  });
}

export interface FailFlags extends WriterFlags {
  error?: string;
  retryIn?: number;
  dead?: string;
}

export async function fail(session: Session, tokens: readonly string[], flags: FailFlags): Promise<ExitCode> {
  const { error, retryIn: delayMs, dead } = flags;
  if (dead !== undefined && delayMs !== undefined) {
    throw usageError('E_USAGE', '--dead and --retry-in exclude each other');
  }
  const failure = {
    ...(error !== undefined && { error }),
    ...(delayMs !== undefined && { delayMs }),
    ...(dead !== undefined && { dead }),
  };
  const { style } = session;
  return await forEach(session, tokens, flags, {
    use: (ops, token) => ops.call('fail', { token, ...failure }),
    idOf: ({ id }) => id,
    say: (answer) =>
      answer.verdict === 'dead'
        ? `${style.bad('dead')} (${escapeText(answer.reason)})`
        : `${style.warn('pending')} again, not before ${isoTime(answer.runAt)}`,
  });
}

export async function extend(session: Session, args: readonly string[], flags: WriterFlags): Promise<ExitCode> {
  const [token = '', time = ''] = args;
  const ms = parseDuration(time, 'the time');
  if (ms === 0) throw usageError('E_USAGE', 'the time must be more than 0; walq queue fail gives a job back');
  const { deadlineMs } = await ask(session, flags, 'extend', { token, ms });
  if (session.json) await session.document({ token, deadlineMs, exit: Exit.ok });
  else await session.out.line(`extended until ${isoTime(deadlineMs)}`);
  return Exit.ok;
}
