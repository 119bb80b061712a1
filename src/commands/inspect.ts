import { usageError } from '../base/errors.ts';
import type { CommandContext } from './context.ts';
import { followLog } from './follow.ts';
import { inspectForeign } from './foreign-inspect.ts';
import { inspectForward } from './forward.ts';
import type { AskedBounds, InspectRequest, InspectResult, ShowRow } from './inspect-types.ts';
import { type LogSource, openLog } from './log-source.ts';
import { resolveRange } from './resolve.ts';
import { inspectReverse } from './reverse.ts';
import { rowFilter } from './row-filter.ts';
import type { Selector, SelectorRange } from './selector.ts';
import { isForeign, nameOf, openTarget } from './target.ts';

/**
 * Hands out the events of a log that lie in the range and pass the filters, in order, however large the log is. Damage
 * is no error here: what can be read is shown, and the result carries the verdict. Throws E_BEFORE_BASE, E_SELECTOR,
 * E_USAGE, E_WHERE (2), E_WRONG_TARGET (2) and what `openTarget` throws.
 */
export async function inspectLog(
  context: CommandContext,
  request: InspectRequest,
  show: ShowRow,
): Promise<InspectResult> {
  const target = await openTarget(context, request.path);
  if (isForeign(target)) return await inspectForeign(context, target, request, show);
  const log = openLog(context, target);
  const filter = rowFilter(request, false, context.env.clock.now());
  const until = context.env.clock.monotonic() + (request.timeoutMs ?? Number.POSITIVE_INFINITY);
  const base = { target: nameOf(target) };
  if (request.follow === true && !log.canSeek) {
    throw usageError('E_WRONG_TARGET', '--follow needs a store: a single file or stream does not grow', {
      data: { file: target.path },
    });
  }
  if (request.reverse === true) {
    if (request.follow === true)
      throw usageError('E_USAGE', '--follow shows the newest last; it cannot be used with --reverse');
    const bounds = request.range === undefined ? {} : await resolveRange(request.range, log.look());
    return { ...base, ...(await inspectReverse(log, bounds, filter, request.limit, show)) };
  }
  const bounds = await boundsOf(request.range, log);
  // Known before the first look, or what is cleaned away after it would not be missed.
  const begins = request.follow === true ? await log.begins() : undefined;
  const forward = await inspectForward(log, bounds, filter, request.limit, show);
  if (request.follow === true && (request.limit === undefined || forward.shown < request.limit)) {
    const { from = 0, to = Number.POSITIVE_INFINITY } = bounds;
    const next = forward.seqLast === undefined ? (begins ?? 1) : forward.seqLast + 1;
    const limit = (request.limit ?? Number.POSITIVE_INFINITY) - forward.shown;
    const following = { log, filter, show, from: Math.max(next, from), to, limit, until };
    forward.shown += await followLog(context, following);
  }
  return { ...base, ...forward };
}

/** Plain seqs need no look at the log beforehand; whether they lie before its base shows with the first record. */
async function boundsOf(range: SelectorRange | undefined, log: LogSource): Promise<AskedBounds> {
  if (range === undefined) return {};
  const from = plainSeq(range.from);
  const to = plainSeq(range.to);
  if (from === 'asks' || to === 'asks') return await resolveRange(range, log.look());
  if (from !== undefined && to !== undefined && from > to) {
    throw usageError('E_SELECTOR', `the range ${from}..${to} ends before it starts`, { data: { from, to } });
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), unchecked: true };
}

/** A selector that only a look at the log can resolve 'asks'. */
function plainSeq(selector: Selector | undefined): number | undefined | 'asks' {
  if (selector === undefined) return undefined;
  return selector.kind === 'seq' ? selector.seq : 'asks';
}
