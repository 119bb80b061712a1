import { hasErrno, WalqError } from '../base/errors.ts';
import type { FileSystem } from './types.ts';

/** False when it was not there. */
export async function removeIfThere(fs: FileSystem, path: string): Promise<boolean> {
  try {
    await fs.unlink(path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** A file was not there, whoever says so. */
export function isGone(error: unknown): boolean {
  return hasErrno(error instanceof WalqError ? error.cause : error, 'ENOENT');
}

/** For a file that a writer beside us may clean away between listing and reading: its absence is no failure. */
export function goneMeanwhile(error: unknown): undefined {
  if (isGone(error)) return undefined;
  throw error;
}
