import { errnoNext, errnoText } from '../base/errno.ts';
import { Exit, type ExitCode, isFsError, WalqError } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { shellPath } from '../base/shell-word.ts';
import { aroundBadBlocks } from '../commands/bad-blocks.ts';
import { placeText } from './expression-place.ts';
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

/** What was asked for when a command failed; a session is one. */
export interface Asked {
  kind: string;
  /** `--store`, as it was given. What the variable says holds for the next command too. */
  context: { store?: string | undefined };
}

/** The next thing to type after a failure, whoever threw it: who knows no command line leaves `--store` out. */
function nextAfter(failure: WalqError, { kind, context: { store } }: Asked): string {
  if (failure.next !== undefined) {
    if (store === undefined || / --(store|help)\b/.test(failure.next)) return failure.next;
    return failure.next.replace(/^walq queue /, () => `walq --store ${shellPath(store)} queue `);
  }
  const around = aroundBadBlocks(failure);
  if (around !== undefined) return around;
  if (failure.code !== 'E_USAGE') return `walq help ${failure.code}`;
  return kind === 'walq' ? 'walq --help' : `walq ${kind.replaceAll('.', ' ')} --help`;
}

/** Lines for people, on stderr: what is wrong, where in an expression, and what to type next. */
export function failureText(
  failure: WalqError,
  asked: Asked,
  style: Pick<Style, 'bad' | 'dim' | 'command'>,
  { word = 'error:', width = 100 }: { word?: string | undefined; width?: number } = {},
): string {
  const what = `${style.bad(word)} ${escapeText(failure.message)} ${style.dim(`[${failure.code}]`)}`;
  const next = `${style.dim('next:')}  ${style.command(escapeText(nextAfter(failure, asked)))}`;
  return `${what}\n${placeText(failure, style, width)}${next}\n`;
}

/** The `error` member of a JSON document. */
export function failureDocument(failure: WalqError, asked: Asked): Record<string, unknown> {
  const { code, message, data, exit } = failure;
  return { code, message, data, next: nextAfter(failure, asked), exit };
}

/** What an unexpected error says in JSON; its stack goes to stderr. */
export function bugDocument(error: unknown): Record<string, unknown> {
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'E_BUG', message: `this is a bug in walq: ${message}`, data: {}, exit: Exit.bug satisfies ExitCode };
}
