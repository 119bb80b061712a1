import type { Code } from './code.ts';

/** The one table of exit codes (docs/exit-codes.md). */
export const Exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  damage: 3,
  torn: 4,
  newer: 5,
  locked: 6,
  refused: 7,
  bug: 70,
  io: 74,
} as const;

export type ExitCode = (typeof Exit)[keyof typeof Exit];

export interface ErrorDetails {
  /** Machine-readable facts: file, offset, seq, got, expected, ... Goes into `--json`. */
  data?: Readonly<Record<string, unknown>>;
  /** The next command to type, or the next thing to do. One line. */
  next?: string;
  cause?: unknown;
}

/**
 * An expected failure: bad input, damage, a refused action, a disk that says no. Anything else thrown is a bug (exit
 * 70).
 */
export class WalqError extends Error {
  readonly code: Code;
  readonly exit: ExitCode;
  readonly data: Readonly<Record<string, unknown>>;
  readonly next: string | undefined;

  constructor(exit: ExitCode, code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'WalqError';
    this.exit = exit;
    this.code = code;
    this.data = details.data ?? {};
    this.next = details.next;
  }
}

export function usageError(code: Code, message: string, details?: ErrorDetails): WalqError {
  return new WalqError(Exit.usage, code, message, details);
}
export function notFoundError(code: Code, message: string, details?: ErrorDetails): WalqError {
  return new WalqError(Exit.failed, code, message, details);
}
export function damageError(code: Code, message: string, details?: ErrorDetails): WalqError {
  return new WalqError(Exit.damage, code, message, details);
}
export function newerError(code: Code, message: string, details?: ErrorDetails): WalqError {
  return new WalqError(Exit.newer, code, message, details);
}
export function lockedError(code: Code, message: string, details?: ErrorDetails): WalqError {
  return new WalqError(Exit.locked, code, message, details);
}
export function refusedError(code: Code, message: string, details?: ErrorDetails): WalqError {
  return new WalqError(Exit.refused, code, message, details);
}
export function ioError(code: Code, message: string, details?: ErrorDetails): WalqError {
  return new WalqError(Exit.io, code, message, details);
}

/**
 * Also one of another realm: a test runner such as Jest gives the program an `Error` of its own, and Node throws the
 * other.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

/** A failed file system call. `code` is the errno name, as Node gives it. */
export interface FsError extends Error {
  code: string;
  syscall?: string;
  path?: string;
}

export function isFsError(error: unknown): error is FsError {
  if (!isError(error) || error instanceof WalqError) return false;
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code);
}

export function hasErrno(error: unknown, ...errnos: string[]): boolean {
  return isFsError(error) && errnos.includes(error.code);
}

/** For what cannot happen. A failure here is a bug in walq, never the user's. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${what}`);
}

/** The end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}

/** What one layer knows about one code: the source of `walq help E_CODE`. */
export interface CodeEntry {
  title: string;
  /** A few plain sentences: what it means, what can cause it, what is and is not lost. */
  explain: string;
  /** What to do next. Commands in full. */
  next: string;
}
export type CodeCatalogue = Readonly<Partial<Record<Code, CodeEntry>>>;
