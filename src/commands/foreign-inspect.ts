import { usageError } from '../base/errors.ts';
import { shellWord } from '../base/shell-word.ts';
import type { ForeignEvent, ForeignLogSummary } from '../formats/types.ts';
import { verdictOf } from '../storage/report.ts';
import type { CommandContext } from './context.ts';
import type { EventRow } from './event-row.ts';
import { resolveForeign } from './foreign-range.ts';
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
      next: `walq snapshot show ${shellWord(target.path)}`,
    });
  }
  if (request.follow === true)
    throw usageError('E_WRONG_TARGET', '--follow works on stores only', { data: { file: target.path } });
  const filter = rowFilter(request, true, context.env.clock.now());
  const inRange = await resolveForeign(
    request.range,
    (visit) => readForeignLog(context, target, visit),
    context.env.clock.now(),
  );
  const limit = request.limit ?? Number.POSITIVE_INFINITY;
  let place = 0;
  let shown = 0;
  let partial = false;
  const matches = (event: ForeignEvent): EventRow | undefined => {
    place++;
    if (!inRange(event, place) || !filter.head({ type: event.type, job: event.jobId })) return undefined;
    const row = rowOf(event);
    return filter.row(row) ? row : undefined;
  };
  let summary: ForeignLogSummary;
  if (request.reverse === true) {
    const rows: EventRow[] = [];
    summary = await readForeignLog(context, target, (event) => {
      const row = matches(event);
      if (row !== undefined) rows.push(row);
      // Only the newest are wanted: older ones need not be kept.
      if (rows.length > 2 * limit) rows.splice(0, rows.length - limit);
    });
    for (const row of rows.reverse().slice(0, limit)) {
      shown++;
      await show(row);
    }
  } else {
    summary = await readForeignLog(context, target, (event) => {
      if (shown >= limit) {
        partial = true;
        return false;
      }
      const row = matches(event);
      if (row === undefined) return undefined;
      shown++;
      return show(row);
    });
  }
  return {
    target: nameOf(target),
    shown,
    partial,
    findings: summary.findings,
    foreign: summary,
    ...(partial ? {} : { verdict: verdictOf(summary.findings) }),
  };
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
