import { placeNext } from '../base/errno.ts';
import { hasErrno, isFsError, WalqError } from '../base/errors.ts';
import { parentOf } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { writeError } from './failure.ts';
import type { FileSystem } from './types.ts';

/** A place that the user named for something new: the advice is about that one, not about a store. */

/** What to throw when writing to `path` failed: as `writeError`, with advice on the place. */
export function placeError(path: string, cause: unknown): unknown {
  const error = writeError(path, cause);
  if (!(error instanceof WalqError) || !isFsError(error.cause) || error.code === 'E_READ') return error;
  const { exit, code, message, data, cause: refusal } = error;
  return new WalqError(exit, code, message, { data, cause: refusal, next: placeNext(error.cause.code) });
}

/** Why nothing new can be made at `path`, and what to do: the folder around it is not there. Rejects with E_IO. */
export async function noFolderAround(fs: FileSystem, path: string): Promise<{ why: string; next: string } | undefined> {
  const folder = parentOf(path);
  try {
    const info = await fs.stat(folder);
    if (info?.kind === 'folder') return undefined;
    if (info === undefined) return { why: `there is no folder ${folder}`, next: `mkdir -p ${shellPath(folder)}` };
  } catch (error) {
    if (!hasErrno(error, 'ENOTDIR')) throw placeError(path, error);
  }
  return { why: `${folder} is no folder`, next: 'name a place in a folder that is there' };
}
