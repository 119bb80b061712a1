/** Looks at raw arguments that must be understood before, or although, the real parse fails. */

import { isUtf8 } from 'node:buffer';
import { usageError } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { argumentBytes } from '../fs/argument-bytes.ts';

/**
 * Throws E_USAGE for an argument that is not UTF-8. Node has other text in its place: another folder, another payload.
 */
export function mustBeUtf8(argv: readonly string[]): void {
  if (!argv.some((arg) => arg.includes('\ufffd'))) return;
  const at = argumentBytes(argv.length)?.findIndex((bytes) => !isUtf8(bytes)) ?? -1;
  if (at < 0) return;
  throw usageError('E_USAGE', `argument ${at + 1} is not UTF-8: '${escapeText(argv[at] ?? '')}'`, {
    next: 'rename the file, or give a link to it; a payload can come from --payload-file',
  });
}

/** Words before `--`: nothing after it is ours. */
function ours(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}

/** Whether the answer must be JSON, even if the answer is that the arguments are wrong. */
export function asksForJson(argv: readonly string[]): boolean {
  return ours(argv).some(
    (arg, at, all) =>
      arg === '--json' ||
      arg === '-ojson' ||
      arg === '--output=json' ||
      (arg === 'json' && (all[at - 1] === '-o' || all[at - 1] === '--output')),
  );
}

/** The value of `--color`, when one is given. */
export function colorArgument(argv: readonly string[]): string | undefined {
  const all = ours(argv);
  const at = all.lastIndexOf('--color');
  const joined = all.findLast((arg) => arg.startsWith('--color='));
  return joined?.slice('--color='.length) ?? (at < 0 ? undefined : all[at + 1]);
}

/** Options of the program itself that have a value in the next word. */
const globalsWithValue = new Set(['--store', '--color']);

/** The words that name a command or are its arguments: options are left out, and the values of the global ones. */
export function plainWords(argv: readonly string[]): string[] {
  return ours(argv).filter((arg, at, all) => !arg.startsWith('-') && !globalsWithValue.has(all[at - 1] ?? ''));
}

/** Groups whose commands take selectors, and so words like `-10..`. */
const selectorGroups = new Set(['wal', 'snapshot']);

/** Options that take text of their own, which is nobody's selector. */
const verbatim = new Set(['--grep', '--job', '--type', '-n', '--limit', '--keep', '--width', '--to', '--save']);

/** `-10..` and `-10` become `@-10..` and `@-10` where a selector may stand: the parser would take them for options. */
export function protectSelectors(argv: readonly string[]): string[] {
  const [group = '', command] = plainWords(argv);
  const takesSelectors = selectorGroups.has(group) || (group === 'queue' && command === 'events');
  if (!takesSelectors) return [...argv];
  const end = ours(argv).length;
  return argv.map((arg, at) => {
    const isSelector = at < end && /^-\d+(\.\..*)?$/.test(arg) && !verbatim.has(argv[at - 1] ?? '');
    return isSelector ? `@${arg}` : arg;
  });
}
