import type { Finding } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { openSource, readInto } from './files.ts';
import { readSegmentHeader, segmentInput, walFolder } from './folder.ts';
import { type StoreReport, verifyStore } from './read.ts';
import { findFlips, type HealedFile, healedView } from './repair-heal.ts';
import { type Survey, surveyStore } from './survey.ts';
import type { StorageEnv } from './types.ts';
import { encodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './wal/format.ts';
import type { SegmentName } from './wal/names.ts';
import type { Flip } from './wal/patched-source.ts';
import { piecedHeader } from './wal/pieced-header.ts';
import type { SegmentInput } from './wal/scan-log.ts';

/** A damaged store as salvage reads it: flipped bits turned, headers that can be pieced together in their place. */
export interface SalvageSource {
  /** Segments of this store, in the order of their headers. */
  inputs: SegmentInput[];
  /** Of the store read so. */
  report: StoreReport;
  healed: HealedFile[];
  /** Segments whose frames can be read because a neighbour, or HEAD, knows their salt. */
  rescued: string[];
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
  /** The same disk with all that turned, for reading. */
  view: StorageEnv;
}

/** Reads everything and writes nothing. Rejects with E_NO_STORE, E_GUTTED, E_NEWER_FORMAT, E_READ. */
export async function surveySalvage(
  env: StorageEnv,
  storeDir: string,
  readable: (record: Uint8Array) => boolean,
  until = Number.POSITIVE_INFINITY,
): Promise<SalvageSource> {
  const survey = await surveyStore(env, storeDir);
  const healed = await findFlips(env, storeDir, survey, readable);
  // Here, in a copy that names them, the long ones go along: their odds are far better than a hole.
  const flips = new Map<string, Flip[]>(
    healed.map((heal) => [join(storeDir, heal.file), [...heal.flips, ...heal.candidates]]),
  );
  const rescued = await rescueHeaders(env, storeDir, survey, flips);
  const view = healedView(env, flips);
  const report = await verifyStore(view, storeDir);
  const own: { name: SegmentName; ordinal: number }[] = [];
  const foreign: string[] = [];
  /** First seqs of what may have been there: a foreign or unreadable file stands in a place of the log. */
  const begins: number[] = [];
  for (const name of segmentsOf(survey)) {
    const path = join(storeDir, walFolder, name.name);
    const header = await readSegmentHeader(view, path);
    const isOwn = header?.storeId === survey.identity.id;
    if (isOwn) own.push({ name, ordinal: header.ordinal });
    else if (header !== undefined) foreign.push(join(walFolder, name.name));
    const isEmpty = header === undefined && ((await env.fs.lstat(path))?.size ?? 0) <= segmentHeaderBytes;
    if (!isEmpty) begins.push(isOwn ? header.seqFirst : name.seqFirst);
  }
  own.sort((a, b) => a.ordinal - b.ordinal);
  const misfits = new Set(report.findings.filter(({ code }) => code === 'E_SNAPSHOT_CHAIN').map(({ file }) => file));
  for (const { file, point } of survey.snapshots) {
    // What it stands on may be the header itself, and of one that was pieced together only the salt is known.
    if (rescued.some(({ ordinal, salt }) => point?.ordinal === ordinal && point.salt === salt)) misfits.delete(file);
  }
  const good = report.snapshots.flatMap(({ file, summary }) => {
    return summary && summary.seq <= until && !misfits.has(file) ? [summary] : [];
  });
  const first = begins.length === 0 ? 1 : Math.min(...begins);
  const seqFirst = good.some((summary) => summary.seq >= first - 1) ? first : 1;
  const snapshots = good
    .filter((summary) => summary.seq >= seqFirst - 1)
    .map(({ file, seq }) => ({ file, seq }))
    .sort((a, b) => a.seq - b.seq);
  const proven = Math.max(provenSeq(survey, report, foreign), snapshots.at(-1)?.seq ?? 0);
  return {
    inputs: own.map(({ name }) => segmentInput(view, join(storeDir, walFolder), walFolder, name)),
    report,
    healed,
    rescued: rescued.map(({ file }) => file),
    foreign,
    seqFirst,
    seqLast: Math.min(proven, until),
    until,
    snapshots,
    view,
  };
}

/** Those that an interrupted cleaning left too: what they hold is in a snapshot, but it is there. */
function segmentsOf({ leftover, live }: Survey): SegmentName[] {
  return [...leftover, ...live];
}

/** HEAD is never ahead of the disk, and a sound header tells the seqs of a payload that is not. */
function provenSeq(survey: Survey, report: StoreReport, foreign: readonly string[]): number {
  const stated = report.findings.filter(({ code, file }: Finding) => {
    return (code === 'E_PAYLOAD' || code === 'E_AMBIGUOUS_TAIL') && !foreign.includes(file);
  });
  const seqs = stated.map(({ seqLast }) => (typeof seqLast === 'number' ? seqLast : 0));
  return Math.max(0, survey.head?.storeId === survey.identity.id ? survey.head.seqLast : 0, ...seqs);
}

/** Headers beyond healing, pieced together where that is possible: added to the flips. */
async function rescueHeaders(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  flips: Map<string, Flip[]>,
): Promise<{ file: string; ordinal: number; salt: number }[]> {
  const view = healedView(env, flips);
  const segments = segmentsOf(survey);
  const headerAt = async (index: number): Promise<SegmentHeader | undefined> => {
    const name = segments[index]?.name;
    return name === undefined ? undefined : await readSegmentHeader(view, join(storeDir, walFolder, name));
  };
  const rescued: { file: string; ordinal: number; salt: number }[] = [];
  for (const [index, name] of segments.entries()) {
    if ((await headerAt(index)) !== undefined) continue;
    const [before, after] = [await headerAt(index - 1), await headerAt(index + 1)];
    const storeId = survey.identity.id;
    const { ordinal } = name;
    const pieced = piecedHeader(name, storeId, { next: after, head: survey.head });
    if (pieced === undefined) continue;
    // By it a snapshot that stands on the segment before is known for one of this log.
    const point = survey.snapshots.find((snapshot) => snapshot.point?.ordinal === ordinal - 1)?.point;
    const prevSalt = (before?.ordinal === ordinal - 1 ? before.salt : undefined) ?? point?.salt ?? 0;
    const path = join(storeDir, walFolder, name.name);
    const there = await firstBytes(view, path);
    if (there.length < segmentHeaderBytes) continue;
    const wanted = encodeSegmentHeader({ ...pieced, prevSalt });
    flips.set(path, [...(flips.get(path) ?? []), ...differences(there, wanted)]);
    rescued.push({ file: join(walFolder, name.name), ordinal, salt: pieced.salt });
  }
  return rescued;
}

async function firstBytes(env: StorageEnv, path: string): Promise<Uint8Array> {
  const source = await openSource(env.fs, path);
  try {
    const bytes = new Uint8Array(segmentHeaderBytes);
    return bytes.subarray(0, await readInto(source, bytes, 0));
  } finally {
    await source.close();
  }
}

function differences(there: Uint8Array, wanted: Uint8Array): Flip[] {
  const flips: Flip[] = [];
  for (const [at, byte] of wanted.entries()) {
    for (let bit = 0; bit < 8; bit++) if (((there[at] ?? 0) ^ byte) & (1 << bit)) flips.push({ at, bit });
  }
  return flips;
}
