import type { Finding } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { listFolder } from '../fs/folder.ts';
import { openSource, readSmall } from '../fs/read.ts';
import { findNoFile } from './not-a-file.ts';
import { storeFileName } from './store-file.ts';
import type { StorageEnv } from './types.ts';
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './wal/format.ts';
import { decodeHeadFile, type HeadResult, headFileBytes } from './wal/head.ts';
import { parseSegmentFileName, type SegmentName } from './wal/names.ts';
import type { SegmentInput } from './wal/scan-log.ts';

/** Names inside a store. */
export const walFolder = 'wal';
export const quarantineFolder = 'quarantine';
export const headFileName = 'HEAD';
/** Stands in the folder while a store is being created, from the first step to after the last. */
export const creatingMarker = 'CREATING';

/**
 * Whether a store is being made in the folder of these names: its marker is there, or the folder `store.…` in which an
 * import or a salvage makes it, to be moved out when it is whole.
 */
export function isBegun(names: readonly string[]): boolean {
  return names.some((name) => name === creatingMarker || name.startsWith('store.'));
}

export interface WalListing {
  /** By ordinal. */
  segments: SegmentName[];
  temps: string[];
  foreign: string[];
}

export async function listWal(env: StorageEnv, walDir: string): Promise<WalListing> {
  const listing: WalListing = { segments: [], temps: [], foreign: [] };
  for (const name of await listFolder(env.fs, walDir)) {
    const parsed = parseSegmentFileName(name);
    if (parsed) listing.segments.push(parsed);
    else if (name.endsWith('.tmp') && parseSegmentFileName(name.slice(0, -4))) listing.temps.push(name);
    else listing.foreign.push(name);
  }
  listing.segments.sort((a, b) => a.ordinal - b.ordinal || a.seqFirst - b.seqFirst);
  return listing;
}

export function listingNotes(listing: WalListing, prefix: string): Finding[] {
  return [
    ...listing.temps.map((name) => note('E_LEFTOVER', join(prefix, name), 'temporary file of an interrupted step')),
    ...listing.foreign.map((name) =>
      note('E_FOREIGN_FILE', join(prefix, name), 'file with a foreign name, left alone'),
    ),
  ];
}

function note(code: Finding['code'], file: string, message: string): Finding {
  return { code, severity: 'note', file, message };
}

export function segmentInput(env: StorageEnv, walDir: string, prefix: string, name: SegmentName): SegmentInput {
  return { file: join(prefix, name.name), name, open: () => openSource(env.fs, join(walDir, name.name)) };
}

/** HEAD as found, with its notes. */
export async function readHead(env: StorageEnv, storeDir: string): Promise<HeadResult & { findings: Finding[] }> {
  let noFile: Finding | undefined;
  const bytes = await readSmall(env.fs, join(storeDir, headFileName), headFileBytes).catch(async (error: unknown) => {
    noFile = await findNoFile(env.fs, storeDir, headFileName, 'HEAD');
    if (noFile === undefined) throw error;
    return undefined;
  });
  if (noFile !== undefined) return { faults: [], findings: [noFile] };
  if (bytes === undefined) {
    return {
      faults: [],
      findings: [
        note('E_HEAD_MISSING', headFileName, 'HEAD is not there; the end of the log is proved by the log alone'),
      ],
    };
  }
  const result = decodeHeadFile(bytes);
  const findings: Finding[] = result.faults.map((fault) => ({
    ...note('E_HEAD_SLOT', headFileName, fault.message),
    offset: fault.offset,
  }));
  if (result.newer !== undefined) {
    findings.push({
      ...note('E_NEWER_FORMAT', headFileName, 'HEAD is written in a newer format'),
      severity: 'newer',
      got: `version ${result.newer}`,
    });
  }
  return { ...result, findings };
}

export interface LiveSegments {
  live: readonly SegmentName[];
  /** They take no part in anything. */
  leftover: readonly { segment: SegmentName; message: string }[];
}

/**
 * What an interrupted cleaning left before a gap, wholly covered by the oldest snapshot, and what an interrupted
 * rotation left beside the segment that was written in its place. Both are removed by the next writer, so each must
 * prove by its header to be of this store. A gap that no snapshot covers, or before which something else stands, stays
 * in, to be reported.
 */
