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
  return new WalqError(Exit.io, 'E_IO', `${where}${reasonOf(error.code, error.message)}`, {
    data: {
      errno: error.code,
      ...(error.path === undefined ? {} : { file: error.path }),
      ...(error.syscall === undefined ? {} : { syscall: error.syscall }),
    },
    ...nextFor(error.code),
    cause: error,
  });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'is a folder',
  EEXIST: 'is there already',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the device reports an input/output error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  ELOOP: 'a symbolic link where none may be',
  ENAMETOOLONG: 'the name is too long',
};

function reasonOf(errno: string, message: string): string {
  const reason = reasons[errno];
  return reason === undefined ? message : `${reason} (${errno})`;
}

function nextFor(errno: string): { next?: string } {
  if (errno === 'EACCES' || errno === 'EPERM') return { next: 'run as the user who owns the files' };
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return { next: 'make room on the disk, then run the command again' };
  return {};
}

/** For people, on stderr; ends with a newline. */
export function failureText(
  failure: WalqError,
  style: Pick<Style, 'bad' | 'dim' | 'command'>,
  word = 'error:',
): string {
  const lines = [`${style.bad(word)} ${escapeText(failure.message)} ${style.dim(`[${failure.code}]`)}`];
  if (failure.next !== undefined) lines.push(`${style.dim('next:')}  ${style.command(escapeText(failure.next))}`);
  return lines.map((line) => `${line}\n`).join('');
}

/** The `error` member of a JSON document. */
export function failureDocument(failure: WalqError): Record<string, unknown> {
  return { code: failure.code, message: failure.message, data: failure.data, next: failure.next, exit: failure.exit };
}

/** What an unexpected error says in JSON; its stack goes to stderr. */
export function bugDocument(error: unknown): Record<string, unknown> {
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'E_BUG', message: `this is a bug in walq: ${message}`, data: {}, exit: Exit.bug satisfies ExitCode };
}
