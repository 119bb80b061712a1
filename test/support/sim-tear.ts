import { splitmix32 } from './seeded-random.ts';
import type { PendingOp } from './sim-image.ts';
import { type Bytes, type DataOp, type FolderNode, nodesUnder } from './sim-nodes.ts';

/** What lies in the sectors of a new region that were never written. */
export type Fill = 'zero' | 'stale' | 'garbage';

const sectorBytes = 512;

type Write = Extract<DataOp, { kind: 'write' }>;

export interface Tearing {
  label: string;
  madeUp: boolean;
  apply(content: Bytes, op: Write): void;
}

/**
 * The ways one write can reach the platter in part. A sector arrives whole or not at all. Where the file was that
 * long before, a missing sector keeps its old bytes (with 'garbage': only if the write changes them, as a sector hit
 * while it was rewritten); beyond, it shows the fill. With the old size, what lies beyond it is cut off.
 */
export function* tearings(
  root: FolderNode,
  write: Extract<PendingOp, { kind: 'write' }>,
  options: { sectorsMax: number; fills: readonly Fill[]; seed: number },
): Generator<Tearing> {
  const first = Math.floor(write.offset / sectorBytes);
  const sectors = Math.floor((write.offset + write.bytes.length - 1) / sectorBytes) - first + 1;
  for (const written of sectorSubsets(sectors, options.sectorsMax, options.seed)) {
    const pattern = written.map((whole) => (whole ? '1' : '0')).join('');
    for (const size of ['old', 'new'] as const) {
      for (const fill of options.fills) {
        const filler = fillBytes(root, write, fill, options.seed);
        yield {
          label: `sectors ${pattern}, size ${size}, fill ${fill}`,
          madeUp: fill !== 'zero',
          apply: (content, op) => tear(content, op, { first, written, size, fill, filler }),
        };
      }
    }
  }
}

interface Tear {
  first: number;
  written: readonly boolean[];
  size: 'old' | 'new';
  fill: Fill;
  filler: Uint8Array;
}

function tear(content: Bytes, op: Write, { first, written, size, fill, filler }: Tear): void {
  const oldSize = content.size;
  for (const [index, whole] of written.entries()) {
    const from = Math.max((first + index) * sectorBytes, op.offset);
    const to = Math.min((first + index + 1) * sectorBytes, op.offset + op.bytes.length);
    const piece = op.bytes.subarray(from - op.offset, to - op.offset);
    if (whole) {
      content.write(from, piece);
      continue;
    }
    const kept = content.view().slice(from, Math.min(to, oldSize));
    const rewritten = kept.some((byte, at) => byte !== piece[at]);
    if (fill === 'garbage' && rewritten)
      content.write(from, filler.subarray(from - op.offset, from - op.offset + kept.length));
    const unwritten = Math.max(from, oldSize);
    if (unwritten < to) content.write(unwritten, filler.subarray(unwritten - op.offset, to - op.offset));
  }
  if (size === 'old') content.truncate(Math.min(content.size, oldSize));
}

/**
 * Stale bytes are what another file holds at the same place: a frame of a deleted segment, with valid checksums of
 * its own.
 */
function fillBytes(
  root: FolderNode,
  write: Extract<PendingOp, { kind: 'write' }>,
  fill: Fill,
  seed: number,
): Uint8Array {
  const bytes = new Uint8Array(write.bytes.length);
  if (fill === 'garbage') {
    const next = splitmix32(seed + write.id);
    for (let at = 0; at < bytes.length; at++) bytes[at] = next() & 0xff;
  }
  if (fill === 'stale') {
    let most = 0;
    for (const node of nodesUnder(root)) {
      if (node.kind !== 'file' || node === write.owner) continue;
      const there = node.now.view().subarray(write.offset, write.offset + bytes.length);
      const count = there.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
      if (count <= most) continue;
      most = count;
      bytes.fill(0);
      bytes.set(there);
    }
  }
  return bytes;
}

function* sectorSubsets(sectors: number, sectorsMax: number, seed: number): Generator<boolean[]> {
  const pattern = (bit: (index: number) => boolean): boolean[] =>
    Array.from({ length: sectors }, (_, index) => bit(index));
  if (sectors <= sectorsMax) {
    for (let mask = 0; mask < 2 ** sectors; mask++) yield pattern((index) => ((mask >> index) & 1) === 1);
    return;
  }
  const next = splitmix32(seed);
  for (let cut = 0; cut <= sectors; cut = cut * 2 + 1) {
    yield pattern((index) => index < cut);
    yield pattern((index) => index >= cut);
    yield pattern((index) => index !== cut);
  }
  yield pattern((index) => index !== sectors - 1);
  for (let sample = 0; sample < 24; sample++) yield pattern(() => (next() & 1) === 1);
}
