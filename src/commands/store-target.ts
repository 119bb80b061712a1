import { usageError } from '../base/errors.ts';
import { shellPath } from '../base/shell-word.ts';
import type { CommandContext } from './context.ts';
import { pathOrStore } from './store-path.ts';
import { isForeign, openTarget, shownPath, type Target } from './target.ts';

/** An import makes a store of whole logs; of a part of one there is only a look. */
function nextFor(target: Target): string {
  const path = shellPath(target.path);
  const isLog = target.kind === 'export' || (target.kind === 'foreign' && target.format.kind === 'log');
  return isLog ? `walq wal import --from ${path} --store NEW, then name NEW` : `walq wal verify ${path}`;
}

/**
 * The folder of the store that a command works on as a whole. Throws E_NO_STORE (1), E_WRONG_TARGET (2) for anything
 * but a store.
 */
export async function openStoreTarget(context: CommandContext, args: readonly string[]): Promise<string> {
  const target = await openTarget(context, pathOrStore(context, args[0]));
  if (target.kind === 'store') return target.path;
  const kind = isForeign(target) ? `${target.format.kind} of another system` : target.kind.replace('-', ' ');
  const what = `${kind.startsWith('e') ? 'an' : 'a'} ${kind}`;
  throw usageError('E_WRONG_TARGET', `${shownPath(target.path)} is ${what}; this command needs a whole store`, {
    data: { file: target.path, kind: target.kind },
    next: nextFor(target),
  });
}
