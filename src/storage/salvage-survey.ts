import { type Finding, findingError } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { ReadingAround, type Unreadable } from '../fs/read-around.ts';
import { refuseGone } from './beside-writer.ts';
import { displacedFrames } from './displaced-frames.ts';
import { readSegmentHeader, segmentInput, walFolder } from './folder.ts';
import { readLog, type StoreReport, verifyStore } from './read.ts';
import { findFlips, type HealedFile } from './repair-heal.ts';
import { fitting } from './report.ts';
import { fillFromCopies } from './segment-copies.ts';
import { changedView } from './store-view.ts';
import { guttedError, isGutted, ownHead, pointsOf, type Survey, surveyRemains } from './survey.ts';
import type { StorageEnv } from './types.ts';
import { type SegmentHeader, segmentHeaderBytes } from './wal/format.ts';
import type { SegmentName } from './wal/names.ts';
import type { Flip } from './wal/patched-source.ts';
import { piecedHeader } from './wal/pieced-header.ts';
import type { Evidence, SegmentInput } from './wal/scan-log.ts';

/** A damaged store as salvage reads it: flipped bits turned, blocks that the disk does not give left out. */
export interface SalvageSource {
  /** By which headers beyond healing are pieced together. */
  evidence: Evidence;
  /** Segments of this store, in the order in which they were written. */
  inputs: SegmentInput[];
  /** Of the store read so. */
  report: StoreReport;
  healed: HealedFile[];
  /** Segments whose frames can be read although their header cannot. */
  rescued: string[];
  /** Segments of which frames stand elsewhere than they were written: there they are read. */
  displaced: string[];
  /** Segments of which stretches are read from a copy that stands under another name. */
  filled: { file: string; from: string }[];
  /** Files in wal/ that belong to another store, left out. */
  foreign: string[];
  /** Where the new log begins. */
  seqFirst: number;
  /** The last seq that anything but a frame proves to have been written, as far as `until`. */
  seqLast: number;
  /** Nothing after it goes over. */
  until: number;
  /** Good snapshots that go over, oldest first. */
  snapshots: { file: string; seq: number }[];
  /** The same disk with all that turned, for reading; what it does not give is filled. */
  view: StorageEnv;
  /** What it did not give so far: paths relative to the store. */
  unreadable(): Unreadable[];
}

/**
 * Reads everything and writes nothing. Rejects with E_NO_STORE, E_NEWER_FORMAT, E_READ; E_GUTTED where neither a
 * segment nor a good snapshot is left; ENOENT when a writer cleans meanwhile.
 */
export async function surveySalvage(
  disk: StorageEnv,
  storeDir: string,
  readable: (record: Uint8Array) => boolean,
  until = Number.POSITIVE_INFINITY,
): Promise<SalvageSource> {
  const around = new ReadingAround(disk.fs);
  const raw = { ...disk, fs: around.fs };
  const survey = await surveyRemains(raw, storeDir);
  const displaced = await displacedFrames(raw, storeDir, survey, (await readLog(raw, storeDir)).findings);
  const env = displaced.size === 0 ? raw : changedView(raw, { displaced });
  const healed = await findFlips(env, storeDir, survey, readable);
  // Here, in a copy that names them, the long ones go along: their odds are far better than a hole.
  const flips = new Map<string, Flip[]>(
    healed.map((heal) => [join(storeDir, heal.file), [...heal.flips, ...heal.candidates]]),
  );
  const view = changedView(env, { flips });
  const report = await verifyStore(view, storeDir);
  // What a newer walq can read is not lost, and this one would leave it out.
  const newer = report.findings.filter(({ severity }) => severity === 'newer');
  if (newer.length > 0) throw findingError(newer);
  const { own, rescued, foreign, begins } = await sortSegments(view, storeDir, survey, report);
  const good = fitting(report.snapshots, report.findings).flatMap(({ file, summary }) => {
    return summary && summary.seq <= until ? [{ file, seq: summary.seq }] : [];
  });
  const newest = Math.max(0, ...good.map(({ seq }) => seq));
  // Without a log a snapshot is all there is, and the newest is worth all of them.
  const gutted = isGutted(survey);
  if (gutted && good.length === 0) throw guttedError(storeDir, undefined);
  const first = gutted
    ? newest + 1
    : begins.length === 0
      ? 1
      : Math.min(...begins, report.lost[0]?.seqFirst ?? Number.POSITIVE_INFINITY);
  const seqFirst = good.some(({ seq }) => seq >= first - 1) ? first : 1;
  const snapshots = good.filter(({ seq }) => seq >= seqFirst - 1).sort((a, b) => a.seq - b.seq);
  await refuseGone(env, storeDir, survey);
  const proven = Math.max(provenSeq(survey, report, foreign), snapshots.at(-1)?.seq ?? 0);
  const walDir = join(storeDir, walFolder);
  const { inputs, filled } = await fillFromCopies(
    own.map(({ name, header }) => ({ input: segmentInput(view, walDir, walFolder, name), header })),
  );
  return {
    evidence: { storeId: survey.identity.id, ...(survey.head && { head: survey.head }), points: pointsOf(survey) },
    inputs,
    filled,
    report,
    healed,
    rescued,
    displaced: [...displaced.keys()].map((path) => path.slice(join(storeDir, ' ').length - 1)),
    foreign,
    seqFirst,
    seqLast: Math.min(proven, until),
    until,
    snapshots,
    view,
    unreadable: () =>
      around.unreadable.map((one) => ({ ...one, file: one.file.slice(join(storeDir, ' ').length - 1) })),
  };
}

