import { damageError, type WalqError } from '../base/errors.ts';
import { type Finding, findingError } from '../base/finding.ts';
import { join } from '../base/path.ts';
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
  type WalListing,
  walFolder,
} from './folder.ts';
import { noStoreError } from './no-store.ts';
import { refuseLink } from './refuse-link.ts';
import type { SnapshotHeader } from './snapshot/codec.ts';
import { listSnapshots } from './snapshot/list.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { peekSnapshot } from './snapshot/read.ts';
import { readStoreFile, type StoreFileResult, type StoreIdentity, storeFileName } from './store-file.ts';
import type { ChainPoint, LostRange, StorageEnv } from './types.ts';
import type { SegmentHeader } from './wal/format.ts';
import type { FoundSlot } from './wal/head.ts';
import type { LogJudgement } from './wal/judge-log.ts';
import { headerOf, isReadTo } from './wal/judge-parts.ts';
import type { SegmentName } from './wal/names.ts';
import type { LogScan } from './wal/scan-log.ts';

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
  const listing = await listWal(env, join(storeDir, walFolder));
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
  const inLog = await headersOf(env, storeDir, listing);
  const named = gutted ? beside : inLog;
  const owners = store.state === 'good' ? named : (mostNamed([...inLog, ...beside]) ?? named);
  if (gutted && store.state !== 'good' && owners.length === 0) throw guttedError(storeDir, undefined);
  const identified = identify(store, owners, head.slot?.storeId);
  const findings = [
    ...(gutted ? [guttedFinding(identified.identity.id, head.slot)] : []),
    ...identified.findings,
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
    if (!file.endsWith('.tmp')) findings.push({ ...foreignNote, file });
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

const foreignNote = {
  code: 'E_FOREIGN_FILE',
  severity: 'note',
  message: 'no file with the name of a snapshot: left alone',
} as const;

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

/** Of which store something is, and since when. */
type Owner = Pick<SegmentHeader, 'storeId' | 'createdMs'>;

/** Besides the headers of segments, snapshots and HEAD say whose they are. */
function ownersOf(head: FoundSlot | undefined, snapshots: readonly { header?: SnapshotHeader }[]): Owner[] {
  const owners: Owner[] = snapshots.flatMap(({ header }) => header ?? []);
  return head === undefined ? owners : [...owners, { storeId: head.storeId, createdMs: 0 }];
}

/** Those of the store that most of the files name; undefined where two are named as often. */
function mostNamed(owners: readonly Owner[]): Owner[] | undefined {
  const byId = new Map<string, Owner[]>();
  for (const owner of owners) byId.set(owner.storeId, [...(byId.get(owner.storeId) ?? []), owner]);
  const [most, next] = [...byId.values()].sort((a, b) => b.length - a.length);
  return most !== undefined && most.length > (next?.length ?? 0) ? most : undefined;
}

/**
 * Headers of segments and snapshots, and HEAD, hold the id too. Where STORE.json cannot be used, or is of another store
 * than HEAD and all of the segments, readers go on with that; a writer refuses.
 */
function identify(
  store: StoreFileResult,
  owners: readonly Owner[],
  idInHead: string | undefined,
): { identity: StoreIdentity; findings: Finding[] } {
  const file = storeFileName;
  const [first] = owners;
  if (store.state === 'good') {
    const { identity } = store;
    if (idInHead === undefined || idInHead === identity.id) return { identity, findings: [] };
    if (first === undefined || !owners.every(({ storeId }) => storeId === idInHead)) return { identity, findings: [] };
    const message = 'STORE.json is of another store than HEAD and every segment';
    const finding: Finding = { code: 'E_STORE_BAD', severity: 'corrupt', file, message };
    const ids = { got: identity.id, expected: idInHead };
    return { identity: { id: idInHead, createdMs: first.createdMs }, findings: [{ ...finding, ...ids }] };
  }
  if (store.state === 'newer') {
    const got = `version ${store.version}`;
    throw findingError([
      { code: 'E_NEWER_FORMAT', severity: 'newer', file, message: 'store is of a newer format', got, offset: 0 },
    ]);
  }
  const missing = store.state === 'missing';
  const finding: Finding = {
    code: missing ? 'E_STORE_MISSING' : 'E_STORE_BAD',
    severity: 'corrupt',
    file,
    message: missing
      ? 'STORE.json is missing; the log is judged by the id that the other files hold'
      : `STORE.json is damaged: ${store.why}`,
  };
  if (first === undefined) throw findingError([finding]);
  return { identity: { id: first.storeId, createdMs: first.createdMs }, findings: [finding] };
}

/** Those that can be read, in the order of the names. */
async function headersOf(env: StorageEnv, storeDir: string, { segments }: WalListing): Promise<SegmentHeader[]> {
  const headers: SegmentHeader[] = [];
  for (const { name } of segments) {
    const header = await readSegmentHeader(env, join(storeDir, walFolder, name));
    if (header !== undefined) headers.push(header);
  }
  return headers;
}

/**
 * The segment of this point is gone, and the one that begins the log follows another of that ordinal: the snapshot is
 * of a copy of this store that went its own way.
 */
export function otherPast(log: LogScan, point: ChainPoint): boolean {
  const first = log.segments[0]?.scan.header;
  return first !== undefined && first.ordinal === point.ordinal + 1 && first.prevSalt !== point.salt;
}

/** Snapshots that name a frame end which the log does not have, although the log is sound there. */
export function misfitting(survey: Survey, log: LogScan): Finding[] {
  return survey.snapshots.flatMap((snapshot): Finding[] => {
    const point = snapshot.point;
    if (point === undefined) return [];
    const segment = log.segments.find((result) => headerOf(result)?.ordinal === point.ordinal);
    if (segment === undefined && !otherPast(log, point)) return [];
    // A segment of another store stands where the snapshot's own one stood: that proves nothing against it.
    if (segment?.scan.header && segment.scan.header.storeId !== survey.identity.id) return [];
    const isWhole = segment?.scan.sealed === true && segment.scan.holes.length === 0;
    const sound = segment === undefined || isWhole || isReadTo(segment, point.offset);
    if (!sound || segment?.pointsPassed.get(point)) return [];
    const message = 'snapshot does not fit the log at its seq';
    return [{ code: 'E_SNAPSHOT_CHAIN', severity: 'degraded', file: snapshot.file, message, seqLast: point.seq }];
  });
}

/** Does it stand behind this end of the log? One of the last seq may: behind frames without events. */
export function isBehind(point: ChainPoint, end: { ordinal: number; offset: number }): boolean {
  return point.ordinal > end.ordinal || (point.ordinal === end.ordinal && point.offset > end.offset);
}

/** A snapshot proves that the log had reached its seq, and its place. */
export function aheadOfLog(survey: Survey, log: LogScan, judgement: LogJudgement): Finding[] {
  const newest = survey.snapshots.find((snapshot) => snapshot.point);
  // How far a segment of a newer walq goes, this one cannot tell.
  if (judgement.findings.some((finding) => finding.severity === 'newer')) return [];
  // What is named as lost is not missing from the end: it stands there, unreadable, or HEAD told of it.
  const seqNext = Math.max(judgement.seqNext, (judgement.lost.at(-1)?.seqLast ?? 0) + 1);
  if (newest?.point === undefined) return [];
  const isMissing = newest.seq >= seqNext;
  if (!isMissing && !(newest.seq === seqNext - 1 && endsBefore(log, judgement, newest.point))) return [];
  return [
    {
      code: 'E_SNAPSHOT_AHEAD',
      severity: 'corrupt',
      file: newest.file,
      message: 'snapshot is ahead of the log: the end of the log is missing',
      ...(isMissing && { seqFirst: seqNext, seqLast: newest.seq }),
    },
  ];
}

/** Frames without events, as a writer leaves them when it closes, are missing from the end, and no other fault says so. */
function endsBefore(log: LogScan, { findings }: LogJudgement, point: ChainPoint): boolean {
  const last = log.segments.at(-1);
  const header = last?.scan.header;
  if (last === undefined || header?.ordinal !== point.ordinal || header.salt !== point.salt) return false;
  const isTold = findings.some(({ file, severity }) => file === last.input.file && severity === 'corrupt');
  return last.scan.last.end < point.offset && !isTold;
}
