import fs from 'node:fs';
import type { Writable } from 'node:stream';

/** Folders that a command makes for itself and takes away again. Nothing of a user's store goes through here. */

/** A new folder, mode 0700, whose name begins with `prefix`. */
export function makeTempFolder(prefix: string): Promise<string> {
  return fs.promises.mkdtemp(prefix);
}

export async function removeTempTree(folder: string): Promise<void> {
  await fs.promises.rm(folder, { recursive: true, force: true });
}

export async function copyTree(from: string, to: string): Promise<void> {
  await fs.promises.cp(from, to, { recursive: true, errorOnExist: true });
}

/** A new file in such a folder. What goes wrong is an event of the stream. */
export function tempFileWriter(path: string): Writable {
  return fs.createWriteStream(path, { flags: 'wx', mode: 0o600 });
}

/** A file as the standard input of a child process; to be closed once that is started. */
export async function openForChild(path: string): Promise<{ fd: number; close(): Promise<void> }> {
  return await fs.promises.open(path, 'r');
}

/** The same at once, for the end of the process: no callback comes any more, but calls under way may still end. */
export function removeTreeNow(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}
