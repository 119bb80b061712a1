import { createHash, type Hash } from 'node:crypto';
import type { Unreadable } from '../fs/read-around.ts';
import { readSalvage, type SalvageItem, type TakeItem } from './salvage-read.ts';
import { type SalvageSource, surveySalvage } from './salvage-survey.ts';
import type { LostRange, StorageEnv } from './types.ts';

/** What a salvage takes over and what it cannot, told before the first byte of the new store is written. */
export interface SalvagePlan {
  storeDir: string;
  seqFirst: number;
  seqLast: number;
  frames: number;
  events: number;
  /** In the order of their seqs, neighbours joined. */
  lost: LostRange[];
  /** Events beyond `seqLast` may be gone too: nothing says how far the log went. */
  lostUnknown: boolean;
  /** An unreadable end of which nobody knows what it held; only an ambiguous one can have been answered. */
  tail?: { file: string; offset: number; bytes: number; ambiguous: boolean };
  /** Of good frames that repeat what is there already. */
  repeated: number;
  snapshots: { file: string; seq: number }[];
  /** Segments read with a header pieced together. */
  rescued: string[];
  /** Segments of which frames were put back to where they had been written. Absent where none was. */
  displaced?: string[];
  /** Segments of which stretches are read from a copy under another name. Absent where none was. */
  filled?: { file: string; from: string }[];
  foreign: string[];
  /** What the disk does not give; its frames are lost. Absent where it gives all. */
  unreadable?: Unreadable[];
  /** Bits that are taken over turned: proven ones, and those of long payloads, with their odds. */
  turned: { file: string; at: number; bit: number; oneIn?: number }[];
  /** Nothing after this seq goes over. */
  until?: number;
  /** Seqs after it that stay behind, as far as the log can be read. */
  leftBehind?: number;
  /** Of everything that goes over, in order: what is written must be what was planned. */
  sha256: string;
}

/**
 * Read-only; `visit` sees all that would go over, in order. Rejects with E_NO_STORE, E_GUTTED, E_NEWER_FORMAT,
 * E_READ, and with what `visit` throws.
 */
export async function planSalvage(
  env: StorageEnv,
  storeDir: string,
  readable: (record: Uint8Array) => boolean,
  visit: (source: SalvageSource) => Promise<TakeItem>,
  until?: number,
): Promise<SalvagePlan> {
  const source = await surveySalvage(env, storeDir, readable, until);
  return await runSalvage(storeDir, source, await visit(source));
}

/** Hands everything to `take` and counts it. */
export async function runSalvage(storeDir: string, source: SalvageSource, take: TakeItem): Promise<SalvagePlan> {
  const { report, healed, rescued, displaced, filled, foreign, seqFirst, snapshots } = source;
  const hash = createHash('sha256');
  const counts = { frames: 0, events: 0 };
  const lost: LostRange[] = [];
  const { seqLast, repeated } = await readSalvage(source, (item) => {
    addTo(hash, item);
    if (item.kind === 'records') {
      counts.frames++;
      counts.events += item.count;
    } else if (item.kind === 'lost') lose(lost, item);
    return take(item);
  });
  const turned = healed.flatMap(({ file, flips, candidates }) => [
    ...flips.map(({ at, bit }) => ({ file, at, bit })),
    ...candidates.map(({ at, bit, oneIn }) => ({ file, at, bit, oneIn })),
  ]);
  const { tail } = report;
  const isCut = Number.isFinite(source.until);
  const ambiguous = report.findings.some(({ severity }) => severity === 'ambiguous');
  const leftBehind = Math.max(0, (report.seqLast ?? 0) - source.until);
  const end = isCut ? { until: source.until, leftBehind } : tail && { tail: { ...tail, ambiguous } };
  const unreadable = source.unreadable();
  // What was torn was one write; what the disk lost may have been many.
  const endUnknown = ambiguous && tail !== undefined && unreadable.some((one) => meets(one, tail));
  const lostUnknown = (report.lostUnknown || endUnknown) && !isCut;
  const found = { storeDir, seqFirst, seqLast, ...counts, lost, lostUnknown, ...end, repeated };
  const bad = {
    ...(unreadable.length > 0 && { unreadable }),
    ...(displaced.length > 0 && { displaced }),
    ...(filled.length > 0 && { filled }),
  };
  return { ...found, ...bad, snapshots, rescued, foreign, turned, sha256: hash.digest('hex') };
}

function meets(one: Unreadable, other: Unreadable): boolean {
  return one.file === other.file && one.offset < other.offset + other.bytes && other.offset < one.offset + one.bytes;
}

function lose(lost: LostRange[], { seqFirst, seqLast }: LostRange): void {
  const last = lost.at(-1);
  if (last !== undefined && last.seqLast + 1 === seqFirst) last.seqLast = seqLast;
  else lost.push({ seqFirst, seqLast });
}

function addTo(hash: Hash, item: SalvageItem): void {
  if (item.kind === 'mark') return;
  const last = item.kind === 'lost' ? item.seqLast : item.seqFirst + item.count - 1;
  hash.update(`${item.kind} ${item.seqFirst}..${last}\n`);
  if (item.kind === 'records') hash.update(item.payload);
}
