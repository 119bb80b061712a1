import { decodeEvent } from '../../queue/events/events.ts';
import type { CommandContext } from '../context.ts';
import { type EventRow, rowOfRecord } from '../event-row.ts';
import { inspectLog } from '../inspect.ts';
import { isForeign, shownPath, type Target } from '../target.ts';
import type { Turn } from './types.ts';
import type { Caught } from './watch.ts';

/** The event that was caught, as `wal inspect` shows it. */
export async function turnOf(context: CommandContext, target: Target, caught: Caught): Promise<Turn> {
  const { seq, touched, touchedCount, before, after } = caught;
  const event = await eventAt(context, target, caught);
  return { seq, event, touched, touchedCount, before, after };
}

async function eventAt(context: CommandContext, target: Target, { seq, record }: Caught): Promise<EventRow> {
  let found = rowOfRecord({ seq, bytes: record, file: shownPath(target.path), offset: 0, afterHole: false });
  // A stream is gone by now.
  if ('take' in target) return found;
  const only = { kind: 'seq', seq } as const;
  await inspectLog(context, { path: target.path, range: { from: only, to: only } }, (row) => {
    found = row;
    return undefined;
  });
  return found;
}

/** The same for a foreign log: what the event was made into says no more than its line did. */
export function foreignTurn(target: Target, caught: Caught, originalId: (id: string) => string): Turn {
  const { record, touched, touchedCount, before, after } = caught;
  const { from = String(caught.seq) } = decodeEvent(record);
  const file = isForeign(target) ? shownPath(target.path) : '';
  const row = rowOfRecord({ seq: caught.seq, bytes: record, file, offset: 0, afterHole: false });
  const { timeMs, ...rest } = row;
  const event: EventRow = {
    ...rest,
    // 0 stands for "the log had no time".
    ...(timeMs !== undefined && timeMs !== 0 && { timeMs }),
    seq: from,
    job: originalId(row.job),
    words: () => [],
    details: () => [],
  };
  const renamed = touched.map((each) => ({ ...each, id: originalId(each.id) }));
  return { seq: from, event, touched: renamed, touchedCount, before, after };
}
