import type { CommandContext } from './context.ts';

/** The PATH that means standard input. */
export const standardInput = '-';
const defaultStore = './.walq';

/** Where the store is when no path names it: `--store`, `$WALQ_STORE`, `./.walq`. */
export function storePath(context: CommandContext): string {
  const fromVariable = context.variables.WALQ_STORE;
  return context.store ?? (fromVariable === undefined || fromVariable === '' ? defaultStore : fromVariable);
}
