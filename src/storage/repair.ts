import { refusedError, type WalqError } from '../base/errors.ts';
import { type Finding, findingKey } from '../base/finding.ts';
import { baseName, join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { writeError } from '../fs/failure.ts';
import { removeIfThere } from '../fs/gone.ts';
import { openSource } from '../fs/read.ts';
import type { File } from '../fs/types.ts';
import { quarantineFolder } from './folder.ts';
import { takeLock } from './lock.ts';
import { quarantineBytes, quarantineFile, quarantineName } from './quarantine.ts';
import { verifyStore } from './read.ts';
import { HeldSegments, hashFile, recorded, writerMark } from './repair-files.ts';
import { byFile, findFlips, type HealCandidate, healAction, turnBits } from './repair-heal.ts';
import {
  type AppliedAction,
  isHeal,
  type MoveAction,
  nextJournalName,
  type RepairAction,
  type RepairJournal,
  writeJournal,
} from './repair-journal.ts';
import { setAside } from './set-aside.ts';
import { type StoreIdentity, storeFileName, writeStoreFile } from './store-file.ts';
import { changedView } from './store-view.ts';
import { type Survey, surveyStore } from './survey.ts';
import type { LogReport, StorageEnv, Verdict } from './types.ts';

/**
 * Repair in two steps: a plan that anybody can read, and its application under the lock. Evidence is copied away
 * first, and `--undo` puts it back.
 */

export interface RepairRequest {
  mode: RepairMode;
  /** Whether a record is one that a writer writes: healing asks. */
  readable(record: Uint8Array): boolean;
}

export type RepairMode = 'trim' | 'heal';

export interface RepairPlan {
  storeDir: string;
  mode: RepairMode;
  verdict: Verdict;
  /** Faults that the plan mends. */
  mends: Finding[];
  /** Faults that it leaves: damage that this mode cannot mend. */
  leaves: Finding[];
  actions: RepairAction[];
  /** Healing: stretches that one flipped bit would explain, too long to be sure. */
  candidates: HealCandidate[];
  /** Healing: why a place is left as it is; `file` is relative to the store. */
  refused: { file: string; offset: number; why: string }[];
  /** The last write is unreadable and may have been acknowledged: applying needs an explicit yes. */
  needsYes: boolean;
}

/** What would be done. Read-only. Rejects with E_NO_STORE, E_GUTTED, E_NEWER_FORMAT, E_READ. */
export async function planRepair(env: StorageEnv, storeDir: string, request: RepairRequest): Promise<RepairPlan> {
  const survey = await surveyStore(env, storeDir);
  const report = await verifyStore(env, storeDir);
  const storeFile = report.findings.find(
    (finding) => finding.code === 'E_STORE_MISSING' || finding.code === 'E_STORE_BAD',
  );
  // The id comes from the first readable segment header: where another one, or HEAD, has another id, nobody can say
  // whose store it is.
  const foreign = report.findings.some(({ code }) => code === 'E_FOREIGN_SEGMENT' || code === 'E_HEAD_FOREIGN');
  const writesStoreFile = storeFile !== undefined && !foreign;
  const plan: RepairPlan = {
    storeDir,
    mode: request.mode,
    verdict: report.verdict,
    mends: writesStoreFile ? [storeFile] : [],
    leaves: report.findings.filter(
      (finding) => finding.severity !== 'note' && !(writesStoreFile && finding === storeFile),
    ),
    actions: writesStoreFile ? [await storeFileAction(env, storeDir, survey.identity)] : [],
    candidates: [],
    refused: [],
    needsYes: false,
  };
  if (request.mode === 'heal') await planHeal(env, plan, survey, request);
  else await planTrim(env, plan, report);
  return plan;
}

/** Only a tail that stands alone is cut: behind other damage it may be more than a tail. */
async function planTrim(env: StorageEnv, plan: RepairPlan, report: LogReport): Promise<void> {
  if (report.strays.length > 0) return await planStrays(env, plan, report.strays);
  const { leaves } = plan;
  const isTail = ({ severity }: Finding): boolean => severity === 'torn' || severity === 'ambiguous';
  if (!leaves.every((finding) => isTail(finding) || finding.severity === 'degraded')) return;
  const trim = await trimAction(env, plan.storeDir, report);
  if (trim === undefined) return;
  plan.actions.push(trim);
  plan.mends.push(...leaves.filter(isTail));
  plan.leaves = leaves.filter((finding) => !isTail(finding));
  plan.needsYes = plan.mends.some((finding) => finding.severity === 'ambiguous');
}

/** Files behind an end that is proven, which leaves no tail to cut. */
async function planStrays(env: StorageEnv, plan: RepairPlan, strays: readonly string[]): Promise<void> {
  const { storeDir } = plan;
  for (const file of strays) {
    const sha256 = await hashFile(env, join(storeDir, file));
    if (sha256 === undefined) throw stalePlan(storeDir);
    plan.actions.push({ kind: 'move', file, sha256 });
  }
  await lookAhead(changedView(env, { without: new Set(strays.map((file) => join(storeDir, file))) }), plan);
}

async function planHeal(env: StorageEnv, plan: RepairPlan, survey: Survey, request: RepairRequest): Promise<void> {
  const { storeDir } = plan;
  const found = await findFlips(env, storeDir, survey, request.readable);
  for (const { file, flips, candidates, refused } of found) {
    for (const flip of flips) plan.actions.push(await healAction(env, storeDir, file, flip));
    plan.candidates.push(...candidates.map((candidate) => ({ file, ...candidate })));
    plan.refused.push(...refused.map((place) => ({ file, ...place })));
  }
  const flips = new Map(found.map((heal) => [join(storeDir, heal.file), heal.flips]));
  if (found.every((heal) => heal.flips.length === 0)) return;
  await lookAhead(changedView(env, { flips }), plan);
}

/** What is left is not reasoned but read: from the store as it would be. */
async function lookAhead(view: StorageEnv, plan: RepairPlan): Promise<void> {
  const { findings } = await verifyStore(view, plan.storeDir);
  const stay = new Set(findings.map(findingKey));
  const storeFile = plan.mends.map(findingKey);
  plan.mends.push(...plan.leaves.filter((finding) => !stay.has(findingKey(finding))));
  plan.leaves = findings.filter((finding) => finding.severity !== 'note' && !storeFile.includes(findingKey(finding)));
}

async function storeFileAction(env: StorageEnv, storeDir: string, identity: StoreIdentity): Promise<RepairAction> {
  const sha256 = await hashFile(env, join(storeDir, storeFileName));
  return { kind: 'write-store-file', file: storeFileName, identity, ...(sha256 !== undefined && { sha256 }) };
}

async function trimAction(env: StorageEnv, storeDir: string, report: LogReport): Promise<RepairAction | undefined> {
  const tail = report.tail;
  if (tail === undefined || tail.bytes === 0) return undefined;
  const { file, offset, bytes } = tail;
  const sha256 = await hashFile(env, join(storeDir, file), { offset, bytes });
  if (sha256 === undefined) throw stalePlan(storeDir);
  return { kind: 'trim', file, offset, bytes, sha256 };
}

function stalePlan(storeDir: string): WalqError {
  return refusedError('E_PLAN_STALE', 'the store has changed since the plan was made', {
    next: `walq wal repair ${shellPath(storeDir)}`,
  });
}

/**
 * Does what the plan says, if the store still is what the plan was made from. Copy to quarantine, journal, then the
 * change; each synced before the next, so that a crash leaves either nothing changed or something `undoRepair` knows.
 * Rejects with E_LOCKED, E_PLAN_STALE (7), E_NEEDS_YES (7), E_IO, E_NO_SPACE.
 */
export async function applyRepair(
  env: StorageEnv,
  plan: RepairPlan,
  request: RepairRequest,
  options: { yes: boolean },
): Promise<RepairJournal> {
  const { storeDir } = plan;
  const lock = await takeLock(env, storeDir, {});
  const held = new HeldSegments(env, storeDir);
  try {
    // Held before the second look: whoever writes in spite of our lock, its LOCK file deleted, must have it too.
    for (const { kind, file } of plan.actions) if (kind !== 'write-store-file') await held.get(file);
    const now = await planRepair(env, storeDir, request);
    if (JSON.stringify(now.actions) !== JSON.stringify(plan.actions)) throw stalePlan(storeDir);
    if (now.needsYes && !options.yes) {
      throw refusedError('E_NEEDS_YES', 'the last write may have been acknowledged; dropping it needs --yes', {
        data: { plan: now },
        next: `walq wal repair ${shellPath(storeDir)} --mode trim --apply --yes`,
      });
    }
    const journal = await keepRecord(env, storeDir, plan.actions);
    await recorded(storeDir, 'repair', () => carryOut(env, storeDir, held, journal));
    return journal;
  } catch (error) {
    throw writeError(storeDir, error);
  } finally {
    await held.close();
    await lock.release();
  }
}

/** All that is needed to take the actions back, on disk. Where that fails nothing of it stays: the disk may be full. */
async function keepRecord(env: StorageEnv, storeDir: string, actions: readonly RepairAction[]): Promise<RepairJournal> {
  const journal: RepairJournal = { walq: 1, appliedMs: env.clock.now(), actions: [] };
  if (actions.length === 0) return journal;
  const name = await nextJournalName(env, storeDir);
  const inQuarantine = (file: string): string => join(storeDir, quarantineFolder, file);
  try {
    for (const action of actions) {
      const quarantine = await keepEvidence(env, storeDir, action);
      journal.actions.push({ ...action, ...(quarantine !== undefined && { quarantine }) });
    }
    journal.mark = await writerMark(env, storeDir, actions);
    await writeJournal(env, storeDir, name, journal);
    return journal;
  } catch (error) {
    if ((await env.fs.lstat(inQuarantine(name))) !== undefined) throw error;
    for (const { quarantine } of journal.actions) {
      if (quarantine !== undefined) await removeIfThere(env.fs, inQuarantine(quarantine)).catch(() => false);
    }
    throw error;
  }
}

/** The copy is read back: nothing is taken away before it is known to be what the plan says. */
async function keepEvidence(env: StorageEnv, storeDir: string, action: RepairAction): Promise<string | undefined> {
  if (action.sha256 === undefined) return undefined;
  // Moved whole, it is its own evidence.
  if (action.kind === 'move') return await quarantineName(env, storeDir, action.file);
  const source = await openSource(env.fs, join(storeDir, action.file));
  try {
    const name = baseName(action.file);
    const [stem, offset, bytes] =
      action.kind === 'write-store-file'
        ? [name, 0, source.size]
        : [`${name}.${action.kind === 'trim' ? 'tail' : 'flip'}-${action.offset}`, action.offset, action.bytes];
    const kept = await quarantineBytes(env, storeDir, stem, source, offset, bytes);
    const sha256 = await hashFile(env, join(storeDir, quarantineFolder, kept));
    if (sha256 !== action.sha256) throw stalePlan(storeDir);
    return kept;
  } finally {
    await source.close();
  }
}

async function carryOut(
  env: StorageEnv,
  storeDir: string,
  held: HeldSegments,
  { actions }: RepairJournal,
): Promise<void> {
  for (const action of actions) {
    if (action.kind === 'write-store-file') await writeStoreFile(env.fs, storeDir, action.identity);
    if (action.kind === 'trim') await cut(storeDir, await held.get(action.file), action);
    if (action.kind === 'move') await moveAway(env, storeDir, action);
  }
  for (const [file, flips] of byFile(actions.filter(isHeal))) {
    if (!(await turnBits(env, storeDir, file, flips, 'sha256After'))) throw stalePlan(storeDir);
  }
}

async function moveAway(env: StorageEnv, storeDir: string, action: AppliedAction & MoveAction): Promise<void> {
  await quarantineFile(env, storeDir, action.file, action.quarantine ?? '');
  await setAside(env, storeDir, action, undefined);
}

async function cut(
  storeDir: string,
  segment: File | undefined,
  { offset, bytes }: RepairAction & { kind: 'trim' },
): Promise<void> {
  if (segment === undefined || (await segment.size()) !== offset + bytes) throw stalePlan(storeDir);
  await segment.truncate(offset);
  await segment.datasync();
}
