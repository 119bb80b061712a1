import { damageError, usageError, WalqError } from '../base/errors.ts';
import { baseName, parentOf } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { placeError } from '../fs/place.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { LogReplay } from '../storage/log-replay.ts';
import { storeAround } from '../storage/read.ts';
import { replayTo } from '../storage/replay.ts';
import { verdictOf } from '../storage/report.ts';
import { readSnapshot } from '../storage/snapshot/read.ts';
import { writeSnapshot } from '../storage/snapshot/write.ts';
import { noStoreId } from '../storage/store-file.ts';
import type { SnapshotSummary } from '../storage/types.ts';
import { parseSegmentFileName } from '../storage/wal/names.ts';
import type { CommandContext } from './context.ts';
import { replayExport } from './export-replay.ts';
import { replayForeign } from './foreign-replay.ts';
import { type LogSource, openLog } from './log-source.ts';
import { refuseFile } from './out-file.ts';
import type { ReplayOptions, ReplayRequest, ReplayResult } from './replay-types.ts';
import { beforeBase, resolveSelector } from './resolve.ts';
import { parseSelector } from './selector.ts';
import { listStoreSnapshots } from './snapshots.ts';
import { isForeign, nameOf, openTarget, shownPath, type Target } from './target.ts';

/**
 * The state at a point. On a damaged log it ends before the first fault behind the newest good snapshot below that
 * point, and `findings` says so. Throws E_BEFORE_BASE, E_SEQ_RANGE, E_SELECTOR (2), E_NO_BASE (3), E_REPLAY (3) and
 * what `openTarget` throws.
 */
export async function replayPath(context: CommandContext, request: ReplayRequest): Promise<ReplayResult> {
  const until = request.until === undefined ? undefined : parseSelector(request.until, '--until');
  const target = await logTarget(context, request.path);
  const { snapshot, partial } = request;
  return await replayTarget(context, target, {
    until,
    snapshot,
    ...(partial !== undefined && { partial }),
    make: () => new QueueMachine(),
  });
}

/**
 * What can be replayed of a PATH; the wal/ folder of a store is that store: its snapshots belong to it. Throws
 * E_WRONG_TARGET (2) for a snapshot, and what `openTarget` throws.
 */
export async function logTarget(context: CommandContext, path: string): Promise<Target> {
  const target = await storeOf(context, await openTarget(context, path));
  if (
    target.kind === 'snapshot' ||
    target.kind === 'snapshot-stream' ||
    (isForeign(target) && target.format.kind === 'snapshot')
  ) {
    throw usageError('E_WRONG_TARGET', `${shownPath(target.path)} is a snapshot; there is no log in it to replay`, {
      data: { file: target.path },
      next: `walq snapshot show ${shellPath(target.path)}`,
    });
  }
  return target;
}

/** As `replayPath`, for a target that `logTarget` gave. */
export async function replayTarget<M extends QueueMachine>(
  context: CommandContext,
  target: Target,
  options: ReplayOptions<M>,
): Promise<ReplayResult<M>> {
  if (isForeign(target)) return await replayForeign(context, target, options);
  if (target.kind === 'export' || target.kind === 'export-stream') return await replayExport(context, target, options);
  const log = openLog(context, target);
  if (target.kind === 'store') return await replayStore(context, target.path, log, options);
  return await replayAlone(context, target, log, options);
}

/** A store for its wal/ folder: its snapshots belong to the log. */
export async function storeOf({ env }: CommandContext, target: Target): Promise<Target> {
  if (target.kind !== 'wal-folder') return target;
  const path = await storeAround(env, target.path);
  return path === undefined ? target : { kind: 'store', path };
}

async function replayStore<M extends QueueMachine>(
  context: CommandContext,
  store: string,
  log: LogSource,
  { until, snapshot, partial = false, make }: ReplayOptions<M>,
): Promise<ReplayResult<M>> {
  const seq = until === undefined ? undefined : await resolveSelector(until, log.look(), 'end');
  const isFile = snapshot !== 'auto' && snapshot !== 'none';
  const options = {
    ...(seq === undefined ? {} : { until: seq }),
    snapshot: isFile ? { path: snapshot } : snapshot === 'none' ? ('none' as const) : ('auto' as const),
    partial,
    progress: (bytes: number) => context.progress(bytes, undefined),
  };
  try {
    const result = await replayTo(context.env, store, make, options);
    const { findings } = result;
    return {
      target: { kind: 'store', path: store },
      machine: result.machine,
      seq: result.seq,
      ...(result.snapshot && { snapshot: { file: result.snapshot.file, seq: result.snapshot.seq } }),
      replayed: result.replayed,
      skipped: result.machine.totals.skipped,
      whole: result.whole,
      verdict: verdictOf(findings),
      findings,
      storeId: result.storeId,
    };
  } catch (error) {
    if (error instanceof WalqError && error.code === 'E_NO_BASE' && !isFile) {
      await explainNoBase(context, store, seq, snapshot === 'none');
    }
    throw error;
  }
}

