import type { Session } from './session.ts';
import { columnsOf, wrap } from './text.ts';

/** A label and what stands beside it; on a terminal that is too narrow the text goes on below itself. */
export function labelledLine(label: string, text: string, columns: number, { width, style }: Session): string {
  const fits = width === undefined || columnsOf(text) <= width - columns;
  const lines = fits
    ? text
    : wrap(text, width - columns)
        .split('\n')
        .join(`\n${' '.repeat(columns)}`);
  return style.dim(label.padEnd(columns)) + lines;
}
