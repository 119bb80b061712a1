import { usageError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { shellPath, shellWord } from '../../base/shell-word.ts';
import type { CommandContext } from '../context.ts';
import { parseSelector, type Selector, tryRange } from '../selector.ts';
import { pathOrStore, standardInput } from '../store-path.ts';
import { exists, noTarget } from '../target.ts';

/** What `wal diff` is to compare: two points of one log, or one of each of two. */
export interface DiffArguments {
  path: string;
  a: Selector;
  b: Selector;
  /** The log that `b` is a point of, when it is another one. */
  other?: string;
}

const tail: Selector = { kind: 'tail' };

/**
 * `[PATH] A [B]`, and with another log `[PATH] [A] [B]`: the first word is a PATH if something is there under that
 * name, everything else is a point. Only `--with` names a second log, so that no file can ever be taken for a point, or
 * a point for a file. Throws E_USAGE, E_SELECTOR (2).
 */
export async function diffArguments(
  context: CommandContext,
  args: readonly string[],
  other: string | undefined,
): Promise<DiffArguments> {
  const [first, ...more] = args;
  const isPath = first !== undefined && (first === standardInput || (await exists(context, first)));
  if (first !== undefined && !isPath && tryRange(first) === undefined) {
    throw noTarget(first, ', and it is no point of a log');
  }
  const path = pathOrStore(context, isPath ? first : undefined);
  const words = first === undefined || isPath ? more : [first, ...more];
  const points: Selector[] = [];
  for (const word of words) points.push(await pointOf(context, word, path));
  const [a, b, extra] = points;
  const here = shellPath(path);
  if (extra !== undefined) throw usageError('E_USAGE', 'two points are compared; there are more');
  if (a === undefined && other === undefined) {
    throw usageError('E_USAGE', 'diff needs a point to compare with', { next: `walq wal diff ${here} @snap` });
  }
  return { path, a: a ?? tail, b: b ?? tail, ...(other !== undefined && { other }) };
}

async function pointOf(context: CommandContext, word: string, path: string): Promise<Selector> {
  const range = tryRange(word);
  if (range === undefined && (await exists(context, word))) {
    throw usageError('E_USAGE', `${word} is no point of ${path}; a second log is named with --with`, {
      data: { file: word },
      next: `walq wal diff ${shellPath(path)} --with ${shellPath(word)}`,
    });
  }
  if (range !== undefined && word.includes('..')) {
    const [from, to] = word.split('..').map((part) => part.trim());
    throw usageError('E_SELECTOR', `'${excerpt(word, 60)}' is a range; diff takes two points, the states after them`, {
      data: { selector: word },
      next: `walq wal diff ${shellPath(path)} ${shellWord(from || '0')} ${shellWord(to || '@tail')}`,
    });
  }
  return parseSelector(word);
}
