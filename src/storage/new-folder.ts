import { hasErrno, refusedError, usageError, type WalqError } from '../base/errors.ts';
import { parentOf } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { reading } from '../fs/failure.ts';
import { liesIn, listFolder, removeTree } from '../fs/folder.ts';
import { noFolderAround, placeError } from '../fs/place.ts';
import type { StorageEnv } from './types.ts';

/** What a folder is called until it is complete. */
const unfinished = '.unfinished';

/**
 * May a new folder be made here? Yes where nothing is, or an empty folder of this disk: the complete one takes its
 * place by a rename. `outside` is a store that is only read, so that nothing may be made in it. Rejects with E_PLACE
 * (7).
 */
export async function refusePlace(env: StorageEnv, dir: string, outside?: string): Promise<void> {
  const { fs } = env;
  if (dir === '') throw usageError('E_USAGE', 'the name of the new folder is empty', { next: 'name a folder' });
  const around = parentOf(dir);
  const lack = await noFolderAround(fs, dir);
  if (lack !== undefined) throw badPlace(dir, lack.why, lack.next);
  const [here, above] = await reading(dir, async () => [await fs.lstat(dir), await fs.stat(around)] as const);
  // A slash behind a link would lead to where it leads, and the rename that takes its place does not.
  const named = await reading(dir, () => fs.lstat(dir.replace(/(?<=.)\/+$/, '')));
  if (here !== undefined && (here.kind !== 'folder' || named?.kind !== 'folder'))
    throw badPlace(dir, 'something else is there');
  if (here !== undefined && here.dev !== above?.dev)
    throw badPlace(dir, 'it is a disk of its own: name a folder in it');
  if ((await listFolder(fs, dir)).length > 0) throw badPlace(dir, 'it is not empty');
  if (outside === undefined) return;
  if (await reading(dir, () => liesIn(fs, around, outside))) throw badPlace(dir, `it lies in ${outside}`);
}

/**
 * Lets `fill` make a folder under another name, with all that is in it on disk; then it becomes `dir`. When something
 * fails, what was made goes again. Rejects with E_UNFINISHED (7) when another one is at it or died at it, E_IO,
 * E_NO_SPACE (74), and with what `fill` throws.
 */
export async function makeWhole<T>(env: StorageEnv, dir: string, fill: (temp: string) => Promise<T>): Promise<T> {
  const { fs } = env;
  const temp = `${dir.replace(/\/+$/, '')}${unfinished}`;
  try {
    await fs.mkdir(temp);
  } catch (error) {
    throw hasErrno(error, 'EEXIST') ? leftThere(temp) : placeError(temp, error);
  }
  let named = false;
  try {
    const result = await fill(temp);
    await fs.rename(temp, dir);
    named = true;
    await fs.syncDir(parentOf(dir));
    return result;
  } catch (error) {
    // A name that may not be on disk is none: whoever is told of the failure will ask for the same place again.
    if (named) await fs.rename(dir, temp).catch(() => undefined);
    await removeTree(fs, temp).catch(() => undefined);
    throw placeError(dir, error);
  }
}

function badPlace(dir: string, why: string, next = 'name a folder that does not exist yet'): WalqError {
  return refusedError('E_PLACE', `${dir} cannot become the new folder: ${why}`, { data: { folder: dir }, next });
}

function leftThere(temp: string): WalqError {
  return refusedError('E_UNFINISHED', `${temp} is in the way: another one is being made, or one died on the way`, {
    data: { file: temp },
    next: `rm -r ${shellPath(temp)}, if nothing is at work on it`,
  });
}
