import { hasErrno } from '../base/errors.ts';
import { join, parentOf } from '../base/path.ts';
import { readError } from './failure.ts';
import type { FileInfo, FileSystem } from './types.ts';

/** False when it is there already. */
export async function makeFolder(fs: Pick<FileSystem, 'mkdir'>, path: string): Promise<boolean> {
  try {
    await fs.mkdir(path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Names in a folder; none when the folder is not there. */
export async function listFolder(fs: FileSystem, path: string): Promise<string[]> {
  try {
    return await fs.readdir(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw readError(path, error);
  }
}

/** Removes a folder and all in it; links are removed, not followed. A missing one is fine. */
export async function removeTree(fs: FileSystem, folder: string): Promise<void> {
  for (const name of await listFolder(fs, folder)) {
    const path = join(folder, name);
    if ((await fs.lstat(path))?.kind === 'folder') await removeTree(fs, path);
    else await fs.unlink(path);
  }
  if ((await fs.lstat(folder)) !== undefined) await fs.rmdir(folder);
}

/** Is `path`, which is there, the folder `outer` or somewhere below it, whatever links lead there? */
export async function liesIn(fs: FileSystem, path: string, outer: string): Promise<boolean> {
  const outerInfo = await fs.stat(outer);
  let before: FileInfo | undefined;
  for (let at = path; ; at = parentOf(at)) {
    const here = await fs.stat(at);
    if (here === undefined || isSame(here, before)) return false;
    if (isSame(here, outerInfo)) return true;
    before = here;
  }
}

function isSame(one: FileInfo, other: FileInfo | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev;
}
