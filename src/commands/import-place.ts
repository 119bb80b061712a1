import type { Code } from '../base/code.ts';
import { refusedError, WalqError } from '../base/errors.ts';
import { join, parentOf } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { removeTree } from '../fs/folder.ts';
import { noFolderAround, placeError } from '../fs/place.ts';
import type { FileSystem } from '../fs/types.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { type CreateOptions, createStore } from '../storage/create.ts';
import { isFresh, walFolder } from '../storage/folder.ts';
import { lockedBy, lockStore } from '../storage/lock.ts';
import type { Store } from '../storage/store.ts';
import { storeFileName } from '../storage/store-file.ts';
import type { CommandContext } from './context.ts';
import { withStore } from './with-store.ts';

/** How a store is called that is being made, and what is said when one is in the way. */
export interface Unfinished {
  /** Behind the name that the store will have. */
  suffix: string;
  code: Code;
  /** `an import`. */
  what: string;
}

export const importing: Unfinished = { suffix: '.importing', code: 'E_IMPORT_LEFT', what: 'an import' };

/** Makes a store and fills it with the records of an import. Throws as `placeNewStore` does. */
export async function fillNewStore<T>(
  context: CommandContext,
  path: string,
  options: CreateOptions,
  fill: (store: Store<QueueMachine>) => Promise<T>,
): Promise<T> {
  return await placeNewStore(context, path, importing, (dir) => fillStore(context, dir, options, fill));
}

/**
 * A store takes its name when it is complete: a death on the way must not leave half of one that looks whole. A folder
 * that is there already, and empty, may be a mount or a link, which nothing can be renamed to: then the store is made
 * in a folder inside of it, and its parts move up, the log last. What was made goes again when something fails. Throws
 * E_PLACE (7), the code of `unfinished` (7), E_LOCKED (6), E_IO (74).
 */
export async function placeNewStore<T>(
  context: CommandContext,
  path: string,
  unfinished: Unfinished,
  make: (dir: string) => Promise<T>,
): Promise<T> {
  const { fs } = context.env;
  const dir = await roomFor(context, path, unfinished);
  const isInside = (await fs.lstat(path)) !== undefined;
  const named: Named = [];
  try {
    const result = await make(dir);
    if (isInside) await moveUp(fs, dir, path, named);
    else await giveName(fs, dir, path, named);
    await fs.syncDir(isInside ? path : parentOf(path));
    return result;
  } catch (cause) {
    // A name that may not be on disk is none: whoever is told of the failure will ask for the same place again.
    if (isInside) await fs.mkdir(dir).catch(() => undefined);
    for (const { from, to } of named.toReversed()) {
      await fs.rename(to, from).catch(() => undefined);
      // As on the way there, in order: what makes it a store goes first.
      if (isInside) await fs.syncDir(path).catch(() => undefined);
    }
    const error = placeError(dir, cause);
    if (!(error instanceof WalqError) || error.code === 'E_LOCKED') throw error;
    const isGone = await removeTree(fs, dir).then(
      () => true,
      () => false,
    );
    if (isGone) throw error;
    const next = `rm -r ${shellPath(dir)} removes what was made so far; then try again`;
    throw new WalqError(error.exit, error.code, error.message, { data: error.data, cause: error, next });
  }
}

/** What has the name already that it is to have, in order. */
type Named = { from: string; to: string }[];

async function giveName(fs: FileSystem, from: string, to: string, named: Named): Promise<void> {
  await fs.rename(from, to);
  named.push({ from, to });
}

/** Without a log it is no store; with it, it is one. Each step is on disk before the next. */
async function moveUp(fs: FileSystem, dir: string, path: string, named: Named): Promise<void> {
  const last = [walFolder, storeFileName];
  const others = (await fs.readdir(dir)).filter((each) => !last.includes(each));
  for (const names of [others, ...last.map((each) => [each])]) {
    for (const each of names) await giveName(fs, join(dir, each), join(path, each), named);
    await fs.syncDir(path);
  }
  await fs.rmdir(dir);
}

/** The folder to make the store in. Throws E_PLACE and the code of `unfinished` (7) where there is no room for it. */
export async function roomFor(context: CommandContext, path: string, unfinished: Unfinished): Promise<string> {
  const { fs } = context.env;
  const plain = path.replace(/\/+$/, '');
  const lack = await noFolderAround(fs, plain);
  if (lack !== undefined) {
    throw refusedError('E_PLACE', `${path} cannot become a store: ${lack.why}`, {
      data: { store: path },
      next: lack.next,
    });
  }
  if ((await fs.lstat(path)) === undefined) {
    const dir = `${plain}${unfinished.suffix}`;
    await refuseLeft(context, dir, unfinished);
    return dir;
  }
  const name = `store${unfinished.suffix}`;
  const info = await fs.stat(path);
  const used = info?.kind === 'folder' ? (await fs.readdir(path)).filter((each) => each !== 'LOCK') : undefined;
  if (used === undefined || used.some((each) => each !== name)) throw usedFolder(path, unfinished);
  const dir = join(plain, name);
  await refuseLeft(context, dir, unfinished);
  return dir;
}

async function fillStore<T>(
  context: CommandContext,
  dir: string,
  options: CreateOptions,
  fill: (store: Store<QueueMachine>) => Promise<T>,
): Promise<T> {
  const lock = await lockStore(context.env, dir, { create: true });
  if (lock === undefined) throw await lockedBy(context.env, dir);
  try {
    await createStore(context.env, dir, options);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return await withStore(context, dir, lock, fill);
}

function usedFolder(store: string, { what }: Unfinished): WalqError {
  return refusedError('E_PLACE', `${store} is not empty; ${what} makes a new store`, {
    data: { store },
    next: 'name a folder that does not exist yet',
  });
}

async function refuseLeft(context: CommandContext, dir: string, { code, what }: Unfinished): Promise<void> {
  if (await isFresh(context.env, dir)) return;
  throw refusedError(code, `${dir} is in the way: ${what} that did not finish left it, or still runs`, {
    data: { file: dir },
    next: `rm -r ${shellPath(dir)}, if none is running`,
  });
}
