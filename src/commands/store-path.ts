import { hasErrno, notFoundError, usageError } from '../base/errors.ts';
import { excerpt } from '../base/escape.ts';
import { parentOf } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { noFolderAround } from '../fs/place.ts';
import type { FileInfo } from '../fs/types.ts';
import type { CommandContext } from './context.ts';

/** The PATH that means standard input. */
export const standardInput = '-';
/** Of the folder that somebody works in. */
export const defaultStoreName = '.walq';
const defaultStore = `./${defaultStoreName}`;

/** Where the store is when no path names it: `--store`, `$WALQ_STORE`, `./.walq`. Throws E_USAGE (2) for `--store ''`. */
export function storePath(context: CommandContext): string {
  const fromVariable = context.variables.WALQ_STORE;
  // A variable of the shell that is not set: what stands in a store would be looked for in the root folder.
  if (context.store === '') throw usageError('E_USAGE', '--store is empty', { next: 'name a folder' });
  return context.store ?? (fromVariable === undefined || fromVariable === '' ? defaultStore : fromVariable);
}

/**
 * What a command on this queue begins with. One that names no store works on the one that the variable or the folder at
 * hand gives.
 */
export function queueCommand(context: CommandContext, store = storePath(context)): string {
  const { store: _named, ...unnamed } = context;
  return storePath(unnamed) === store ? 'walq queue' : `walq --store ${shellPath(store)} queue`;
}

/**
 * The PATH that was typed, else the store. A PATH wins over the variable; of two that were typed nobody can say which
 * is meant. Throws E_USAGE (2).
 */
export function pathOrStore(context: CommandContext, path: string | undefined): string {
  if (path === undefined) return storePath(context);
  if (context.store === undefined || context.store === path) return path;
  throw usageError('E_USAGE', `two stores are named: ${excerpt(path, 200)}, and with --store ${context.store}`, {
    next: 'name one of them, without --store or with it',
  });
}

/** What stands at a path that somebody named; undefined for nothing, also where a file stands in the way to it. */
export async function infoOf({ env }: CommandContext, path: string): Promise<FileInfo | undefined> {
  try {
    return await env.fs.stat(path);
  } catch (error) {
    if (hasErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * The folder of the store that a queue command works on; whether there is a store in it shows when it is opened. Throws
 * E_WRONG_TARGET (2) for a file.
 */
export async function storeOfQueue(context: CommandContext): Promise<string> {
  const path = storePath(context);
  const info = await infoOf(context, path);
  if (info === undefined || info.kind === 'folder') return path;
  throw usageError('E_WRONG_TARGET', `${path} is no folder, and a store is one`, {
    data: { file: path },
    next: 'name another one with --store',
  });
}

/**
 * The folder of a store that is there or can be created. Throws E_WRONG_TARGET (2) for a file, E_NO_TARGET (1) where
 * the folder around it is missing.
 */
export async function storeToCreate(context: CommandContext): Promise<string> {
  const path = await storeOfQueue(context);
  const { fs } = context.env;
  const lack = (await infoOf(context, path)) === undefined ? await noFolderAround(fs, path) : undefined;
  if (lack !== undefined) {
    throw notFoundError('E_NO_TARGET', `the store ${path} cannot be created: ${lack.why}`, {
      data: { file: parentOf(path) },
      next: lack.next,
    });
  }
  return path;
}