/**
 * Nothing is damaged when the point asked for lies before the oldest snapshot of a compacted log: then say from where
 * on it works.
 */
async function explainNoBase(
  context: CommandContext,
  store: string,
  seq: number | undefined,
  withoutSnapshots: boolean,
): Promise<void> {
  const { snapshots } = await listStoreSnapshots(context, store);
  const good = snapshots.flatMap((check) => (check.summary === undefined ? [] : [check.seq]));
  const earliest = Math.min(...good);
  if (Number.isFinite(earliest) && seq !== undefined && seq < earliest) throw beforeBase(`seq ${seq}`, earliest);
  if (withoutSnapshots && Number.isFinite(earliest)) {
    throw usageError('E_BEFORE_BASE', `the log alone begins after seq 1; without a snapshot there is no state`, {
      data: { earliest },
      next: `walq wal replay ${shellPath(store)} --snapshot auto`,
    });
  }
}

/** A segment, a folder of segments or a stream by itself: from its first event, or from a snapshot that reaches it. */
async function replayAlone<M extends QueueMachine>(
  context: CommandContext,
  target: Target,
  log: LogSource,
  { until, snapshot, make }: ReplayOptions<M>,
): Promise<ReplayResult<M>> {
  const seqMax = until === undefined ? Number.POSITIVE_INFINITY : await resolveSelector(until, log.look(), 'end');
  const machine = make();
  const base = snapshot === 'auto' || snapshot === 'none' ? undefined : await loadBase(context, snapshot, machine);
  const replay = new LogReplay({ machine, seq: base?.seq ?? 0 }, { until: seqMax });
  // Thrown when it is known whose log this is: events on the state of another store may fit, or not, by chance.
  let failure: unknown;
  const report = await log.scan({
    lost(range) {
      replay.lost(range);
      if (!replay.unbroken) failure ??= needsBase(target, range.seqFirst);
    },
    record(record) {
      try {
        const more = replay.record(record);
        if (replay.unbroken) return more;
        failure ??= needsBase(target, record.seq);
      } catch (error) {
        failure ??= error;
      }
      return false;
    },
  });
  // Of a log without a readable header nobody knows. Throws E_SNAPSHOT_STORE (3).
  if (base !== undefined && report.storeId !== undefined && base.storeId !== report.storeId)
    await loadBase(context, snapshot, make(), report.storeId);
  if (failure !== undefined) throw failure;
  const { seq, replayed } = replay;
  if (Number.isFinite(seqMax) && seq < seqMax) {
    throw usageError('E_SEQ_RANGE', `seq ${seqMax} is not in the readable log, which ends at ${seq}`, {
      data: { until: seqMax, seqLast: seq },
    });
  }
  // Compaction may have left no event; the name still says where the log goes on.
  const begins = parseSegmentFileName(baseName(report.segments[0]?.file ?? ''))?.seqFirst ?? 1;
  if (seq < begins - 1) throw needsBase(target, begins);
  return {
    target: nameOf(target),
    machine,
    seq,
    ...(base && { snapshot: { file: base.file, seq: base.seq } }),
    replayed,
    skipped: machine.totals.skipped,
    verdict: report.verdict,
    findings: [...report.findings, ...replay.skipped],
    storeId: report.storeId ?? noStoreId,
  };
}

function needsBase({ path }: Target, seqFirst: number): WalqError {
  const text = `the log begins at seq ${seqFirst}; its state needs a snapshot that covers what came before`;
  return damageError('E_NO_BASE', text, {
    data: { seqFirst },
    next: `walq wal replay ${shellPath(path)} --snapshot FILE`,
  });
}

/** `storeId`: the store that it must be of. */
async function loadBase(
  { env }: CommandContext,
  path: string,
  machine: QueueMachine,
  storeId?: string,
): Promise<SnapshotSummary> {
  const options = { file: baseName(path), ...(storeId !== undefined && { storeId }) };
  return await readSnapshot(env, path, (entry) => machine.load(entry), options);
}

/** Writes the state as a detached snapshot. Throws E_FILE_EXISTS (7), E_SNAPSHOT_WRITE (74). */
export async function saveState(context: CommandContext, result: ReplayResult, path: string): Promise<SnapshotSummary> {
  await refuseFile(context, path, '--save');
  const folder = parentOf(path);
  // It fits no log by itself, so it points at none.
  const seq = Number(result.seq);
  const point = { seq: Number.isSafeInteger(seq) ? seq : 0, ordinal: 0, offset: 0, link: 0, salt: 0 };
  const { storeId, machine } = result;
  try {
    return await writeSnapshot(context.env, folder, {
      name: baseName(path),
      storeId,
      kind: 'detached',
      point,
      entries: machine.cut(),
    });
  } catch (error) {
    throw placeError(path, error);
  }
}
