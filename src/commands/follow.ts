import { readHead } from '../storage/folder.ts';
import type { CommandContext } from './context.ts';
import { headOfRecord, rowOfRecord } from './event-row.ts';
import type { InspectRequest, SeqBounds, ShowRow } from './inspect-types.ts';
import type { LogSource } from './log-source.ts';
import type { RowFilter } from './row-filter.ts';

const pauseMs = 100;

/**
 * Goes on showing events as they come, until the limit, the end of the range, the time or the user says stop. `until`
 * in monotonic ms. Returns how many it showed.
 */
export async function followLog(
  context: CommandContext,
  log: LogSource,
  filter: RowFilter,
  before: { shown: number; seqLast?: number },
  request: InspectRequest,
  bounds: SeqBounds,
  show: ShowRow,
  until = Number.POSITIVE_INFINITY,
): Promise<number> {
  const { clock } = context.env;
  const pause = (ms: number): Promise<void> => clock.sleep(Math.max(0, Math.min(ms, until - clock.monotonic())));
  const limit = (request.limit ?? Number.POSITIVE_INFINITY) - before.shown;
  const to = bounds.to ?? Number.POSITIVE_INFINITY;
  let next = Math.max((before.seqLast ?? 0) + 1, bounds.from ?? 0);
  let shown = 0;
  let seen: number | undefined;
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
          if (record.seq > to || shown >= limit) return false;
          // What stands behind a hole may be the half of a write in progress; it is shown once the hole is filled.
          if (record.seq < next || record.afterHole) return undefined;
          next = record.seq + 1;
          if (!filter.head(headOfRecord(record.bytes))) return undefined;
          const row = rowOfRecord(record);
          if (!filter.row(row)) return undefined;
          shown++;
          return show(row)?.then(() => undefined);
        },
      },
      next,
    );
    // Reading a long last segment again and again must not eat the machine.
    await pause(Math.max(pauseMs, 5 * (clock.monotonic() - startedAt)));
  }
  return shown;
}
