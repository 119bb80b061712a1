import { errnoNext, errnoText } from '../base/errno.ts';
import { Exit, type ExitCode, isFsError, WalqError } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import type { Style } from './style.ts';

/**
 * A failure that the JSON document on stdout, already begun when it came, carries to its reader. Only stderr still has
 * to say it.
 */
export class InDocument extends Error {
  readonly failure: WalqError;

  constructor(failure: WalqError) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Any thrown value as an expected failure with a code and an exit; `undefined` for what only a bug can throw. */
export function toFailure(error: unknown): WalqError | undefined {
  if (error instanceof WalqError) return error;
  if (error instanceof InDocument) return error.failure;
  if (!isFsError(error)) return undefined;
  const where = error.path === undefined ? '' : `${error.path}: `;
  return new WalqError(Exit.io, 'E_IO', `${where}${errnoText(error.code, error.message)}`, {
    data: {
      errno: error.code,
      ...(error.path === undefined ? {} : { file: error.path }),
      ...(error.syscall === undefined ? {} : { syscall: error.syscall }),
    },
    ...errnoNext(error.code),
    cause: error,
  });
}

/** The next thing to type after a failure of the command `kind`, whoever threw it. */
function nextAfter(failure: WalqError, kind: string): string {
  if (failure.next !== undefined) return failure.next;
  if (failure.code !== 'E_USAGE') return `walq help ${failure.code}`;
  return kind === 'walq' ? 'walq --help' : `walq ${kind.replaceAll('.', ' ')} --help`;
}

/** Two lines for people, on stderr: what is wrong, and what to type next. */
export function failureText(
  failure: WalqError,
  kind: string,
  style: Pick<Style, 'bad' | 'dim' | 'command'>,
  word = 'error:',
): string {
  const what = `${style.bad(word)} ${escapeText(failure.message)} ${style.dim(`[${failure.code}]`)}`;
  const next = `${style.dim('next:')}  ${style.command(escapeText(nextAfter(failure, kind)))}`;
  return `${what}\n${next}\n`;
}

/** The `error` member of a JSON document. */
export function failureDocument(failure: WalqError, kind: string): Record<string, unknown> {
  const { code, message, data, exit } = failure;
  return { code, message, data, next: nextAfter(failure, kind), exit };
}

/** What an unexpected error says in JSON; its stack goes to stderr. */
export function bugDocument(error: unknown): Record<string, unknown> {
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'E_BUG', message: `this is a bug in walq: ${message}`, data: {}, exit: Exit.bug satisfies ExitCode };
}