export async function splitLeftovers(
  env: StorageEnv,
  storeDir: string,
  storeId: string,
  listed: readonly SegmentName[],
  coveredSeq: number,
): Promise<LiveSegments> {
  const path = (segment: SegmentName): string => join(storeDir, walFolder, segment.name);
  // A name alone proves nothing: a stray file may be called so, and all that came before it would count for nothing.
  const isOurs = async (segment: SegmentName): Promise<boolean> => {
    const header = await readSegmentHeader(env, path(segment));
    const { ordinal, seqFirst } = segment;
    return header?.storeId === storeId && header.ordinal === ordinal && header.seqFirst === seqFirst;
  };
  const hasFrames = async (segment: SegmentName): Promise<boolean> =>
    ((await env.fs.lstat(path(segment)))?.size ?? 0) > segmentHeaderBytes;

  const isWritten = async (segment: SegmentName): Promise<boolean> =>
    (await hasFrames(segment)) && (await isOurs(segment));

  const segments: SegmentName[] = [];
  const unused: SegmentName[] = [];
  for (const [at, segment] of listed.entries()) {
    const isDoubled = [listed[at - 1], listed[at + 1]].some((beside) => beside?.ordinal === segment.ordinal);
    const others = isDoubled ? listed.filter((other) => other.ordinal === segment.ordinal && other !== segment) : [];
    const isUnused = isDoubled && !(await hasFrames(segment)) && (await isOurs(segment));
    if (isUnused && (await anyOf(others, isWritten))) unused.push(segment);
    else segments.push(segment);
  }
  const leftover = unused.map((segment) => ({ segment, message: 'segment of an interrupted rotation' }));
  for (let index = segments.length - 1; index > 0; index--) {
    const [before, here] = [segments[index - 1], segments[index]];
    if (before === undefined || here === undefined || here.ordinal === before.ordinal + 1) continue;
    if (here.seqFirst - 1 > coveredSeq || here.seqFirst <= before.seqFirst || !(await isOurs(here))) continue;
    const covered = segments.slice(0, index);
    if (!(await allOf(covered, isOurs))) continue;
    leftover.unshift(...covered.map((segment) => ({ segment, message: 'segment of an interrupted cleaning' })));
    return { live: segments.slice(index), leftover };
  }
  return { live: segments, leftover };
}

async function anyOf<T>(values: readonly T[], test: (value: T) => Promise<boolean>): Promise<boolean> {
  for (const value of values) if (await test(value)) return true;
  return false;
}

async function allOf<T>(values: readonly T[], test: (value: T) => Promise<boolean>): Promise<boolean> {
  return !(await anyOf(values, async (value) => !(await test(value))));
}

/** The header of a segment file, or `undefined` when it does not hold. */
export async function readSegmentHeader(env: StorageEnv, path: string): Promise<SegmentHeader | undefined> {
  const bytes = await readSmall(env.fs, path, segmentHeaderBytes - 1);
  const result = bytes && decodeSegmentHeader(bytes);
  return result?.ok ? result.header : undefined;
}

/** The same of a file of a store; nor does anything else that stands in its place have one. */
export async function headerOfFile(
  env: StorageEnv,
  storeDir: string,
  file: string,
): Promise<SegmentHeader | undefined> {
  try {
    return await readSegmentHeader(env, join(storeDir, file));
  } catch (error) {
    if ((await findNoFile(env.fs, storeDir, file, 'a segment')) === undefined) throw error;
    return undefined;
  }
}

/**
 * May a store be created here? Yes in an empty folder, or where an earlier creation did not finish: that one left its
 * marker, no STORE.json, and no frame. LOCK does not count: taking the lock comes first.
 */
export async function isFresh(env: StorageEnv, storeDir: string): Promise<boolean> {
  const names = (await listFolder(env.fs, storeDir)).filter((name) => name !== 'LOCK');
  if (names.length === 0) return true;
  if (!names.includes(creatingMarker) || names.includes(storeFileName)) return false;
  const walDir = join(storeDir, walFolder);
  for (const name of await listFolder(env.fs, walDir)) {
    if (((await env.fs.lstat(join(walDir, name)))?.size ?? 0) > segmentHeaderBytes) return false;
  }
  return true;
}
