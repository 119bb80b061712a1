import { refusedError, type WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { baseName, join } from '../base/path.ts';
import { shellWord } from '../base/shell-word.ts';
import type { File } from '../fs/types.ts';
import { openSource, writeError } from './files.ts';
import { quarantineFolder } from './folder.ts';
import { openSegment, takeLock } from './lock.ts';
import { quarantineBytes } from './quarantine.ts';
import { verifyStore } from './read.ts';
import { hashFile } from './repair-files.ts';
import { nextJournalName, type RepairAction, type RepairJournal, writeJournal } from './repair-journal.ts';
import { type StoreIdentity, storeFileName, writeStoreFile } from './store-file.ts';
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
  if (storeFile && !foreign) actions.push(await storeFileAction(env, storeDir, survey.identity));
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
    next: `walq wal repair ${shellWord(storeDir)}`,
  });
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
  const lock = await takeLock(env, storeDir, {});
  const held = new Map<string, File>();
  try {
    // Held before the second look: whoever writes in spite of our lock, its LOCK file deleted, must have it too.
    for (const { kind, file } of plan.actions) {
      const segment = kind === 'trim' ? await openSegment(env, storeDir, file) : undefined;
      if (segment) held.set(file, segment);
    }
    const now = await planRepair(env, storeDir);
    if (JSON.stringify(now.actions) !== JSON.stringify(plan.actions)) throw stalePlan(storeDir);
    if (now.needsYes && !options.yes) {
      throw refusedError('E_NEEDS_YES', 'the last write may have been acknowledged; dropping it needs --yes', {
        data: { plan: now },
        next: `walq wal repair ${shellWord(storeDir)} --mode trim --apply --yes`,
      });
    }
    const journal: RepairJournal = { walq: 1, appliedMs: env.clock.now(), actions: [] };
    for (const action of plan.actions) {
      const quarantine = await keepEvidence(env, storeDir, action);
      journal.actions.push({ ...action, ...(quarantine !== undefined && { quarantine }) });
    }
    if (plan.actions.length > 0) await writeJournal(env, storeDir, await nextJournalName(env, storeDir), journal);
    for (const action of plan.actions) {
      if (action.kind === 'write-store-file') await writeStoreFile(env.fs, storeDir, action.identity);
      else await cut(storeDir, held.get(action.file), action);
    }
    return journal;
  } catch (error) {
    throw writeError(storeDir, error);
  } finally {
    for (const segment of held.values()) await segment.close();
    await lock.release();
  }
}

/** The copy is read back: nothing is taken away before it is known to be what the plan says. */
async function keepEvidence(env: StorageEnv, storeDir: string, action: RepairAction): Promise<string | undefined> {
  if (action.sha256 === undefined) return undefined;
  const source = await openSource(env.fs, join(storeDir, action.file));
  try {
    const name = baseName(action.file);
    const kept =
      action.kind === 'trim'
        ? await quarantineBytes(env, storeDir, `${name}.tail-${action.offset}`, source, action.offset, action.bytes)
        : await quarantineBytes(env, storeDir, name, source, 0, source.size);
    const sha256 = await hashFile(env, join(storeDir, quarantineFolder, kept));
    if (sha256 !== action.sha256) throw stalePlan(storeDir);
    return kept;
  } finally {
    await source.close();
  }
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
