import { notFoundError, usageError } from '../base/errors.ts';
import { baseName, join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { isGone } from '../fs/gone.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { besideWriter } from '../storage/beside-writer.ts';
import { verifyStore } from '../storage/read.ts';
import type { RepairJournal } from '../storage/repair-journal.ts';
import { type RestoreResult, restoreTo } from '../storage/restore.ts';
import { applyRestore, type BackTo, planRestore, type RestorePlan } from '../storage/restore-in-place.ts';
import { listSnapshots } from '../storage/snapshot/list.ts';
import type { Verdict } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { bindPlan, planFileOf } from './plan-file.ts';
import { newestGoodSnapshot, refuseLog } from './snapshots.ts';
import { storePath } from './store-path.ts';
import { isForeign, openTarget, shownPath } from './target.ts';

/** A snapshot that somebody named: a file, or one of a store. */
export interface NamedSnapshot {
  path: string;
  /** As findings name it: relative to the store. */
  relativeName: string;
  /** Absent for a file by itself. */
  store?: string;
}

/**
 * `FILE`, `STORE`, `STORE@snap`, `STORE@SEQ`, `STORE SEQ`. Without a choice it is the newest good one of the store.
 * Throws E_WRONG_TARGET, E_SELECTOR (2), E_NO_SNAPSHOT, E_NO_TARGET (1), the damage when all are bad (3).
 */
export async function nameSnapshot(context: CommandContext, args: readonly string[]): Promise<NamedSnapshot> {
  const [first = storePath(context), second] = args;
  const at = /^(.+)@(snap|\d+)$/.exec(first);
  const isThere = at === null || (await context.env.fs.stat(first)) !== undefined;
  const path = isThere ? first : (at[1] ?? '');
  const choice = second ?? (isThere ? undefined : at[2]);
  const target = await openTarget(context, path);
  refuseLog(target);
  if (isForeign(target)) {
    throw usageError('E_WRONG_TARGET', `${shownPath(path)} is a snapshot of another system`, {
      data: { file: path },
      next: `walq wal import --snapshot ${shellPath(path)} --store NEWSTORE`,
    });
  }
  if (target.kind === 'store') return await snapshotOf(context, path, choice?.replace(/^@/, ''));
  if (target.kind !== 'snapshot') {
    throw usageError('E_WRONG_TARGET', 'restoring reads a snapshot twice; standard input can be read once', {
      next: 'save it to a file first: cat > FILE',
    });
  }
  if (choice === undefined) return { path, relativeName: baseName(path) };
  throw usageError('E_SELECTOR', `${path} is one snapshot; there is no '${choice}' to choose`);
}

async function snapshotOf(context: CommandContext, store: string, choice: string | undefined): Promise<NamedSnapshot> {
  if (choice === undefined || choice === 'snap') {
    const { path } = await newestGoodSnapshot(context, store);
    return { path, relativeName: path.slice(store.length + 1), store };
  }
  const { snapshots } = await listSnapshots(context.env, store);
  const found = snapshots.find(
    ({ seq, file }) => String(seq) === choice || file === choice || baseName(file) === choice,
  );
  if (found) return { path: join(store, found.file), relativeName: found.file, store };
  const seqs = snapshots.map(({ seq }) => seq).join(', ');
  throw notFoundError('E_NO_SNAPSHOT', `${store} has no snapshot at '${choice}'; it has ${seqs || 'none'}`, {
    data: { store, snapshots: snapshots.map(({ seq }) => seq) },
    next: `walq snapshot list ${shellPath(store)}`,
  });
}

/** `use` of the snapshot that is named; where a writer takes it away before it is read, of the one that then is. */
export async function withSnapshot<T>(
  context: CommandContext,
  args: readonly string[],
  use: (snapshot: NamedSnapshot) => Promise<T>,
): Promise<T> {
  const { env } = context;
  let used: string | undefined;
  const look = async (): Promise<T> => {
    const snapshot = await nameSnapshot(context, args);
    used = snapshot.store && snapshot.path;
    return await use(snapshot);
  };
  return await besideWriter(env, args[0] ?? storePath(context), look, async (error) => {
    return isGone(error) && used !== undefined && (await env.fs.lstat(used)) === undefined;
  });
}

/** Into a new store. Throws as `restoreTo` does. */
export async function restoreSnapshot(
  context: CommandContext,
  snapshot: NamedSnapshot,
  dir: string,
): Promise<RestoreResult> {
  return await restoreTo(context.env, snapshot, dir, () => new QueueMachine());
}

export interface GoBackResult {
  plan: RestorePlan;
  /** Absent in a dry run, and when there was nothing to do. */
  applied?: RepairJournal;
  /** Of the store as it is now. */
  verdict: Verdict;
}

/** In place: plans and, with `apply`, carries out. Throws as `planRestore` and `applyRestore` do. */
export async function goBack(
  context: CommandContext,
  store: string,
  to: BackTo,
  apply: boolean,
  planFile?: string,
): Promise<GoBackResult> {
  const { env } = context;
  // Without the snapshot that it is to go back to, looking again is of no use.
  const isRace = async (error: unknown): Promise<boolean> => {
    return isGone(error) && ('seq' in to || (await env.fs.lstat(join(store, to.snapshot))) !== undefined);
  };
  const plan = await besideWriter(env, store, () => planRestore(env, store, to), isRace);
  const { seq, actions } = plan;
  await bindPlan(context, planFileOf({ apply, planFile }), { seq, actions });
  if (!apply || plan.actions.length === 0) return { plan, verdict: plan.verdict };
  const applied = await applyRestore(env, store, plan);
  return { plan, applied, verdict: (await verifyStore(env, store)).verdict };
}
