import { escapeText } from '../base/escape.ts';

/** One line of RFC 4180, escaped: a cell with a line break or a terminal sequence is harmless in a terminal too. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

function csvCell(text: string): string {
  const safe = escapeText(text);
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
