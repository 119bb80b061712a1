import { usageError } from '../base/errors.ts';
import { shellPath } from '../base/shell-word.ts';
import type { ForeignEvent, ForeignLogSummary } from '../formats/types.ts';
import { verdictOf } from '../storage/report.ts';
import type { CommandContext } from './context.ts';
import type { EventRow } from './event-row.ts';
import { type ReadForeign, resolveForeign } from './foreign-range.ts';
import { readForeignLog } from './foreign-source.ts';
import type { InspectRequest, InspectResult, ShowRow } from './inspect-types.ts';
import { rowFilter } from './row-filter.ts';
import { type ForeignTarget, nameOf, shownPath } from './target.ts';

/** `wal inspect` for logs of other systems. Records are shown in the order of the file. */
export async function inspectForeign(
  context: CommandContext,
  target: ForeignTarget,
  request: InspectRequest,
  show: ShowRow,
): Promise<InspectResult> {
  const { format } = target;
  if (format.kind !== 'log') {
    throw usageError('E_WRONG_TARGET', `${shownPath(target.path)} is a snapshot (${format.title}), not a log`, {
      data: { file: target.path, format: format.name },
      next: `walq snapshot show ${shellPath(target.path)}`,
    });
  }
  if (request.follow === true)
    throw usageError('E_WRONG_TARGET', '--follow works on stores only', { data: { file: target.path } });
  const filter = rowFilter(request, true, context.env.clock.now());
  const read: ReadForeign = (visit) => readForeignLog(context, target, visit);
  const inRange = await resolveForeign(request.range, read, context.env.clock.now());
  let place = 0;
  const matches = (event: ForeignEvent): EventRow | undefined => {
    place++;
    if (!inRange(event, place) || !filter.head({ type: event.type, job: event.jobId })) return undefined;
    const row = rowOf(event);
    return filter.row(row) ? row : undefined;
  };
  const showThem = request.reverse === true ? showReversed : showForward;
  const { summary, shown, partial } = await showThem(read, matches, request.limit ?? Number.POSITIVE_INFINITY, show);
  return {
    target: nameOf(target),
    shown,
    partial,
    findings: summary.findings,
    foreign: summary,
    ...(partial ? {} : { verdict: verdictOf(summary.findings) }),
  };
}

type Matches = (event: ForeignEvent) => EventRow | undefined;
type Shown = { summary: ForeignLogSummary; shown: number; partial: boolean };

/** Oldest first. What comes after `limit` of them is not read. */
async function showForward(read: ReadForeign, matches: Matches, limit: number, show: ShowRow): Promise<Shown> {
  let shown = 0;
  let partial = false;
  const summary = await read((event) => {
    if (shown >= limit) {
      partial = true;
      return false;
    }
    const row = matches(event);
    if (row === undefined) return undefined;
    shown++;
    return show(row);
  });
  return { summary, shown, partial };
}

/** Newest first, which takes a look at the whole log; only the rows that may be shown are kept. */
async function showReversed(read: ReadForeign, matches: Matches, limit: number, show: ShowRow): Promise<Shown> {
  const rows: EventRow[] = [];
  const summary = await read((event) => {
    const row = matches(event);
    if (row !== undefined) rows.push(row);
    if (rows.length > 2 * limit) rows.splice(0, rows.length - limit);
  });
  const newest = rows.reverse().slice(0, limit);
  for (const row of newest) await show(row);
  return { summary, shown: newest.length, partial: false };
}

function rowOf(event: ForeignEvent): EventRow {
  const words: [string, string][] = event.details === undefined ? [] : [['text', event.details]];
  if (event.checksum === 'bad') words.push(['checksum', 'bad']);
  return {
    seq: event.seq,
    type: event.type,
    job: event.jobId,
    ...(event.timeMs === undefined ? {} : { timeMs: event.timeMs }),
    words: () => words,
    details: () => words,
    file: event.file,
    offset: event.offset,
    afterHole: event.afterDamage,
    bytes: new Uint8Array(0),
    size: event.end - event.offset,
  };
}
