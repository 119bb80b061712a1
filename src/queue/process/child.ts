import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { clampText } from '../../base/clamp-text.ts';
import { isError } from '../../base/errors.ts';
import type { AttemptSpec } from './attempt-types.ts';

/** Node quotes the argument it dislikes. */
const messageBytesMax = 2048;

/** How a child ended, or why it never began. */
export interface Exit {
  code: number | null;
  signal: string | null;
  spawnError?: { code: string; message: string };
}

/**
 * Starts the command of an attempt, leader of a new process group, with four pipes. An Error is a start that failed
 * at once.
 */
export function startChild(spec: AttemptSpec): ChildProcess | Error {
  const [program, ...args] = 'shell' in spec.command ? ['/bin/sh', '-c', spec.command.shell] : spec.command.argv;
  const env = {
    ...spec.env,
    WALQ_JOB_ID: spec.job.id,
    WALQ_JOB_NAME: spec.job.name,
    WALQ_ATTEMPT: String(spec.job.attempt),
    WALQ_MAX_ATTEMPTS: String(spec.job.attemptsMax),
    WALQ_STORE: spec.store,
    WALQ_LEASE: spec.lease,
  };
  try {
    return spawn(program ?? '', args, { detached: true, env, stdio: ['pipe', 'pipe', 'pipe', 'pipe'], shell: false });
  } catch (error) {
    // E2BIG, ENOMEM, an empty program, a NUL in an argument: thrown instead of reported.
    if (isError(error)) return error;
    throw error;
  }
}

export function failedStart(error: Error): Exit {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'EINVAL';
  return { code: null, signal: null, spawnError: { code, message: clampText(error.message, messageBytesMax) } };
}

/** Without file descriptors left (EMFILE) a child has no pipes at all, whatever its type says. */
export function pipesOf(child: ChildProcess): readonly (Readable | Writable | null | undefined)[] {
  return child.stdio ?? [];
}

/** Resolves when the stream is over, however it ends. */
export function listen(
  stream: Readable | Writable | null | undefined,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  if (stream === null || stream === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    stream.on('data', onChunk);
    stream.on('error', () => {});
    stream.once('close', () => resolve());
  });
}

/** Line breaks in JSON text stand only between tokens, where a space means the same. */
export function oneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replaceAll(/[\r\n]+/g, ' ') : json;
}
