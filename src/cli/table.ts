import Table from 'cli-table3';
import type { Style } from './style.ts';
import { columnsOf, count, cut, cutInside } from './text.ts';

export interface Column {
  title: string;
  align?: 'right';
  /** The column that gives way when the terminal is narrow. Its cells must be uncoloured. */
  flexible?: boolean;
  /** Its cells are told apart by their ends, as ids are: what is cut out is in front of these. */
  cutInside?: boolean;
}

export interface TableOptions {
  /** Columns of the terminal; absent in a pipe. */
  width: number | undefined;
  style: Style;
  /** Leave the heads out: the second and later batches of one long table. */
  headless?: boolean;
}

const gap = 2;

/** How many of something: people get separators, programs behind a pipe bare digits. */
export function countCell(value: number | undefined, { width }: { width?: number | undefined }): string {
  if (value === undefined) return '-';
  return width === undefined ? String(value) : count(value);
}

/** What gives way, one step after the other. An id that is cut can no longer be copied; of a text the beginning says most. */
const givingWay = [
  { ids: false, least: 16 },
  { ids: true, least: 8 },
  { ids: false, least: 8 },
] as const;

/** Column widths that fit `width`: natural ones, with the flexible columns shrunk, texts before ids, the widest first. */
export function layout(columns: readonly Column[], rows: readonly string[][], width: number): number[] {
  const widths = columns.map((column, at) =>
    rows.reduce((most, row) => Math.max(most, columnsOf(row[at] ?? '')), columnsOf(column.title)),
  );
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap * (columns.length - 1) - width;
  for (const { ids, least } of givingWay) {
    for (; excess > 0; excess--) {
      let widest = -1;
      columns.forEach(({ flexible, cutInside }, at) => {
        const gives = flexible === true && (cutInside === true) === ids;
        if (gives && (widths[at] ?? 0) > (widths[widest] ?? least)) widest = at;
      });
      if (widest < 0) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  }
  return widths;
}

/** Aligned and cut to the terminal; in a pipe one line per row with tabs between, nothing cut. Ends with a newline. */
export function renderTable(columns: readonly Column[], rows: readonly string[][], options: TableOptions): string {
  if (options.width === undefined) {
    const lines = rows.map((row) => row.join('\t'));
    if (options.headless !== true) lines.unshift(columns.map((column) => column.title).join('\t'));
    return lines.map((line) => `${line}\n`).join('');
  }
  return renderAligned(columns, rows, layout(columns, rows, options.width), options);
}

export function renderAligned(
  columns: readonly Column[],
  rows: readonly string[][],
  widths: readonly number[],
  options: TableOptions,
): string {
  if (options.headless === true && rows.length === 0) return '';
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' };
  const table = new Table({
    chars: {
      ...none,
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: ' '.repeat(gap),
    },
    // Without this cli-table3 colours heads red and borders grey, even in a pipe.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colAligns: columns.map((column) => column.align ?? 'left'),
    colWidths: [...widths],
    wordWrap: false,
    ...(options.headless === true
      ? {}
      : { head: columns.map((column, at) => options.style.strong(cut(column.title, widths[at] ?? 0))) }),
  });
  for (const row of rows) table.push(row.map((cell, at) => cutCell(cell, widths[at] ?? 0, columns[at])));
  return table
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function cutCell(cell: string, width: number, column: Column | undefined): string {
  if (columnsOf(cell) <= width) return cell;
  return column?.cutInside === true ? cutInside(cell, width) : cut(cell, width);
}
