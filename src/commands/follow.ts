import { readHead } from '../storage/folder.ts';
import type { RecordView } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { type EventRow, headOfRecord, rowOfCleaned, rowOfRecord } from './event-row.ts';
import type { ShowRow } from './inspect-types.ts';
import type { LogSource } from './log-source.ts';
import type { RowFilter } from './row-filter.ts';

const pauseMs = 100;

export interface Following {
  log: LogSource;
  filter: RowFilter;
  show: ShowRow;
  /** Seqs to be shown, the first one not seen before. */
  from: number;
  to: number;
  /** How many events to show at the most. */
  limit: number;
  /** Monotonic ms. */
  until: number;
}

/**
 * Goes on showing events as they come, until the limit, the end of the range, the time or the user says stop. Returns
 * how many it showed. Events that a writer cleaned away unseen are a row and a note, whatever the filters say, and
 * count for no limit: nobody knows whether they would have passed.
 */
export async function followLog(
  context: CommandContext,
  { log, filter, show, from, to, limit, until }: Following,
): Promise<number> {
  const { clock } = context.env;
  const pause = (ms: number): Promise<void> => clock.sleep(Math.max(0, Math.min(ms, until - clock.monotonic())));
  let next = from;
  let shown = 0;
  let seen: number | undefined;
  const rowsOf = (record: RecordView): EventRow[] => {
    const rows: EventRow[] = [];
    if (record.seq > next) {
      const last = Math.min(record.seq - 1, to);
      context.note(`seq ${next}..${last} were cleaned away before they could be shown`);
      rows.push(rowOfCleaned(next, last, record));
    }
    next = record.seq + 1;
    if (record.seq > to || !filter.head(headOfRecord(record.bytes))) return rows;
    const row = rowOfRecord(record);
    if (!filter.row(row)) return rows;
    shown++;
    return [...rows, row];
  };
  while (!context.signal.aborted && shown < limit && next <= to && clock.monotonic() < until) {
    // Read before the log: what comes in between is seen again. A log at rest costs this look and no more.
    const { slot } = await readHead(context.env, log.path);
    if (slot !== undefined && slot.counter === seen) {
      await pause(pauseMs);
      continue;
    }
    seen = slot?.counter;
    const startedAt = clock.monotonic();
    await log.scan(
      {
        record(record) {
          if (shown >= limit || next > to) return false;
          // What stands behind a hole may be the half of a write in progress; it is shown once the hole is filled.
          if (record.seq < next || record.afterHole) return undefined;
          return showInTurn(rowsOf(record), show);
        },
      },
      next,
    );
    // Reading a long last segment again and again must not eat the machine.
    await pause(Math.max(pauseMs, 5 * (clock.monotonic() - startedAt)));
  }
  return shown;
}

/** Undefined where nothing has to be waited for: of most records there is one row, or none. */
function showInTurn([row, ...more]: readonly EventRow[], show: ShowRow): Promise<undefined> | undefined {
  if (row === undefined) return undefined;
  const waiting = show(row);
  if (more.length === 0) return waiting?.then(() => undefined);
  return Promise.resolve(waiting).then(() => showInTurn(more, show));
}
