import { eventCells } from '../../commands/event-line.ts';
import type { ExportSink } from '../../commands/export.ts';
import type { LostLine } from '../../commands/export-form.ts';
import type { PutLine } from '../../commands/export-text.ts';
import { csvLine } from '../csv.ts';
import { isoTime } from '../text.ts';

/** In this order for good: new ones come at the end (docs/export.md). */
export const csvColumns = [
  'seq',
  'time',
  'type',
  'job',
  'schedule',
  'name',
  'group',
  'priority',
  'maxAttempts',
  'runAt',
  'timeoutMs',
  'backoff',
  'command',
  'key',
  'keyUntil',
  'parents',
  'expiresAt',
  'slot',
  'payload',
  'attempt',
  'runner',
  'lease',
  'leaseUntil',
  'deadlineMs',
  'durationMs',
  'result',
  'reason',
  'refund',
  'reset',
  'exitCode',
  'signal',
  'error',
  'ids',
  'cutoffSeq',
  'completed',
  'dead',
  'cron',
  'zone',
  'everyMs',
  'missed',
  'expiresAfterMs',
  'concurrency',
  'rateCount',
  'ratePerMs',
  'pendingMax',
  'payloadBytesMax',
  'keepMs',
  'keepCount',
  'to',
  'from',
  'raw',
] as const;

/** A row for each event, a column for each field that any event has: for a spreadsheet, and not to be taken back. */
export class ExportCsv implements ExportSink {
  readonly wantsState = false;
  readonly #put: PutLine;

  constructor(put: PutLine) {
    this.#put = put;
  }

  header(): Promise<void> | undefined {
    return this.#put(csvColumns.join(','));
  }

  entry(): undefined {
    return undefined;
  }

  record(seq: number, record: Uint8Array): Promise<void> | undefined {
    return this.#row(eventCells(seq, record));
  }

  lost({ seqFirst, seqLast, timeMs }: LostLine): Promise<void> | undefined {
    const cells = new Map([
      ['seq', String(seqFirst)],
      ['type', 'LOST'],
      ['to', String(seqLast)],
    ]);
    if (timeMs !== undefined) cells.set('timeMs', String(timeMs));
    return this.#row(cells);
  }

  async end(): Promise<void> {}

  #row(cells: ReadonlyMap<string, string>): Promise<void> | undefined {
    const timeMs = cells.get('timeMs');
    const time = timeMs === undefined ? '' : isoTime(Number(timeMs));
    return this.#put(csvLine(csvColumns.map((name) => (name === 'time' ? time : (cells.get(name) ?? '')))).trimEnd());
  }
}
