import { type Code, type CodeCatalogue, type CodeEntry, notFoundError } from '../base/errors.ts';
import { formatCodes } from '../formats/codes.ts';
import { queueCodes } from '../queue/codes.ts';
import { processCodes } from '../queue/process/codes.ts';
import { storageCodes } from '../storage/codes.ts';
import { snapshotCodes } from '../storage/snapshot/codes.ts';
import { commandCodes } from './codes.ts';

/** Every code of every layer. */
const catalogues: readonly CodeCatalogue[] = [
  storageCodes,
  snapshotCodes,
  formatCodes,
  queueCodes,
  processCodes,
  commandCodes,
];

export interface CodeHelp extends CodeEntry {
  code: Code;
}

export function allCodes(): Code[] {
  return [...new Set(catalogues.flatMap((catalogue) => Object.keys(catalogue)))].sort() as Code[];
}

/**
 * What a code means. Case and the leading `E_` may be left out. Throws E_UNKNOWN_CODE (exit 1), with the nearest ones.
 */
export function explainCode(text: string): CodeHelp {
  const bare = text.toUpperCase().replaceAll('-', '_').replace(/^E_/, '');
  const code: Code = `E_${bare}`;
  for (const catalogue of catalogues) {
    const entry = Object.hasOwn(catalogue, code) ? catalogue[code] : undefined;
    if (entry !== undefined) return { code, ...entry };
  }
  const near = nearest(code, allCodes());
  const hint = near.length === 0 ? '' : `; near ones: ${near.join(', ')}`;
  throw notFoundError('E_UNKNOWN_CODE', `there is no code '${text}'${hint}`, {
    data: { code: text, near },
    next: `walq help ${near[0] ?? 'codes'}`,
  });
}

/** Up to five candidates that a typing mistake, or a remembered part, could have meant; the best first. */
export function nearest(word: string, candidates: readonly string[]): string[] {
  const bare = (text: string): string => text.replace(/^E_/, '');
  const wanted = bare(word);
  const scored = candidates.map((candidate) => {
    const has = bare(candidate);
    const contains = wanted.length >= 3 && (has.includes(wanted) || wanted.includes(has));
    return { candidate, score: contains ? 0.2 : editDistance(wanted, has) / Math.max(wanted.length, has.length, 1) };
  });
  return scored
    .filter((each) => each.score <= 0.45)
    .sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 5)
    .map((each) => each.candidate);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
