import type { ByteSource } from '../base/source.ts';
import type { SegmentHeader } from './wal/format.ts';
import type { SegmentInput } from './wal/scan-log.ts';
import { scanSegment } from './wal/scan-segment.ts';
import type { Hole, SegmentScan } from './wal/scan-types.ts';

/** A segment of this store; its header, or what others know of that. */
export interface OwnSegment {
  input: SegmentInput;
  header: SegmentHeader;
}

export interface FilledSegments {
  inputs: SegmentInput[];
  /** What was filled, and from which copy. */
  filled: { file: string; from: string }[];
}

/**
 * Segments as they are, but for stretches that cannot be read where a copy of the same file can: one of the same
 * ordinal, first seq and salt, under another name. A copy that went its own way has the same header: so a stretch is
 * taken only if what stands behind it follows it.
 */
export async function fillFromCopies(segments: readonly OwnSegment[]): Promise<FilledSegments> {
  const filled: FilledSegments['filled'] = [];
  const inputs: SegmentInput[] = [];
  for (const { input, header } of segments) {
    let now = input;
    const { name } = input;
    const isNamed = name?.ordinal === header.ordinal && name.seqFirst === header.seqFirst;
    for (const other of isNamed ? segments : []) {
      if (other.input === input || !isSame(other.header, header)) continue;
      const better = await filledFrom(now, other.input, header);
      if (better === undefined) continue;
      now = better;
      filled.push({ file: input.file, from: other.input.file });
    }
    inputs.push(now);
  }
  return { inputs, filled };
}

function isSame(one: SegmentHeader, other: SegmentHeader): boolean {
  return one.ordinal === other.ordinal && one.salt === other.salt && one.seqFirst === other.seqFirst;
}

async function filledFrom(
  input: SegmentInput,
  copy: SegmentInput,
  header: SegmentHeader,
): Promise<SegmentInput | undefined> {
  const scan = await scanned(input, header);
  const unread = scan.holes.filter(({ kind, atEnd }) => (kind === 'header' || kind === 'payload') && !atEnd);
  if (unread.length === 0) return undefined;
  const whole = await scanned(copy, header);
  const stretches = unread.filter((hole) => reads(whole, hole));
  if (stretches.length === 0) return undefined;
  const better = withStretches(input, copy, stretches);
  const known = new Set(scan.holes.map(keyOf));
  const { holes } = await scanned(better, header);
  return holes.length < scan.holes.length && holes.every((hole) => known.has(keyOf(hole))) ? better : undefined;
}

function reads({ holes, last }: SegmentScan, { offset, end }: Hole): boolean {
  return last.end >= end && holes.every((hole) => hole.end <= offset || hole.offset >= end);
}

const keyOf = ({ kind, offset }: Hole): string => `${kind} ${offset}`;

async function scanned(input: SegmentInput, pieced: SegmentHeader): Promise<SegmentScan> {
  const source = await input.open();
  try {
    return await scanSegment(source, { pieced });
  } finally {
    await source.close();
  }
}

function withStretches(input: SegmentInput, copy: SegmentInput, stretches: readonly Hole[]): SegmentInput {
  return {
    ...input,
    open: async () => {
      const own = await input.open();
      const other = await copy.open();
      const read: ByteSource['read'] = (buffer, position) => {
        const here = stretches.find(({ offset, end }) => offset <= position && position < end);
        const next = Math.min(...stretches.map(({ offset }) => offset).filter((offset) => offset > position));
        const part = buffer.subarray(0, Math.min(buffer.length, (here?.end ?? next) - position));
        return (here === undefined ? own : other).read(part, position);
      };
      return { ...own, read, close: async () => void (await Promise.all([own.close(), other.close()])) };
    },
  };
}
