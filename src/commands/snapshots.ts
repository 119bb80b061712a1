import { damageError, notFoundError, usageError } from '../base/errors.ts';
import { type Finding, findingError } from '../base/finding.ts';
import { shellPath } from '../base/shell-word.ts';
import { besideWriter } from '../storage/beside-writer.ts';
import { listSnapshots } from '../storage/snapshot/list.ts';
import { checkSnapshot } from '../storage/snapshot/read.ts';
import { surveyRemains } from '../storage/survey.ts';
import type { SnapshotCheck } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { isForeign, openTarget, shownPath, type Target } from './target.ts';
import { type VerifyResult, verifyTarget } from './verify.ts';

export interface ListedSnapshot extends SnapshotCheck {
  seq: number;
}

export interface SnapshotListing {
  store: string;
  /** Newest first. */
  snapshots: ListedSnapshot[];
  /** Other files in the folder. */
  ignored: string[];
}

/**
 * Reads and checks every snapshot of a store; when a writer takes one away meanwhile, those that took its place. Throws
 * E_NO_STORE, E_RACE, E_READ.
 */
export async function listStoreSnapshots(context: CommandContext, store: string): Promise<SnapshotListing> {
  const { env } = context;
  const storeId = (await surveyRemains(env, store)).identity.id;
  return await besideWriter(env, store, async () => {
    const list = await listSnapshots(env, store);
    const snapshots: ListedSnapshot[] = [];
    for (const { file, seq } of list.snapshots) {
      const check = await checkSnapshot(env, `${store}/${file}`, { file, storeId });
      snapshots.push({ ...check, seq });
    }
    return { store, snapshots, ignored: list.ignored };
  });
}

/**
 * One snapshot, ours or foreign, or all of a store. Throws E_WRONG_TARGET (2) for a log, E_NO_SNAPSHOT (1) for a store
 * without one.
 */
export async function verifySnapshots(context: CommandContext, path: string): Promise<VerifyResult> {
  const target = await openTarget(context, path);
  refuseLog(target);
  const result = await verifyTarget(context, target);
  if (target.kind !== 'store') return result;
  const snapshots = result.snapshots ?? [];
  if (snapshots.length === 0) throw noSnapshot(path);
  const files = new Set(snapshots.map((check) => check.file));
  const findings = result.findings.filter((finding) => files.has(finding.file));
  const verdict = findings.some((finding) => finding.severity === 'newer')
    ? 'newer'
    : findings.some((finding) => finding.severity !== 'note')
      ? 'degraded'
      : 'clean';
  return { target: result.target, verdict, findings, snapshots };
}

/** Throws E_WRONG_TARGET (exit 2) for what holds no state. */
export function refuseLog(target: Target): void {
  const isForeignLog = isForeign(target) && target.format.kind === 'log';
  if (!isForeignLog && !/^(segment|export|wal-folder)/.test(target.kind)) return;
  throw usageError('E_WRONG_TARGET', `${shownPath(target.path)} is a log, not a snapshot`, {
    data: { file: target.path, kind: target.kind },
    next: `walq wal verify ${shellPath(target.path)}`,
  });
}

/**
 * The newest snapshot of a store that verifies, and the faults of newer ones. Throws E_NO_SNAPSHOT (1), or the damage
 * of the newest (3) when none is good.
 */
export async function newestGoodSnapshot(
  context: CommandContext,
  store: string,
): Promise<{ path: string; newerFaults: Finding[] }> {
  const { snapshots } = await listStoreSnapshots(context, store);
  const at = snapshots.findIndex((check) => check.summary !== undefined);
  const good = snapshots[at];
  const findings = (good === undefined ? snapshots : snapshots.slice(0, at)).flatMap((check) => check.findings);
  if (good !== undefined) return { path: `${store}/${good.file}`, newerFaults: findings };
  if (findings.length > 0) throw findingError(findings);
  if (snapshots.length > 0) throw damageError('E_SNAPSHOT_HEADER', `no snapshot of ${store} can be read`);
  throw noSnapshot(store);
}

function noSnapshot(store: string): Error {
  return notFoundError('E_NO_SNAPSHOT', `${store} holds no snapshot`, {
    data: { store },
    next: `walq snapshot create ${shellPath(store)}`,
  });
}
