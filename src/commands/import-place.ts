import { type Code, refusedError, WalqError } from '../base/errors.ts';
import { parentOf } from '../base/path.ts';
import { shellWord } from '../base/shell-word.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { type CreateOptions, createStore } from '../storage/create.ts';
import { isFresh } from '../storage/folder.ts';
import { lockedBy, lockStore } from '../storage/lock.ts';
import type { Store } from '../storage/store.ts';
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

const importing: Unfinished = { suffix: '.importing', code: 'E_IMPORT_LEFT', what: 'an import' };

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
 * that is there already, and empty, is filled in place: it may be a mount or a link, which nothing can be renamed to.
 * Throws E_NOT_A_STORE (7), the code of `unfinished` (7), E_LOCKED (6), E_IO (74).
 */
export async function placeNewStore<T>(
  context: CommandContext,
  path: string,
  unfinished: Unfinished,
  make: (dir: string) => Promise<T>,
): Promise<T> {
  const { env } = context;
  const dir = await roomFor(context, path, unfinished);
  try {
    const result = await make(dir);
    if (dir !== path) {
      await env.fs.rename(dir, path);
      await env.fs.syncDir(parentOf(path));
    }
    return result;
  } catch (error) {
    if (dir === path || !(error instanceof WalqError) || error.code === 'E_LOCKED') throw error;
    const next = `rm -r ${shellWord(dir)} removes what was made so far; then try again`;
    throw new WalqError(error.exit, error.code, error.message, { data: error.data, cause: error, next });
  }
}

/** The folder to make the store in. Throws E_NOT_A_STORE and the code of `unfinished` (7) where there is no room for it. */
export async function roomFor(context: CommandContext, path: string, unfinished: Unfinished): Promise<string> {
  if ((await context.env.fs.lstat(path)) !== undefined) {
    await refuseUsed(context, path, unfinished);
    return path;
  }
  const dir = `${path.replace(/\/+$/, '')}${unfinished.suffix}`;
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

async function refuseUsed(context: CommandContext, store: string, { what }: Unfinished): Promise<void> {
  const info = await context.env.fs.stat(store);
  if (info?.kind === 'folder' && (await isFresh(context.env, store))) return;
  throw refusedError('E_NOT_A_STORE', `${store} is not empty; ${what} makes a new store`, {
    data: { store },
    next: 'name a folder that does not exist yet',
  });
}

async function refuseLeft(context: CommandContext, dir: string, { code, what }: Unfinished): Promise<void> {
  if (await isFresh(context.env, dir)) return;
  throw refusedError(code, `${dir} is in the way: ${what} that did not finish left it, or still runs`, {
    data: { file: dir },
    next: `rm -r ${shellWord(dir)}, if none is running`,
  });
}
