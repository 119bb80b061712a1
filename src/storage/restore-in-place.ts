import { createHash } from 'node:crypto';
import { refusedError } from '../base/errors.ts';
import { type Finding, findingError, worstSeverity } from '../base/finding.ts';
import { baseName, join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { writeError } from '../fs/failure.ts';
import { removeIfThere } from '../fs/gone.ts';
import { openSource } from '../fs/read.ts';
import { copyStretch, writeFully, writeTemp } from '../fs/write.ts';
import { refuseGone } from './beside-writer.ts';
import { headFileName, walFolder } from './folder.ts';
import { frameEndAt } from './frame-end.ts';
import { openSegment, takeLock } from './lock.ts';
import { quarantineFile, quarantineName } from './quarantine.ts';
import { noBaseUpTo, verifyStore } from './read.ts';
import { hashFile, recorded } from './repair-files.ts';
import { nextJournalName, type RepairJournal, type SetAsideAction, writeJournal } from './repair-journal.ts';
import { type CutPoint, cutAt, findingsBelow } from './restore-point.ts';
import { setAside } from './set-aside.ts';
import { listSnapshots } from './snapshot/list.ts';
import { parseSnapshotFileName } from './snapshot/name.ts';
import { checkSnapshot } from './snapshot/read.ts';
import { isBehind } from './snapshot-place.ts';
import { type Survey, surveyStore } from './survey.ts';
import type { ChainPoint, SnapshotSummary, StorageEnv, Verdict } from './types.ts';
import { encodeHeadFile } from './wal/head.ts';

/**
 * A store goes back to one of its snapshots, or to the end of an operation: what came after it is set aside, whole
 * files only, and can be brought back. What came before stays.
 */

/** A snapshot, by its file relative to the store, or the last event of an operation. */
export type BackTo = { snapshot: string } | { seq: number };

export interface RestorePlan {
  storeDir: string;
  verdict: Verdict;
  to: BackTo;
  /** The last one that stays. */
  seq: number;
  snapshot?: SnapshotSummary;
  /** Last seq that can be read now: what lies after `seq` goes. */
  seqLast: number;
  /** Empty when nothing came after it. */
  actions: SetAsideAction[];
  /** Faults that would stay: bad snapshots that are older. */
  leaves: Finding[];
}

/**
 * What would be done. Read-only. Rejects with the damage of the snapshot, or of the log before the point (3): that is
 * not mended by going back; E_SNAPSHOT_CHAIN (3) when the log does not have the snapshot's place; E_SEQ_RANGE,
 * E_NOT_FRAME_END (2) for a seq where no operation ends; E_NO_STORE, E_READ; ENOENT when a writer cleans meanwhile.
 */
export async function planRestore(env: StorageEnv, storeDir: string, to: BackTo): Promise<RestorePlan> {
  const survey = await surveyStore(env, storeDir);
  const snapshot = 'snapshot' in to ? await goodSnapshot(env, storeDir, survey, to.snapshot) : undefined;
  const point = snapshot?.point ?? (await endAt(env, storeDir, survey, 'seq' in to ? to.seq : 0));
  const { seq } = point;
  const report = await verifyStore(env, storeDir);
  const seqLast = Math.max(report.seqLast ?? 0, (survey.live.at(-1)?.seqFirst ?? 1) - 1);
  const cut = await cutAt(env, storeDir, survey, point);
  const leaves = [
    ...survey.findings.filter(({ severity }) => severity !== 'note'),
    ...noBaseUpTo(survey, report, cut ?? point),
    ...(cut ? await findingsBelow(env, storeDir, survey, cut) : [misfit(snapshot?.file ?? walFolder)]),
    ...report.snapshots.filter((check) => seqOf(check.file) <= seq).flatMap((check) => check.findings),
  ];
  const worst = worstSeverity(leaves);
  await refuseGone(env, storeDir, survey);
  if (cut === undefined || (worst !== undefined && worst !== 'note' && worst !== 'degraded')) {
    throw findingError(leaves, { subject: `${storeDir} cannot go back in place`, next: intoNew(storeDir, to) });
  }
  const isThere = seqLast === seq && (report.verdict === 'clean' || report.verdict === 'degraded');
  const actions = isThere ? [] : await actionsFor(env, storeDir, survey, cut, seq);
  return { storeDir, verdict: report.verdict, to, seq, ...(snapshot && { snapshot }), seqLast, actions, leaves };
}

/**
 * Where an operation ends; where a snapshot of that moment stands, behind frames without events, if the log has the
 * place: cut off before it, the log would not lead on from that snapshot any more.
 */
async function endAt(env: StorageEnv, storeDir: string, survey: Survey, seq: number): Promise<ChainPoint> {
  const point = survey.snapshots.find((snapshot) => snapshot.seq === seq)?.point;
  const isThere = point !== undefined && (await cutAt(env, storeDir, survey, point)) !== undefined;
  return isThere ? point : await frameEndAt(env, storeDir, seq);
}

async function goodSnapshot(
  env: StorageEnv,
  storeDir: string,
  { identity }: Survey,
  file: string,
): Promise<SnapshotSummary> {
  const options = { file, storeId: identity.id };
  const { summary, findings } = await checkSnapshot(env, join(storeDir, file), options);
  if (summary === undefined) throw findingError(findings);
  return { ...summary, file };
}

/** The way that asks less of the store. */
function intoNew(storeDir: string, to: BackTo): string {
  if ('snapshot' in to) return `walq snapshot restore ${shellPath(join(storeDir, to.snapshot))} --to NEWSTORE`;
  return `walq wal repair ${shellPath(storeDir)} --mode cut --at ${to.seq} --to NEWSTORE`;
}

/** As the name says: a damaged one says nothing else. */
function seqOf(file: string): number {
  return parseSnapshotFileName(baseName(file)) ?? 0;
}

function misfit(file: string): Finding {
  return {
    code: 'E_SNAPSHOT_CHAIN',
    severity: 'corrupt',
    file,
    message: 'the log does not have the place it stands at',
  };
}

/** HEAD first: it must not be ahead of the log. Then from the newest to the oldest, the cut itself last. */
async function actionsFor(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  cut: CutPoint,
  seq: number,
): Promise<SetAsideAction[]> {
  const actions: SetAsideAction[] = [];
  const move = async (file: string): Promise<void> => {
    const sha256 = await hashFile(env, join(storeDir, file));
    if (sha256 !== undefined) actions.push({ kind: 'move', file, sha256 });
  };
  const { head, headUsable } = survey;
  if (!headUsable || head?.ordinal !== cut.ordinal || head.end !== cut.offset || head.link !== cut.link) {
    const sha256 = await hashFile(env, join(storeDir, headFileName));
    const after = createHash('sha256').update(headFor(survey, cut)).digest('hex');
    actions.push({ kind: 'replace', file: headFileName, after, ...(sha256 !== undefined && { sha256 }) });
  }
  // One of this seq stands behind the cut only where the log does not have its place.
  for (const { file, seq: covers } of (await listSnapshots(env, storeDir)).snapshots) {
    const point = survey.snapshots.find((snapshot) => snapshot.file === file)?.point;
    if (covers > seq || (point && isBehind(point, cut))) await move(file);
  }
  for (const { ordinal, name } of survey.live.toReversed())
    if (ordinal > cut.ordinal) await move(join(walFolder, name));
  const path = join(storeDir, cut.file);
  if (((await env.fs.lstat(path))?.size ?? 0) > cut.offset) {
    const [sha256, after] = [await hashFile(env, path), await hashFile(env, path, { offset: 0, bytes: cut.offset })];
    if (sha256 !== undefined && after !== undefined) actions.push({ kind: 'replace', file: cut.file, after, sha256 });
  }
  return actions;
}

function headFor(survey: Survey, cut: CutPoint): Uint8Array {
  const { ordinal, offset: end, link, salt, seq: seqLast } = cut;
  const counter = (survey.head?.counter ?? 0) + 1;
  return encodeHeadFile({ counter, storeId: survey.identity.id, ordinal, seqLast, end, link, salt, closed: false });
}

/**
 * Does what the plan says, if the store still is what the plan was made from: replacements first, then the journal,
 * then file by file its second name and the change; each on disk before the next. Rejects with E_LOCKED, E_PLAN_STALE
 * (7), E_IO, E_NO_SPACE, and as `planRestore` does.
 */
export async function applyRestore(env: StorageEnv, storeDir: string, plan: RestorePlan): Promise<RepairJournal> {
  const lock = await takeLock(env, storeDir, {});
  try {
    const survey = await surveyStore(env, storeDir);
    const last = survey.live.at(-1);
    // Whoever writes in spite of our lock, its LOCK file deleted, must have this one too.
    const held = last && (await openSegment(env, storeDir, join(walFolder, last.name)));
    try {
      const now = await planRestore(env, storeDir, plan.to);
      if (JSON.stringify(now.actions) !== JSON.stringify(plan.actions)) throw stalePlan(plan);
      return await carryOut(env, storeDir, survey, now);
    } finally {
      await held?.close();
    }
  } catch (error) {
    throw writeError(storeDir, error);
  } finally {
    await lock.release();
  }
}

async function carryOut(env: StorageEnv, storeDir: string, survey: Survey, plan: RestorePlan): Promise<RepairJournal> {
  const journal: RepairJournal = { walq: 1, appliedMs: env.clock.now(), actions: [] };
  const temps = new Map<SetAsideAction, string>();
  try {
    await prepare(env, storeDir, survey, plan, temps, journal);
  } catch (error) {
    for (const temp of temps.values()) await removeIfThere(env.fs, temp).catch(() => false);
    throw error;
  }
  if (plan.actions.length > 0) await writeJournal(env, storeDir, await nextJournalName(env, storeDir), journal);
  await recorded(storeDir, 'repair', async () => {
    for (const [index, action] of plan.actions.entries()) {
      const name = journal.actions[index]?.quarantine;
      if (name !== undefined) await quarantineFile(env, storeDir, action.file, name);
      await setAside(env, storeDir, action, temps.get(action));
    }
  });
  return journal;
}

/** What is to take the place of files, under temp names, and the record of what will be done. */
async function prepare(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  plan: RestorePlan,
  temps: Map<SetAsideAction, string>,
  journal: RepairJournal,
): Promise<void> {
  const point = plan.snapshot?.point ?? (await endAt(env, storeDir, survey, plan.seq));
  const cut = await cutAt(env, storeDir, survey, point);
  for (const action of plan.actions) {
    if (action.kind === 'replace' && cut !== undefined) {
      const bytes = action.file === headFileName ? headFor(survey, cut) : cut.offset;
      const temp = await writeReplacement(env, join(storeDir, action.file), bytes);
      temps.set(action, temp);
      if ((await hashFile(env, temp)) !== action.after) throw stalePlan(plan);
    }
    const quarantine =
      action.sha256 === undefined ? {} : { quarantine: await quarantineName(env, storeDir, action.file) };
    journal.actions.push({ ...action, ...quarantine });
  }
}

/** `bytes`, or so many of the file itself, under a temp name, on disk. */
async function writeReplacement(env: StorageEnv, path: string, bytes: Uint8Array | number): Promise<string> {
  const temp = `${path}.tmp`;
  await writeTemp(env.fs, temp, async (file) => {
    if (typeof bytes !== 'number') return await writeFully(file, bytes, 0);
    const source = await openSource(env.fs, path);
    try {
      await copyStretch(source, 0, bytes, file, 0);
    } finally {
      await source.close();
    }
  });
  return temp;
}

function stalePlan({ storeDir, to, seq }: RestorePlan): Error {
  const path = shellPath(storeDir);
  return refusedError('E_PLAN_STALE', 'the store has changed since the plan was made', {
    next: 'snapshot' in to ? `walq snapshot restore ${path} ${seq}` : `walq wal repair ${path} --mode cut --at ${seq}`,
  });
}
