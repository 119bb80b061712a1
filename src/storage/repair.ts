import { refusedError, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { join, openSource } from './files.ts';
import { quarantineFolder } from './folder.ts';
import { lockedBy, lockStore, type StoreLock } from './lock.ts';
import { quarantineBytes } from './quarantine.ts';
import { verifyStore } from './read.ts';
import { hashFrom, openSegment, type RepairAction, undoAction } from './repair-files.ts';
import { lastJournal, nextJournal, type RepairJournal, writeJournal } from './repair-journal.ts';
import { storeFileName, writeStoreFile } from './store-file.ts';
import { surveyStore } from './survey.ts';
import type { LogReport, StorageEnv, Verdict } from './types.ts';

/**
 * Repair in two steps: a plan that anybody can read, and its application under the lock. Evidence is copied away
 * first, and `--undo` puts it back.
 */

export interface RepairPlan {
  storeDir: string;
  mode: 'trim';
  verdict: Verdict;
  /** Faults that the plan mends. */
  mends: Finding[];
  /** Faults that it leaves: damage that no trim can mend. */
  leaves: Finding[];
  actions: RepairAction[];
  /** The last write is unreadable and may have been acknowledged: applying needs an explicit yes. */
  needsYes: boolean;
}

/** What would be done. Read-only. Rejects with E_NO_STORE, E_GUTTED, E_NEWER_FORMAT, E_READ. */
export async function planRepair(env: StorageEnv, storeDir: string): Promise<RepairPlan> {
  const survey = await surveyStore(env, storeDir);
  const report = await verifyStore(env, storeDir);
  const actions: RepairAction[] = [];
  const storeFile = report.findings.find(
    (finding) => finding.code === 'E_STORE_MISSING' || finding.code === 'E_STORE_BAD',
  );
  // The id comes from the first readable segment header: with a foreign segment about, nobody can say whose it is.
  const foreign = report.findings.some((finding) => finding.code === 'E_FOREIGN_SEGMENT');
  if (storeFile && !foreign) actions.push({ kind: 'write-store-file', file: storeFileName, identity: survey.identity });
  const faults = report.findings.filter((finding) => (finding !== storeFile || foreign) && finding.severity !== 'note');
  const tailOnly = faults.every(
    (finding) => finding.severity === 'torn' || finding.severity === 'ambiguous' || finding.severity === 'degraded',
  );
  const trim = tailOnly ? await trimAction(env, storeDir, report) : undefined;
  if (trim) actions.push(trim);
  const tailFaults = faults.filter((finding) => finding.severity === 'torn' || finding.severity === 'ambiguous');
  return {
    storeDir,
    mode: 'trim',
    verdict: report.verdict,
    mends: [...(storeFile && !foreign ? [storeFile] : []), ...(trim ? tailFaults : [])],
    leaves: trim ? faults.filter((finding) => !tailFaults.includes(finding)) : faults,
    actions,
    needsYes: trim !== undefined && faults.some((finding) => finding.severity === 'ambiguous'),
  };
}

async function trimAction(env: StorageEnv, storeDir: string, report: LogReport): Promise<RepairAction | undefined> {
  const tail = report.tail;
  if (tail === undefined || tail.bytes === 0) return undefined;
  const sha256 = await hashFrom(env, join(storeDir, tail.file), tail.offset, tail.bytes);
  return { kind: 'trim', file: tail.file, offset: tail.offset, bytes: tail.bytes, sha256 };
}

/**
 * Does what the plan says, if the store still is what the plan was made from. Copy to quarantine, journal, then the
 * change; each synced before the next, so that a crash leaves either nothing changed or something `undoRepair` knows.
 * Rejects with E_LOCKED, E_PLAN_STALE (7), E_NEEDS_YES (7), E_IO, E_NO_SPACE.
 */
export async function applyRepair(
  env: StorageEnv,
  storeDir: string,
  plan: RepairPlan,
  options: { yes: boolean },
): Promise<RepairJournal> {
  return underLock(env, storeDir, async () => {
    const now = await planRepair(env, storeDir);
    if (JSON.stringify(now.actions) !== JSON.stringify(plan.actions)) {
      throw stalePlan(storeDir);
    }
    if (now.needsYes && !options.yes) {
      throw refusedError('E_NEEDS_YES', 'the last write may have been acknowledged; dropping it needs --yes', {
        next: `walq wal repair ${storeDir} --mode trim --apply --yes`,
      });
    }
    const journal: RepairJournal = { walq: 1, appliedMs: env.clock.now(), actions: [] };
    for (const action of plan.actions) {
      const quarantine = await keepEvidence(env, storeDir, action);
      journal.actions.push({ ...action, ...(quarantine !== undefined && { quarantine }) });
    }
    if (plan.actions.length > 0) await writeJournal(env, storeDir, await nextJournal(env, storeDir), journal);
    for (const action of plan.actions) await apply(env, storeDir, action);
    return journal;
  });
}

function stalePlan(storeDir: string): WalqError {
  return refusedError('E_PLAN_STALE', 'the store has changed since the plan was made', {
    next: `walq wal repair ${storeDir}`,
  });
}

async function keepEvidence(env: StorageEnv, storeDir: string, action: RepairAction): Promise<string | undefined> {
  const path = join(storeDir, action.file);
  if ((await env.fs.lstat(path)) === undefined) return undefined;
  const source = await openSource(env.fs, path);
  try {
    const name = action.file.slice(action.file.lastIndexOf('/') + 1);
    return action.kind === 'trim'
      ? await quarantineBytes(env, storeDir, `${name}.tail-${action.offset}`, source, action.offset, action.bytes)
      : await quarantineBytes(env, storeDir, name, source, 0, source.size);
  } finally {
    await source.close();
  }
}

async function apply(env: StorageEnv, storeDir: string, action: RepairAction): Promise<void> {
  if (action.kind === 'write-store-file') return writeStoreFile(env.fs, storeDir, action.identity);
  const file = await openSegment(env, storeDir, action.file);
  try {
    // With its LOCK deleted, a writer may be at work all the same; while it holds this segment we are not here.
    if ((await file.size()) !== action.offset + action.bytes) throw stalePlan(storeDir);
    await file.truncate(action.offset);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/**
 * Takes back the last repair that was not yet undone: the files become what they were, to the byte. Rejects with
 * E_NOTHING_TO_UNDO (1), and with E_PLAN_STALE (7) when the store has been written to since, with E_JOURNAL
 * and E_EVIDENCE (3) when what repair kept is damaged; nothing is put back then.
 */
export async function undoRepair(env: StorageEnv, storeDir: string): Promise<RepairJournal> {
  return underLock(env, storeDir, async () => {
    const found = await lastJournal(env, storeDir);
    if (found === undefined)
      throw new WalqError(1, 'E_NOTHING_TO_UNDO', `no repair to undo in ${join(storeDir, quarantineFolder)}`);
    for (const action of found.journal.actions.toReversed()) await undoAction(env, storeDir, action);
    const undone = { ...found.journal, undone: true };
    await writeJournal(env, storeDir, found.name, undone);
    return undone;
  });
}

async function underLock<T>(env: StorageEnv, storeDir: string, run: () => Promise<T>): Promise<T> {
  const lock: StoreLock | undefined = await lockStore(env, storeDir);
  if (lock === undefined) throw await lockedBy(env, storeDir);
  try {
    return await run();
  } finally {
    await lock.release();
  }
}
