import { notFoundError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { baseName, join, parentOf } from '../base/path.ts';
import type { ByteSource } from '../base/source.ts';
import { reading } from '../fs/failure.ts';
import { goneMeanwhile } from '../fs/gone.ts';
import { openSource } from '../fs/read.ts';
import { besideWriter, type LogFiles, openLogFiles } from './beside-writer.ts';
import { asPutBack } from './displaced-frames.ts';
import { headerOfFile, headFileName, listingNotes, listWal, readHead, readSegmentHeader, walFolder } from './folder.ts';
import { fitting, settle, toReport, verdictOf } from './report.ts';
import { confirmed } from './second-look.ts';
import { listSnapshots } from './snapshot/list.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { checkSnapshot } from './snapshot/read.ts';
import { aheadOfLog, isBehind, misfitting } from './snapshot-place.ts';
import { readStoreFile, storeFileName } from './store-file.ts';
import { isGutted, lossOfLog, ownHead, pointsOf, type Survey, surveyRemains, surveyStore } from './survey.ts';
import type { LogReport, SnapshotCheck, StorageEnv } from './types.ts';
import { segmentHeaderBytes } from './wal/format.ts';
import { judgeLog } from './wal/judge-log.ts';
import { parseSegmentFileName, type SegmentName } from './wal/names.ts';
import { type Evidence, type LogScan, type LogVisitor, type SegmentInput, scanLog } from './wal/scan-log.ts';

/** Reading without a lock and without writing a byte: whole stores, `wal/` folders, single segments, streams. */

export interface StoreReport extends LogReport {
  snapshots: SnapshotCheck[];
}

export interface ScanRange {
  /** Skip segments that end before this seq. Findings in them are then not seen. */
  fromSeq?: number;
}

/**
 * Reads the log of a store from end to end, past every fault. Frames and records go to the visitor as they are read;
 * the report comes at the end, after the second look. Rejects with E_NO_STORE, E_GUTTED, E_NEWER_FORMAT, E_READ.
 */
export async function scanStore(
  env: StorageEnv,
  storeDir: string,
  visitor: LogVisitor = {},
  range: ScanRange = {},
): Promise<LogReport> {
  const { report, survey, stopped } = await lookAt(env, storeDir, visitor, range);
  const findings = [...report.findings, ...noBase(survey, hasPoint)];
  const found = settle(
    { ...report, findings, verdict: verdictOf(findings) },
    await stillThere(env, storeDir, findings),
  );
  if (stopped) return found;
  return await asPutBack(env, storeDir, survey, found, (view) => readLog(view, storeDir, range));
}

/** The log alone, read once: beside a writer a finding may be of its work. Rejects as `verifyStore` does. */
export async function readLog(env: StorageEnv, storeDir: string, range: ScanRange = {}): Promise<LogReport> {
  return (await lookAt(env, storeDir, {}, range, surveyRemains)).report;
}

/**
 * Every fault of a store: log, HEAD, STORE.json, snapshots. With the second look. A log that was removed is one of
 * them, E_GUTTED; rejects with it only where nothing says whose log it was.
 */
export async function verifyStore(env: StorageEnv, storeDir: string, visitor: LogVisitor = {}): Promise<StoreReport> {
  const { report, survey } = await lookAt(env, storeDir, visitor, {}, surveyRemains);
  const { snapshots, findings: ofSnapshots } = await judgeSnapshots(env, storeDir, survey, report);
  const findings = [...report.findings, ...ofSnapshots];
  const good = snapshots.flatMap(({ summary }) => summary ?? []);
  const loss = isGutted(survey) ? lossOfLog(survey, good) : {};
  const still = await stillThere(env, storeDir, findings, surveyRemains);
  const found = settle({ ...report, ...loss, findings, snapshots }, still);
  return await asPutBack(env, storeDir, survey, found, (view) => readLog(view, storeDir));
}

/** Those of the findings that two later looks at the store, from a fresh HEAD and a fresh listing, still have. */
export function stillThere(
  env: StorageEnv,
  storeDir: string,
  findings: readonly Finding[],
  surveyed = surveyStore,
): Promise<Finding[]> {
  return confirmed(env, findings, async (open) => {
    const { report, survey } = await lookAt(env, storeDir, {}, { fromSeq: earliestSeq(open) }, surveyed);
    const concerned = open.some((finding) => finding.severity === 'no-base' || finding.file.startsWith(snapshotFolder));
    return concerned
      ? [...report.findings, ...(await judgeSnapshots(env, storeDir, survey, report)).findings]
      : report.findings;
  });
}

/** First seq of the earliest segment with a finding, so that a second look need not read the whole log again. */
function earliestSeq(findings: readonly Finding[]): number {
  const seqs = findings.map((finding) => parseSegmentFileName(baseName(finding.file))?.seqFirst ?? 0);
  // One seq less: the segment before is read too, since the fault may lie between the two.
  return Math.max(0, Math.min(...seqs) - 1);
}

/** Every snapshot, read whole, and whether the log has what it stands on. */
async function judgeSnapshots(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  report: LogReport,
): Promise<{ snapshots: SnapshotCheck[]; findings: Finding[] }> {
  const snapshots: SnapshotCheck[] = [];
  for (const { file } of (await listSnapshots(env, storeDir)).snapshots) {
    const options = { file, storeId: survey.identity.id };
    const check = await checkSnapshot(env, join(storeDir, file), options).catch(goneMeanwhile);
    if (check) snapshots.push(check);
  }
  const bases = baseFindings(survey, fitting(snapshots, report.findings));
  return { snapshots, findings: [...snapshots.flatMap((check) => check.findings), ...bases] };
}

/** A log that begins after seq 1 needs a good snapshot that reaches its first record. */
function baseFindings(survey: Survey, snapshots: readonly SnapshotCheck[]): Finding[] {
  const first = survey.live[0];
  if (first === undefined || first.seqFirst === 1) return [];
  const good = new Set(snapshots.flatMap((check) => (check.summary ? [check.file] : [])));
  const missing = noBase(survey, (snapshot) => good.has(snapshot.file));
  return missing.length > 0 ? missing : stranded(first, snapshots);
}

/** The header of a snapshot can be read and names this store: what can be known without reading it whole. */
function hasPoint(snapshot: Survey['snapshots'][number]): boolean {
  return snapshot.point !== undefined;
}

/** A log that begins after seq 1, without a good snapshot that would be a base of what comes up to this point. */
export function noBaseUpTo(
  survey: Survey,
  report: StoreReport,
  last: { seq: number; ordinal: number; offset: number },
): Finding[] {
  const good = new Set(
    fitting(report.snapshots, report.findings).flatMap((check) => (check.summary ? [check.file] : [])),
  );
  return noBase(survey, ({ file, seq, point }) => {
    return good.has(file) && seq <= last.seq && !(point && isBehind(point, last));
  });
}

function noBase(survey: Survey, isGood: (snapshot: Survey['snapshots'][number]) => boolean): Finding[] {
  const first = survey.live[0];
  if (first === undefined || first.seqFirst === 1) return [];
  if (survey.snapshots.some((snapshot) => isGood(snapshot) && snapshot.seq >= first.seqFirst - 1)) return [];
  return [
    {
      code: 'E_NO_BASE',
      severity: 'no-base',
      file: join(walFolder, first.name),
      message: `log begins at seq ${first.seqFirst}, and no good snapshot covers what came before`,
      seqFirst: 1,
      seqLast: first.seqFirst - 1,
    },
  ];
}

/** Cleaning never takes log that a kept snapshot needs: where it is gone, somebody else took it. */
function stranded(first: SegmentName, snapshots: readonly SnapshotCheck[]): Finding[] {
  return snapshots.flatMap(({ file, summary }): Finding[] => {
    if (summary === undefined || summary.seq >= first.seqFirst - 1) return [];
    const message = 'log after this snapshot is missing; a newer snapshot holds the state';
    const range = { seqFirst: summary.seq + 1, seqLast: first.seqFirst - 1 };
    return [{ code: 'E_SNAPSHOT_STRANDED', severity: 'degraded', file, message, ...range }];
  });
}

async function lookAt(
  env: StorageEnv,
  storeDir: string,
  visitor: LogVisitor,
  range: ScanRange,
  surveyed = surveyStore,
): Promise<{ report: LogReport; survey: Survey; stopped: boolean }> {
  const { survey, held } = await besideWriter(env, storeDir, async () => {
    const survey = await surveyed(env, storeDir);
    const names = segmentsFrom(survey.live, range.fromSeq ?? 0);
    return { survey, held: await openLogFiles(env, join(storeDir, walFolder), walFolder, names) };
  });
  const evidence: Evidence = {
    storeId: survey.identity.id,
    ...(survey.head && { head: survey.head }),
    points: pointsOf(survey),
  };
  const log = await scanHeld(held, evidence, visitor);
  const judgement = judgeLog(log, evidence);
  const misfits = log.stopped ? [] : misfitting(survey, log, judgement);
  const ahead = log.stopped || isGutted(survey) ? [] : aheadOfLog(survey, log, judgement);
  // A HEAD that knows less than a snapshot is an old one: how far the log went from there nobody can say.
  const isOld = ahead.some(({ seqLast }) => Number(seqLast ?? 0) > (ownHead(survey)?.seqLast ?? 0));
  const judged = isOld ? { ...judgement, lostUnknown: true } : judgement;
  const report = toReport(log, evidence, judged, [...survey.findings, ...judgement.findings, ...misfits, ...ahead]);
  return { report, survey, stopped: log.stopped };
}

/** Without those at the beginning that end before `seq`. Names that do not rise say nothing about what lies where. */
function segmentsFrom(live: readonly SegmentName[], seq: number): readonly SegmentName[] {
  const rises = live.every(({ seqFirst }, at) => at === 0 || seqFirst > (live[at - 1]?.seqFirst ?? 0));
  return rises ? live.filter((_, at) => (live[at + 1]?.seqFirst ?? Number.POSITIVE_INFINITY) > seq) : live;
}

async function scanHeld(held: LogFiles, evidence: Evidence, visitor: LogVisitor): Promise<LogScan> {
  try {
    return await scanLog(held.inputs, evidence, visitor);
  } finally {
    await held.close();
  }
}

/**
 * A `wal/` folder: with the store's evidence when it lies in a store, else alone. Rejects with E_NO_STORE when there
 * is no segment in it.
 */
export async function scanWalFolder(env: StorageEnv, walDir: string, visitor: LogVisitor = {}): Promise<LogReport> {
  const storeDir = await storeAround(env, walDir);
  if (storeDir !== undefined) return scanStore(env, storeDir, visitor);
  const { listing, held } = await besideWriter(env, walDir, async () => {
    const listing = await listWal(env, walDir);
    return { listing, held: await openLogFiles(env, walDir, '', listing.segments) };
  });
  const first = listing.segments[0];
  if (first === undefined) throw notFoundError('E_NO_STORE', `no segment in ${walDir}`, { data: { path: walDir } });
  const header = await readSegmentHeader(env, join(walDir, first.name));
  const evidence: Evidence = { alone: true, ...(header && { storeId: header.storeId }) };
  const log = await scanHeld(held, evidence, visitor);
  const judgement = judgeLog(log, evidence);
  return toReport(log, evidence, judgement, [...listingNotes(listing, ''), ...judgement.findings]);
}

/** The store whose log this folder is, however its path is spelled (`wal`, `.`, ...), whatever STORE.json says. */
export async function storeAround(env: StorageEnv, walDir: string): Promise<string | undefined> {
  const storeDir = parentOf(walDir);
  const [own, here] = [await env.fs.stat(join(storeDir, walFolder)), await env.fs.stat(walDir)];
  if (own === undefined || own.ino !== here?.ino || own.dev !== here.dev) return undefined;
  for (const name of [storeFileName, headFileName]) if (await env.fs.lstat(join(storeDir, name))) return storeDir;
  return undefined;
}

/** One segment file: with the evidence of its store when it lies in one (HEAD, the segment after it), else alone. */
export async function scanSegmentFile(env: StorageEnv, path: string, visitor: LogVisitor = {}): Promise<LogReport> {
  const report = await scanFile(env, path, visitor);
  const again = async () => (await scanFile(env, path, {})).findings;
  return settle(report, await confirmed(env, report.findings, again));
}

async function scanFile(env: StorageEnv, path: string, visitor: LogVisitor): Promise<LogReport> {
  const file = baseName(path);
  const name = parseSegmentFileName(file);
  const evidence: Evidence = { alone: true, ...(name && (await evidenceAround(env, parentOf(path), name))) };
  const input: SegmentInput = {
    file,
    open: () => reading(path, () => openSource(env.fs, path, { follow: true })),
    ...(name && { name }),
  };
  const log = await scanLog([input], evidence, visitor);
  return toReport(log, evidence, judgeLog(log, evidence));
}

/** A segment from standard input. */
export async function scanStream(source: ByteSource, visitor: LogVisitor = {}): Promise<LogReport> {
  const evidence: Evidence = { alone: true };
  const { size } = source;
  const opened = {
    read: (buffer: Uint8Array, position: number) => source.read(buffer, position),
    ...(size !== undefined && { size }),
    close: async () => {},
  };
  const input: SegmentInput = { file: 'standard input', open: async () => opened };
  const log = await scanLog([input], evidence, visitor);
  return toReport(log, evidence, judgeLog(log, evidence));
}

async function evidenceAround(env: StorageEnv, walDir: string, name: SegmentName): Promise<Partial<Evidence>> {
  const storeDir = await storeAround(env, walDir);
  if (storeDir === undefined) return {};
  const store = await readStoreFile(env.fs, storeDir);
  const own = store.state === 'good' ? undefined : await readSegmentHeader(env, join(walDir, name.name));
  const storeId = store.state === 'good' ? store.identity.id : own?.storeId;
  if (storeId === undefined) return {};
  const head = (await readHead(env, storeDir)).slot;
  const next = (await listWal(env, walDir)).segments.find((segment) => segment.ordinal === name.ordinal + 1);
  const header = next && (await headerOfFile(env, storeDir, join(walFolder, next.name)));
  // One of another store says nothing of this log.
  const nextHeader = header?.storeId === storeId ? header : undefined;
  const nextBytes = next ? ((await env.fs.lstat(join(walDir, next.name)))?.size ?? 0) : 0;
  return {
    storeId,
    ...(head?.storeId === storeId && { head }),
    ...(nextHeader && { nextHeader, nextInUse: nextBytes > segmentHeaderBytes }),
  };
}
