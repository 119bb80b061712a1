import { errnoText } from '../base/errno.ts';
import { isFsError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { join, parentOf } from '../base/path.ts';
import { goneMeanwhile, removeIfThere } from '../fs/gone.ts';
import { listWal, splitLeftovers, walFolder } from './folder.ts';
import { scanSegmentFile } from './read.ts';
import { listSnapshots } from './snapshot/list.ts';
import { snapshotFileName, snapshotFolder } from './snapshot/name.ts';
import { checkSnapshot, peekSnapshot } from './snapshot/read.ts';
import type { StorageEnv } from './types.ts';
import type { SegmentName } from './wal/names.ts';

export interface RetentionPlan {
  /** Snapshots that verified and stay, newest first. */
  kept: { file: string; seq: number }[];
  removeSnapshots: string[];
  removeSegments: string[];
  /** Why nothing, or less than asked, is removed. */
  reasons: string[];
  findings: Finding[];
}

export interface RetentionRequest {
  storeId: string;
  /** How many good snapshots stay. */
  keep: number;
  /** The segment that is being written: it stays, with all after it. 0: no segment goes. */
  activeOrdinal: number;
  /** A snapshot that was read back whole just now: it is not read again. */
  justRead?: string | undefined;
  /** Snapshots after this seq stay and count for nothing. */
  seqMax?: number | undefined;
  /** For a plan only: what will have been written before it is carried out. */
  ahead?: { snapshotSeq: number; segment: Pick<SegmentName, 'ordinal' | 'seqFirst'> };
}

/**
 * What may go: snapshots older than the `keep` newest good ones, and segments wholly covered by the oldest that
 * stays. A snapshot counts only if it has now the bytes that its writer read back; damaged ones are kept as evidence
 * and cover nothing, until enough good ones are newer. One of a newer format never goes. With fewer good snapshots than
 * `keep` nothing is removed. Read-only.
 */
export async function planRetention(
  env: StorageEnv,
  storeDir: string,
  request: RetentionRequest,
): Promise<RetentionPlan> {
  const { storeId, keep, activeOrdinal, ahead } = request;
  const plan: RetentionPlan = { kept: [], removeSnapshots: [], removeSegments: [], reasons: [], findings: [] };
  await planSnapshots(env, storeDir, request, plan);
  const oldest = plan.kept.at(-1);
  if (oldest === undefined || plan.kept.length < keep) {
    const have = `${plan.kept.length} good snapshot${plan.kept.length === 1 ? '' : 's'}`;
    plan.reasons.push(`${have} of ${keep} to keep: the whole log stays`);
    plan.removeSnapshots = [];
    return plan;
  }
  const { segments: listed } = await listWal(env, join(storeDir, walFolder));
  const { live } = await splitLeftovers(env, storeDir, storeId, listed, oldest.seq);
  const isNew = ahead !== undefined && ahead.segment.ordinal > (live.at(-1)?.ordinal ?? 0);
  const segments = isNew ? [...live, ahead.segment] : live;
  for (const [index, name] of live.entries()) {
    const next = segments[index + 1];
    const covered = next !== undefined && next.ordinal === name.ordinal + 1 && next.seqFirst - 1 <= oldest.seq;
    if (!covered || name.ordinal >= activeOrdinal) break;
    const file = join(walFolder, name.name);
    const report = await scanSegmentFile(env, join(storeDir, file)).catch(goneMeanwhile);
    // Cleaned by the writer that this reader looks at.
    if (report === undefined) continue;
    const damage = report.findings.filter(isDamage);
    if (damage.length > 0) {
      // The snapshots hold the state, but a damaged file is evidence: only a person removes it.
      plan.reasons.push(`${file} is damaged and stays, with all after it, as evidence`);
      plan.findings.push(...damage.map((finding) => ({ ...finding, file })));
      break;
    }
    plan.removeSegments.push(file);
  }
  const left = segments.filter(
    (_, index) => (segments[index + 1]?.seqFirst ?? Number.POSITIVE_INFINITY) - 1 > oldest.seq,
  ).length;
  const hold = left === 1 ? '1 segment holds' : `${left} segments hold`;
  plan.reasons.push(`${hold} records after seq ${oldest.seq}, or the end of the log`);
  return plan;
}

async function planSnapshots(
  env: StorageEnv,
  storeDir: string,
  { storeId, keep, justRead, seqMax = Number.POSITIVE_INFINITY, ahead }: RetentionRequest,
  plan: RetentionPlan,
): Promise<void> {
  if (ahead)
    plan.kept.push({ file: join(snapshotFolder, snapshotFileName(ahead.snapshotSeq)), seq: ahead.snapshotSeq });
  for (const { file, seq } of (await listSnapshots(env, storeDir)).snapshots) {
    if (seq === ahead?.snapshotSeq || seq > seqMax) continue;
    if (plan.kept.length >= keep) {
      const newer = await newerFormat(env, storeDir, file);
      if (newer === undefined) plan.removeSnapshots.push(file);
      else plan.findings.push(newer);
      continue;
    }
    const findings = file === justRead ? [] : await snapshotFaults(env, storeDir, file, storeId);
    if (findings?.length === 0) plan.kept.push({ file, seq });
    else plan.findings.push(...(findings ?? []));
  }
}

/** Set where only a newer walq can say what the file is worth. */
async function newerFormat(env: StorageEnv, storeDir: string, file: string): Promise<Finding | undefined> {
  const header = await peekSnapshot(env, join(storeDir, file)).catch(goneMeanwhile);
  if (header === undefined || !('findings' in header)) return undefined;
  const newer = header.findings.find(({ severity }) => severity === 'newer');
  return newer && { ...newer, file };
}

/** What keeps a snapshot from counting: its bytes are not those that its writer read back. Undefined when it is gone. */
export async function snapshotFaults(
  env: StorageEnv,
  storeDir: string,
  file: string,
  storeId: string,
): Promise<readonly Finding[] | undefined> {
  const options = { file, storeId, bytesOnly: true };
  const check = await checkSnapshot(env, join(storeDir, file), options).catch(goneMeanwhile);
  return check?.findings;
}

/**
 * Oldest segment first, folder synced after each, so that no gap can appear. A file that cannot be removed stops the
 * cleaning and harms nothing; a folder that cannot be synced rejects with what the file system says, and a writer
 * must not go on with it. `mayRemove` is asked before each, and rejects where it must stay. Returns the plan as far as
 * it was carried out: what is still there, it does not name as removed.
 */
export async function applyRetention(
  env: StorageEnv,
  storeDir: string,
  plan: RetentionPlan,
  mayRemove: () => Promise<void>,
): Promise<RetentionPlan> {
  const removed = new Set<string>();
  const findings = [...plan.findings];
  for (const file of [...plan.removeSnapshots.toReversed(), ...plan.removeSegments]) {
    await mayRemove();
    try {
      await removeIfThere(env.fs, join(storeDir, file));
    } catch (error) {
      if (!isFsError(error)) throw error;
      const message = `could not be removed: ${errnoText(error.code)}`;
      findings.push({ code: 'E_LEFTOVER', severity: 'note', file, message });
      break;
    }
    removed.add(file);
    await env.fs.syncDir(join(storeDir, parentOf(file)));
  }
  const isGone = (file: string): boolean => removed.has(file);
  return {
    ...plan,
    removeSnapshots: plan.removeSnapshots.filter(isGone),
    removeSegments: plan.removeSegments.filter(isGone),
    findings,
  };
}

function isDamage(finding: Finding): boolean {
  return finding.severity !== 'note';
}
