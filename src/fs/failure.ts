import { errnoNext, errnoText } from '../base/errno.ts';
import { ioError, isFsError } from '../base/errors.ts';

/**
 * What a refusal of the file system is called. A failed read is an I/O error, never "torn" and never "missing".
 */

export function readError(path: string, cause: unknown): unknown {
  if (!isFsError(cause)) return cause;
  return ioError('E_READ', `cannot read ${path}: ${errnoText(cause.code)}`, {
    data: { file: path, errno: cause.code },
    ...errnoNext(cause.code),
    cause,
  });
}

/**
 * What to throw when writing to `within` failed: E_NO_SPACE or E_IO; anything but a file system error as it is. The
 * path that the system refused is named, if it says which one that was, and else `within`.
 */
export function writeError(within: string, cause: unknown): unknown {
  if (!isFsError(cause)) return cause;
  const path = cause.path ?? within;
  const code = cause.code === 'ENOSPC' || cause.code === 'EDQUOT' ? 'E_NO_SPACE' : 'E_IO';
  return ioError(code, `cannot write ${path}: ${errnoText(cause.code)}`, {
    data: { file: path, errno: cause.code },
    ...errnoNext(cause.code),
    cause,
  });
}

/** One read; a refusal of the file system becomes E_READ. */
export async function reading<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw readError(path, error);
  }
}

/** The same for a stream. */
export async function* readingAll(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw readError(path, error);
  }
}
