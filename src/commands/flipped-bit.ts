import { hasErrno, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { findFlips } from '../storage/repair-heal.ts';
import { surveyStore } from '../storage/survey.ts';
import type { StorageEnv } from '../storage/types.ts';
import { mayBeOneBit } from './next-steps.ts';
import { isEvent } from './salvage.ts';

/**
 * Would `wal repair --mode heal` turn a bit back? Reads the damaged segments again. Undefined where that cannot be
 * said: a writer took a file away, or it cannot be read.
 */
export async function hasFlippedBit(
  env: StorageEnv,
  store: string,
  findings: readonly Finding[],
): Promise<boolean | undefined> {
  const files = new Set(findings.filter(mayBeOneBit).map(({ file }) => file));
  if (files.size === 0) return false;
  try {
    const found = await findFlips(env, store, await surveyStore(env, store), isEvent, files);
    return found.some(({ flips }) => flips.length > 0);
  } catch (error) {
    if (error instanceof WalqError || hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