interface OwnSegmentName {
  name: SegmentName;
  header: SegmentHeader;
}

interface SortedSegments {
  /** Of this store. */
  own: OwnSegmentName[];
  rescued: string[];
  foreign: string[];
  /** First seqs of what may have been there: a foreign or unreadable file stands in a place of the log. */
  begins: number[];
}

/** Whose the segments are, those that an interrupted cleaning left too: what they hold is in a snapshot, but it is there. */
async function sortSegments(
  view: StorageEnv,
  storeDir: string,
  survey: Survey,
  report: StoreReport,
): Promise<SortedSegments> {
  const read = new Map(report.segments.map((segment) => [segment.file, segment]));
  const own: SortedSegments['own'] = [];
  const theirs = new Set<string>();
  const [rescued, foreign, begins]: [string[], string[], number[]] = [[], [], []];
  const segments = [...survey.leftover, ...survey.live];
  for (const [index, name] of segments.entries()) {
    const file = join(walFolder, name.name);
    const path = join(storeDir, file);
    const header = await readSegmentHeader(view, path);
    const after = segments[index + 1];
    const next = after && (await readSegmentHeader(view, join(storeDir, walFolder, after.name)));
    const known = piecedHeader(name, survey.identity.id, { next, head: survey.head, points: pointsOf(survey) });
    const isRescued = header === undefined && known !== undefined;
    const { seqFirst } = read.get(file) ?? {};
    if (isRescued) rescued.push(file);
    // Also one of a copy that went its own way, which has our id.
    const isForeign = report.findings.some((finding) => finding.code === 'E_FOREIGN_SEGMENT' && finding.file === file);
    if (isForeign && header?.storeId === survey.identity.id) theirs.add(`${header.ordinal} ${header.salt}`);
    const isOwn = isRescued || (header?.storeId === survey.identity.id && !isForeign);
    const ofOwn = isOwn ? (header ?? known) : undefined;
    if (ofOwn !== undefined) own.push({ name, header: ofOwn });
    else if (header !== undefined) foreign.push(file);
    const isEmpty = header === undefined && ((await view.fs.lstat(path))?.size ?? 0) <= segmentHeaderBytes;
    if (isRescued) begins.push(Math.min(name.seqFirst, seqFirst ?? name.seqFirst));
    else if (!isEmpty) begins.push(isOwn && header ? header.seqFirst : name.seqFirst);
  }
  // A second copy of one of theirs, behind our end, is none of ours either.
  const isTheirs = ({ header }: OwnSegmentName): boolean => theirs.has(`${header.ordinal} ${header.salt}`);
  const more = own.filter(isTheirs).map(({ name }) => join(walFolder, name.name));
  return { own: own.filter((one) => !isTheirs(one)), rescued, foreign: [...foreign, ...more], begins };
}

/** HEAD is never ahead of the disk, a sound header tells the seqs of a payload that is not, and the log what it lost. */
function provenSeq(survey: Survey, report: StoreReport, foreign: readonly string[]): number {
  const stated = report.findings.filter(({ code, file }: Finding) => {
    return (code === 'E_PAYLOAD' || code === 'E_AMBIGUOUS_TAIL') && !foreign.includes(file);
  });
  const seqs = stated.map(({ seqLast }) => (typeof seqLast === 'number' ? seqLast : 0));
  return Math.max(0, ownHead(survey)?.seqLast ?? 0, report.lost.at(-1)?.seqLast ?? 0, ...seqs);
}
