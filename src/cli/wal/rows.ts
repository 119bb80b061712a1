import { escapeText } from '../../base/escape.ts';
import { detailsText, type EventRow, rowJson, rowText } from '../../commands/event-row.ts';
import { stringify } from '../../commands/json-text.ts';
import { csvLine } from '../csv.ts';
import { LongTable } from '../long-table.ts';
import type { Session } from '../session.ts';
import type { Column } from '../table.ts';
import { cut, isoTime } from '../text.ts';

export type InspectFormat = 'text' | 'table' | 'ndjson' | 'json' | 'csv' | 'hex';

/** Writes one form of a stream of events. What `row` returns must be awaited. */
export interface RowWriter {
  /** A document was begun that `end` must end, whatever happens. */
  readonly begun: boolean;
  row(row: EventRow): Promise<void> | undefined;
  /** Ends the document; `summary` goes into the machine-readable forms. */
  end(summary: Readonly<Record<string, unknown>>): Promise<void>;
}

/** `live` shows each event at once. */
export function rowWriter(session: Session, format: InspectFormat, live: boolean): RowWriter {
  const put = (text: string): Promise<void> | undefined => {
    const waiting = session.out.write(text);
    return live && waiting === undefined ? session.out.flush() : waiting;
  };
  switch (format) {
    case 'text':
      return { begun: false, row: (row) => put(textLine(session, row)), end: async () => {} };
    case 'table':
      return tableWriter(session, live);
    case 'ndjson':
      return {
        begun: false,
        row: (row) => put(`${rowJson(row)}\n`),
        end: async (summary) => put(`${stringify({ walq: 1, kind: session.kind, summary })}\n`),
      };
    case 'json':
      return jsonWriter(session, put);
    case 'csv':
      return csvWriter(put);
    case 'hex':
      return { begun: false, row: (row) => put(hexText(session, row)), end: async () => {} };
  }
}

function textLine(session: Session, row: EventRow): string {
  const { style, width } = session;
  const text = width === undefined ? rowText(row) : cut(rowText(row), width);
  return `${style.enabled ? colored(session, row, text) : text}\n`;
}

/** Colours the parts of a line that was cut before, so that colours cannot be cut. */
function colored(session: Session, row: EventRow, text: string): string {
  const { style } = session;
  const head = `[seq=${row.seq}]`;
  const type = escapeText(row.type);
  if (!text.startsWith(`${head} ${type}`)) return text;
  const rest = text.slice(head.length + 1 + type.length);
  const gap = rest.indexOf('  ');
  const [job, details] = gap < 0 ? [rest, ''] : [rest.slice(0, gap), rest.slice(gap)];
  return `${style.seq(head)} ${style.eventType(type)}${job}${style.dim(details)}`;
}

function timeText(row: EventRow): string {
  if (row.timeMs === undefined) return '';
  const ms = Number(row.timeMs);
  return Number.isSafeInteger(ms) ? isoTime(ms) : String(row.timeMs);
}

const columns: readonly Column[] = [
  { title: 'SEQ', align: 'right' },
  { title: 'TIME' },
  { title: 'TYPE' },
  { title: 'JOB', flexible: true, cutInside: true },
  { title: 'DETAILS', flexible: true },
];

function tableWriter(session: Session, live: boolean): RowWriter {
  // In a pipe no width has to be found.
  const table = new LongTable(session, columns, { live: session.width === undefined || live });
  return {
    begun: false,
    row: (row) =>
      table.row([String(row.seq), timeText(row), escapeText(row.type), escapeText(row.job), detailsText(row)]),
    async end() {
      await table.end();
    },
  };
}

function jsonWriter(session: Session, put: (text: string) => Promise<void> | undefined): RowWriter {
  let rows = 0;
  const open = (): string => `{"walq":1,"kind":${JSON.stringify(session.kind)},"events":[`;
  return {
    get begun() {
      return rows > 0;
    },
    row(row) {
      rows++;
      return put(`${rows === 1 ? open() : ','}\n${rowJson(row)}`);
    },
    async end(summary) {
      const members = stringify(summary);
      await put(`${rows === 0 ? open() : '\n'}]${members === '{}' ? '' : `,${members.slice(1, -1)}`}}\n`);
    },
  };
}

function csvWriter(put: (text: string) => Promise<void> | undefined): RowWriter {
  const heads = 'seq,time,type,job,details,file,offset\n';
  let started = false;
  const head = (): string => {
    const text = started ? '' : heads;
    started = true;
    return text;
  };
  return {
    begun: false,
    row(row) {
      const details = detailsJson(row);
      const cells = [String(row.seq), timeText(row), row.type, row.job, details, row.file, String(row.offset)];
      return put(head() + csvLine(cells));
    },
    async end() {
      await put(head());
    },
  };
}

function detailsJson(row: EventRow): string {
  const details = row.details();
  return details.length === 0 ? '' : stringify(new Map(details));
}

const bytesPerLine = 16;

function hexText(session: Session, row: EventRow): string {
  const { style } = session;
  const place = escapeText(`${row.file} offset ${row.offset}`);
  const head = `${style.seq(`[seq=${row.seq}]`)} ${style.eventType(escapeText(row.type))} ${escapeText(row.job)}  ${style.dim(place)}`;
  const lines = [head];
  for (let at = 0; at < row.bytes.length; at += bytesPerLine) {
    const part = row.bytes.subarray(at, at + bytesPerLine);
    const hex = [...part].map((byte) => byte.toString(16).padStart(2, '0'));
    const left = hex.slice(0, 8).join(' ');
    const right = hex.slice(8).join(' ');
    const shown = String.fromCharCode(...part.map((byte) => (byte >= 0x20 && byte < 0x7f ? byte : 0x2e)));
    lines.push(`  ${at.toString(16).padStart(6, '0')}  ${left.padEnd(23)}  ${right.padEnd(23)}  |${shown}|`);
  }
  return `${lines.join('\n')}\n`;
}
