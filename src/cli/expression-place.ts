import type { WalqError } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import type { Style } from './style.ts';
import { columnsOf, wrap } from './text.ts';

/** Characters shown before the place, and in all. */
const beforeMax = 40;
const shownMax = 76;
const margin = '  ';

/**
 * The expression that a failure is about, with carets under the place, and the fields there are where one was not
 * known. '' for every other failure.
 */
export function placeText({ data }: WalqError, style: Pick<Style, 'bad' | 'dim'>, width: number): string {
  const { expression, at, end, fields } = data;
  if (typeof expression !== 'string' || typeof at !== 'number' || typeof end !== 'number') return '';
  const from = Math.max(0, at - beforeMax);
  const to = Math.min(expression.length, from + shownMax);
  const before = (from > 0 ? '…' : '') + escapeText(expression.slice(from, at));
  const meant = escapeText(expression.slice(at, Math.min(end, to)));
  const after = escapeText(expression.slice(Math.min(end, to), to)) + (to < expression.length ? '…' : '');
  const carets = style.bad('^'.repeat(Math.max(1, columnsOf(meant))));
  const lines = [margin + before + meant + after, margin + ' '.repeat(columnsOf(before)) + carets];
  if (Array.isArray(fields)) lines.push(style.dim(wrap(`fields: ${fields.join(' ')}`, width, '        ')));
  return lines.map((line) => `${line}\n`).join('');
}
