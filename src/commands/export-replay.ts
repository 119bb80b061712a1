import { damageError, usageError } from '../base/errors.ts';
import { findingError } from '../base/finding.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { noStoreId } from '../storage/store-file.ts';
import type { CommandContext } from './context.ts';
import { type ExportTarget, scanExport } from './export-source.ts';
import { openLog } from './log-source.ts';
import type { ReplayOptions, ReplayResult } from './replay-types.ts';
import { beforeBase, resolveSelector } from './resolve.ts';
import { nameOf, shownPath } from './target.ts';

/**
 * The state at a point of an export, from its base or from nothing. What the text says is taken as far as it is sound.
 * Throws E_BEFORE_BASE, E_SEQ_RANGE (2), E_REPLAY (3), and the fault of a base that cannot be used (3).
 */
export async function replayExport<M extends QueueMachine>(
  context: CommandContext,
  target: ExportTarget,
  { until, make }: ReplayOptions<M>,
): Promise<ReplayResult<M>> {
  const look = openLog(context, target).look();
  const seqMax = until === undefined ? Number.POSITIVE_INFINITY : await resolveSelector(until, look, 'end');
  const { state, header, findings, verdict, storeId } = await scanExport(context, target, {}, { until: seqMax, make });
  if (state === undefined) throw findingError(findings);
  const base = header?.base;
  if (base !== undefined && seqMax < base.seq) throw beforeBase(`seq ${seqMax}`, base.seq);
  const { unknown } = state;
  if (unknown !== undefined) {
    const message = `event ${unknown.seq} in ${shownPath(target.path)} does not apply: ${unknown.why}`;
    throw damageError('E_REPLAY', message, { data: { seq: unknown.seq, file: target.path } });
  }
  if (Number.isFinite(seqMax) && state.seq < seqMax) {
    throw usageError('E_SEQ_RANGE', `seq ${seqMax} is not in the readable log, which ends at ${state.seq}`, {
      data: { until: seqMax, seqLast: state.seq },
    });
  }
  return {
    target: nameOf(target),
    machine: state.machine,
    seq: state.seq,
    ...(base && { snapshot: { file: shownPath(target.path), seq: base.seq } }),
    replayed: state.applied,
    skipped: state.machine.totals.skipped,
    verdict,
    findings: [...findings, ...state.skipped],
    storeId: storeId ?? noStoreId,
  };
}
