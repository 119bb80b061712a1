import { refusedError, WalqError } from '../base/errors.ts';
import { parentOf } from '../base/path.ts';
import { shellWord } from '../base/shell-word.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { type CreateOptions, createStore } from '../storage/create.ts';
import { isFresh } from '../storage/folder.ts';
import { lockedBy, lockStore } from '../storage/lock.ts';
import type { Store } from '../storage/store.ts';
import type { CommandContext } from './context.ts';
import { withStore } from './writer.ts';

const unfinished = '.importing';

/**
 * Makes a store and fills it. It takes its name when it is complete: a death on the way must not leave half an import
 * that looks like a whole store. A folder that is there already, and empty, is filled in place: it may be a mount or a
 * link, which nothing can be renamed to. Throws E_NOT_A_STORE, E_IMPORT_LEFT (7), E_LOCKED (6), E_IO (74).
 */
export async function fillNewStore<T>(
  context: CommandContext,
  path: string,
  options: CreateOptions,
  fill: (store: Store<QueueMachine>) => Promise<T>,
): Promise<T> {
  const { env } = context;
  const isThere = (await env.fs.lstat(path)) !== undefined;
  if (isThere) await refuseUsed(context, path);
  const dir = isThere ? path : `${path.replace(/\/+$/, '')}${unfinished}`;
  if (!isThere) await refuseLeft(context, dir);
  try {
    const result = await fillStore(context, dir, options, fill);
    if (dir !== path) {
      await env.fs.rename(dir, path);
      await env.fs.syncDir(parentOf(path));
    }
    return result;
  } catch (error) {
    if (dir === path || !(error instanceof WalqError) || error.code === 'E_LOCKED') throw error;
    const next = `rm -r ${shellWord(dir)} removes what was made so far; then import again`;
    throw new WalqError(error.exit, error.code, error.message, { data: error.data, cause: error, next });
  }
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

async function refuseUsed(context: CommandContext, store: string): Promise<void> {
  const info = await context.env.fs.stat(store);
  if (info?.kind === 'folder' && (await isFresh(context.env, store))) return;
  throw refusedError('E_NOT_A_STORE', `${store} is not empty; an import makes a new store`, {
    data: { store },
    next: 'name a folder that does not exist yet',
  });
}

async function refuseLeft(context: CommandContext, dir: string): Promise<void> {
  if (await isFresh(context.env, dir)) return;
  throw refusedError('E_IMPORT_LEFT', `${dir} is in the way: an import that did not finish left it, or still runs`, {
    data: { file: dir },
    next: `rm -r ${shellWord(dir)}, if no import is running`,
  });
}
