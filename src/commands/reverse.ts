import { type EventRow, headOfRecord, rowOfLost, rowOfRecord } from './event-row.ts';
import type { InspectResult, SeqBounds, ShowRow } from './inspect-types.ts';
import type { LogSource } from './log-source.ts';
import type { RowFilter } from './row-filter.ts';

/** Records held at once. The log is read piece by piece from its end, so memory stays flat however long it is. */
const pieceRecords = 20_000;

/** Newest first. A log can only be read forward, so each piece is read forward and shown backward. */
export async function inspectReverse(
  log: LogSource,
  bounds: SeqBounds,
  filter: RowFilter,
  limitAsked: number | undefined,
  show: ShowRow,
): Promise<Omit<InspectResult, 'target'>> {
  const report = await log.scan({});
  const limit = limitAsked ?? Number.POSITIVE_INFINITY;
  const first = Math.max(bounds.from ?? 0, report.seqFirst ?? 0);
  let shown = 0;
  let to = Math.min(bounds.to ?? Number.POSITIVE_INFINITY, report.seqLast ?? -1);
  while (to >= first && shown < limit) {
    const from = Math.max(first, to - pieceRecords + 1);
    const rows = await pieceOf(log, from, to, filter);
    for (const row of rows.reverse()) {
      if (shown >= limit) break;
      shown++;
      await show(row);
    }
    to = from - 1;
  }
  return { shown, partial: false, verdict: report.verdict, findings: report.findings, log: report };
}

async function pieceOf(log: LogSource, from: number, to: number, filter: RowFilter): Promise<EventRow[]> {
  const rows: EventRow[] = [];
  await log.scan(
    {
      frame(frame) {
        if (frame.type !== 'lost' || frame.seqFirst < from || frame.seqFirst > to) return undefined;
        const row = rowOfLost(frame);
        if (filter.head(row) && filter.row(row)) rows.push(row);
        return undefined;
      },
      record(record) {
        if (record.seq > to) return false;
        if (record.seq < from || !filter.head(headOfRecord(record.bytes))) return undefined;
        const row = rowOfRecord(record);
        if (filter.row(row)) rows.push(row);
        return undefined;
      },
    },
    from,
  );
  return rows;
}
