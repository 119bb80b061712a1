import { rmSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';

/** Folders that a command makes for itself and takes away again. Nothing of a user's store goes through here. */

/** A new folder, mode 0700, whose name begins with `prefix`. */
export function makeTempFolder(prefix: string): Promise<string> {
  return mkdtemp(prefix);
}

export async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

export async function copyTree(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, errorOnExist: true });
}

/** The same at once, for the end of the process: no callback comes any more, but calls under way may still end. */
export function removeTreeNow(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}
