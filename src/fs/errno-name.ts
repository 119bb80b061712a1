import { constants } from 'node:os';
import { isError } from '../base/errors.ts';

/**
 * Node has no name for some refusals of a system, a used up quota (EDQUOT) and a lost network file (ESTALE) among them:
 * their code is 'Unknown system error -122', or 'UNKNOWN'. Here they get the name that the system has for them.
 */

const names = new Map(Object.entries(constants.errno).map(([name, errno]) => [errno, name]));

export function withName(error: unknown): unknown {
  if (!isError(error) || !('errno' in error) || typeof error.errno !== 'number') return error;
  if (!('code' in error) || !/^UNKNOWN$|^Unknown system error/.test(String(error.code))) return error;
  const errno = Math.abs(error.errno);
  return Object.assign(error, { code: names.get(errno) ?? `E${errno}` });
}

/** What `call` returns; what it throws has its name. */
export function named<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw withName(error);
  }
}
