import { damageError, type WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { baseName, join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { listFolder } from '../fs/folder.ts';
import { goneMeanwhile } from '../fs/gone.ts';
import {
  isBegun,
  isFresh,
  listingNotes,
  listWal,
  readHead,
  readSegmentHeader,
  splitLeftovers,
  walFolder,
} from './folder.ts';
import { noStoreError } from './no-store.ts';
import { findNoFile } from './not-a-file.ts';
import { refuseLink } from './refuse-link.ts';
import type { SnapshotHeader } from './snapshot/codec.ts';
import { listSnapshots } from './snapshot/list.ts';
import { parseSnapshotFileName, snapshotFolder } from './snapshot/name.ts';
import { peekSnapshot } from './snapshot/read.ts';
import { readStoreFile, type StoreIdentity } from './store-file.ts';
import type { ChainPoint, LostRange, StorageEnv } from './types.ts';
import type { SegmentHeader } from './wal/format.ts';
import type { FoundSlot } from './wal/head.ts';
import type { SegmentName } from './wal/names.ts';
import { identify, mostNamed, ownersOf } from './whose-store.ts';

/** What stands in a store folder, read without judging the log. */
export interface Survey {
  identity: StoreIdentity;
  /** Segments that count, by ordinal. */
  live: readonly SegmentName[];
  /** Segments that an interrupted cleaning or rotation left behind. */
  leftover: readonly SegmentName[];
  temps: string[];
  head?: FoundSlot;
  /** HEAD is there, whole and ours. */
  headUsable: boolean;
  /** Newest first; `point` where the header can be read and names this store. */
  snapshots: { file: string; seq: number; point?: ChainPoint }[];
  snapshotTemps: string[];
  findings: Finding[];
}

/**
 * Reads names, STORE.json, HEAD and snapshot headers. A bad STORE.json is a finding. Rejects with E_NO_STORE,
 * E_GUTTED, E_NEWER_FORMAT, E_READ.
 */
export async function surveyStore(env: StorageEnv, storeDir: string): Promise<Survey> {
  const survey = await surveyRemains(env, storeDir);
  if (isGutted(survey))
    throw guttedError(
      storeDir,
      survey.snapshots.find(({ point }) => point),
    );
  return survey;
}

/** The same for who only wants to know: a log that was removed is a finding, as long as anything says whose it was. */
export async function surveyRemains(env: StorageEnv, storeDir: string): Promise<Survey> {
  for (const folder of [walFolder, snapshotFolder]) await refuseLink(env.fs, join(storeDir, folder));
  const head = await readHead(env, storeDir);
  const listed = await listWal(env, join(storeDir, walFolder));
  const { headers: inLog, files, findings: noFiles } = await headersOf(env, storeDir, listed.segments);
  const listing = { ...listed, segments: files };
  const store = await readStoreFile(env.fs, storeDir);
  const gutted = listing.segments.length === 0;
  // Somebody who creates one died, or is at work: nothing of it was answered.
  if (!gutted && store.state === 'missing' && (await isFresh(env, storeDir)))
    throw noStoreError(storeDir, 'unfinished');
  if (gutted && store.state === 'missing') await refuseNoStore(env, storeDir);
  const list = await listSnapshots(env, storeDir);
  const headers: { file: string; seq: number; header?: SnapshotHeader }[] = [];
  for (const { file, seq } of list.snapshots) {
    const header = await peekSnapshot(env, join(storeDir, file)).catch(goneMeanwhile);
    if (header !== undefined) headers.push({ file, seq, ...(!('findings' in header) && { header }) });
  }
  const beside = ownersOf(head.slot, headers);
  const named = gutted ? beside : inLog;
  const owners = store.state === 'good' ? named : (mostNamed([...inLog, ...beside]) ?? named);
  if (gutted && store.state !== 'good' && owners.length === 0) throw guttedError(storeDir, undefined);
  const identified = identify(store, owners, head.slot?.storeId);
  const findings = [
    ...(gutted ? [guttedFinding(identified.identity.id, head.slot)] : []),
    ...identified.findings,
    ...noFiles,
    ...listingNotes(listing, walFolder),
    ...head.findings,
  ];
  const snapshots = headers.map(({ file, seq, header }): Survey['snapshots'][number] => {
    const ours = header?.storeId === identified.identity.id && header.point.seq === seq;
    return { file, seq, ...(ours && { point: header.point }) };
  });
  const oldest = snapshots.findLast((snapshot) => snapshot.point)?.seq ?? 0;
  const { live, leftover } = await splitLeftovers(env, storeDir, identified.identity.id, listing.segments, oldest);
  for (const file of list.ignored) {
    // A temp file is what a step that was interrupted leaves, and a writer removes it.
    if (!file.endsWith('.tmp')) findings.push(await ignoredFinding(env, storeDir, file));
  }
  for (const { segment, message } of leftover) {
    findings.push({ code: 'E_LEFTOVER', severity: 'note', file: join(walFolder, segment.name), message });
  }
  return {
    identity: identified.identity,
    live,
    leftover: leftover.map(({ segment }) => segment),
    temps: listing.temps,
    ...(head.slot && { head: head.slot }),
    headUsable: head.slot?.storeId === identified.identity.id && head.faults.length === 0,
    snapshots,
    snapshotTemps: list.ignored.filter((name) => name.endsWith('.snap.tmp')),
    findings,
  };
}

async function ignoredFinding(env: StorageEnv, storeDir: string, file: string): Promise<Finding> {
  const isNamed = parseSnapshotFileName(baseName(file)) !== undefined;
  const noFile = isNamed ? await findNoFile(env.fs, storeDir, file, 'a snapshot', 'degraded') : undefined;
  const message = 'no file with the name of a snapshot: left alone';
  return noFile ?? { code: 'E_FOREIGN_FILE', severity: 'note', file, message };
}

/** No segment is there, though there was a store. */
export function isGutted({ live, leftover }: Survey): boolean {
  return live.length === 0 && leftover.length === 0;
}

/** Rejects with E_NO_STORE unless a snapshot shows that there was one. */
async function refuseNoStore(env: StorageEnv, storeDir: string): Promise<void> {
  const isUnfinished = isBegun(await listFolder(env.fs, storeDir));
  if (!isUnfinished && (await listSnapshots(env, storeDir)).snapshots.length > 0) return;
  throw noStoreError(storeDir, (await env.fs.stat(storeDir)) === undefined ? 'nothing' : 'folder');
}

/** `newest`: the snapshot to go on from. */
export function guttedError(storeDir: string, newest: { file: string; seq: number } | undefined): WalqError {
  return damageError('E_GUTTED', `store ${storeDir} has no segment: its log was removed`, {
    data: { store: storeDir, ...(newest && { snapshot: newest.file }) },
    next:
      newest === undefined
        ? 'walq help E_GUTTED'
        : `walq wal repair ${shellPath(storeDir)} --mode salvage --to NEWSTORE: the state at seq ${newest.seq}`,
  });
}

function guttedFinding(storeId: string, head: FoundSlot | undefined): Finding {
  const known = head?.storeId === storeId ? `; HEAD says that it went up to seq ${head.seqLast}` : '';
  const message = `no segment is there: the log was removed${known}`;
  return { code: 'E_GUTTED', severity: 'corrupt', file: walFolder, message };
}

/** HEAD, unless it is of another store. */
export function ownHead({ head, identity }: Survey): FoundSlot | undefined {
  return head?.storeId === identity.id ? head : undefined;
}

/** Frame ends that snapshots of this store name. */
export function pointsOf(survey: Survey): ChainPoint[] {
  return survey.snapshots.flatMap((snapshot) => (snapshot.point ? [snapshot.point] : []));
}

/**
 * What is lost with the whole log: what came after the newest good snapshot. HEAD says where the log ended, and nothing
 * came after that where it says closed.
 */
export function lossOfLog(
  survey: Survey,
  good: readonly { seq: number }[],
): { lost: LostRange[]; lostUnknown: boolean } {
  const from = Math.max(0, ...good.map(({ seq }) => seq));
  const head = ownHead(survey);
  const known = Math.max(from, ...survey.snapshots.map(({ seq, point }) => (point ? seq : 0)));
  const seqLast = Math.max(known, head?.seqLast ?? 0);
  const exact = survey.headUsable && head?.closed === true && head.seqLast >= known;
  return { lost: seqLast > from ? [{ seqFirst: from + 1, seqLast }] : [], lostUnknown: !exact };
}

/** Those that can be read, in the order of the names; and which of these names are of files. */
async function headersOf(
  env: StorageEnv,
  storeDir: string,
  segments: readonly SegmentName[],
): Promise<{ headers: SegmentHeader[]; files: SegmentName[]; findings: Finding[] }> {
  const found = { headers: [] as SegmentHeader[], files: [] as SegmentName[], findings: [] as Finding[] };
  for (const segment of segments) {
    const file = join(walFolder, segment.name);
    try {
      const header = await readSegmentHeader(env, join(storeDir, file));
      if (header !== undefined) found.headers.push(header);
      found.files.push(segment);
    } catch (error) {
      const noFile = await findNoFile(env.fs, storeDir, file, `segment ${segment.ordinal}`);
      if (noFile === undefined) throw error;
      found.findings.push(noFile);
    }
  }
  return found;
}
