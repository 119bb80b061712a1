import type { Finding } from '../../../src/base/finding.ts';
import type { StoreReport } from '../../../src/storage/read.ts';
import { segmentHeaderBytes } from '../../../src/storage/wal/format.ts';
import type { Frame } from './every-store.ts';
import { bytesAt, dir, type Image } from './image.ts';

/**
 * What was really hit, known without asking the reader: a frame can be read where, and only where, its bytes stand in
 * its file, at its own offset or, all together, at another. What makes it readable is the salt in the header of its
 * segment, which the header of the next one has too, HEAD, and each snapshot that stands in it.
 */
export interface Truth {
  /** Seqs that stood in frames that were hit, in order. */
  lost: number[];
  /** File -> first changed byte of each frame, and of the header, that was hit; and the size that the file has now. */
  hits: Map<string, { at: number[]; size: number }>;
  /** The last segment is longer than HEAD can vouch for, and damaged: what stood behind that end, nobody can tell. */
  unknown: boolean;
}

export function truthOf(whole: Image, damaged: Image, frames: readonly Frame[]): Truth {
  const truth: Truth = { lost: [], hits: new Map(), unknown: false };
  const files = [...new Set(frames.map((frame) => frame.file))];
  for (const [index, file] of files.entries()) {
    const path = `${dir}/${file}`;
    const [before, after] = [bytesAt(whole, path), damaged.get(path) ?? new Uint8Array(0)];
    const inHeader = firstChange(before, after, 0, segmentHeaderBytes);
    const own = frames.filter((frame) => frame.file === file);
    const changes = own.map(({ offset, bytes }) => firstChange(before, after, offset, offset + bytes));
    const places = own.map(({ offset, bytes }) => Buffer.from(after).indexOf(before.subarray(offset, offset + bytes)));
    const stands = (place: number): boolean => changes[place] === undefined || (places[place] ?? -1) >= 0;
    const isReadable =
      inHeader === undefined ||
      (isSaltKnown(whole, damaged, file, files[index + 1]) && own.some((_, place) => stands(place)));
    const hits = inHeader === undefined ? [] : [inHeader];
    for (const [place, frame] of own.entries()) {
      const at = changes[place];
      if (at !== undefined && isReadable) hits.push(at);
      if (isReadable && stands(place)) continue;
      if (frame.type === 'data')
        truth.lost.push(...Array.from({ length: frame.count }, (_, seq) => frame.seqFirst + seq));
    }
    // Where the last frame stands elsewhere, so does the end.
    const shift = Math.max(0, changes.at(-1) === undefined ? 0 : (places.at(-1) ?? 0) - (own.at(-1)?.offset ?? 0));
    truth.unknown = hits.length > 0 && after.length - shift > before.length && file === frames.at(-1)?.file;
    if (hits.length > 0) truth.hits.set(file, { at: hits, size: after.length });
  }
  return truth;
}

/** From the header of the segment after it, or, of the last one, from HEAD; or from a snapshot that stands in it. */
function isSaltKnown(whole: Image, damaged: Image, file: string, next: string | undefined): boolean {
  const ordinal = Number(file.slice('wal/'.length).split('-')[0]);
  for (const [name, snapshot] of whole) {
    if (!name.endsWith('.snap') || Buffer.from(snapshot).readUInt32LE(56) !== ordinal) continue;
    if (firstChange(snapshot, damaged.get(name) ?? new Uint8Array(0), 0, 76) === undefined) return true;
  }
  const path = `${dir}/${next ?? 'HEAD'}`;
  const [before, after] = [bytesAt(whole, path), damaged.get(path) ?? new Uint8Array(0)];
  return firstChange(before, after, 0, next === undefined ? before.length : segmentHeaderBytes) === undefined;
}

function firstChange(before: Uint8Array, after: Uint8Array, from: number, to: number): number | undefined {
  for (let at = from; at < to; at++) if (before[at] !== after[at]) return at;
  return undefined;
}

/** What the report says otherwise than the truth: empty when the loss is exact, each hit is named at its place, and nothing else. */
export function lies(report: StoreReport, truth: Truth): string[] {
  const wrong: string[] = [];
  const lost = report.lost.flatMap(({ seqFirst, seqLast }) =>
    Array.from({ length: seqLast - seqFirst + 1 }, (_, index) => seqFirst + index),
  );
  if (lost.join() !== truth.lost.join()) wrong.push(`lost ${lost.join()}, not ${truth.lost.join()}`);
  if (report.lostUnknown !== truth.unknown) wrong.push(`the loss is said to be ${truth.unknown ? '' : 'un'}known`);
  const faults = report.findings.filter((finding) => finding.severity !== 'note');
  for (const [file, hits] of truth.hits) {
    const own = faults.filter((finding) => finding.file === file);
    for (const at of hits.at) {
      if (!own.some((finding) => covers(finding, at, hits.size))) wrong.push(`silent: ${file} ${at}`);
    }
  }
  for (const { file, code } of faults) if (!truth.hits.has(file)) wrong.push(`false alarm: ${file} ${code}`);
  return wrong;
}

/** A finding that reaches to the end of the file covers what is missing behind it. */
function covers({ offset, end }: Finding, at: number, size: number): boolean {
  return offset !== undefined && offset <= at && (end === undefined || end > Math.min(at, size - 1));
}
