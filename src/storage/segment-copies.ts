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
 * Segments in the order in which they were written, as they are but for stretches that cannot be read where a copy of
 * the same file can: one of the same ordinal, first seq and salt. Of all copies the one under its own name comes first;
 * of the others counts what it does not have. A copy that went its own way has the same header: so a stretch is taken
 * only if what stands behind it follows it.
 */
export async function fillFromCopies(segments: readonly OwnSegment[]): Promise<FilledSegments> {
  const sorted = segments.toSorted(byOrigin);
  const filled: FilledSegments['filled'] = [];
  const inputs: SegmentInput[] = [];
  for (const copies of copiesOf(sorted).values()) {
    const [first, ...others] = copies;
    if (first === undefined) continue;
    const { input, header } = first;
    let now: SegmentInput = { ...input, pieced: header };
    for (const other of others) {
      const better = await filledFrom(now, other.input, header);
      if (better === undefined) continue;
      now = better;
      filled.push({ file: input.file, from: other.input.file });
    }
    inputs.push(now, ...others.map((other) => ({ ...other.input, pieced: other.header })));
  }
  return { inputs, filled };
}

function byOrigin(one: OwnSegment, other: OwnSegment): number {
  const [a, b] = [one.header, other.header];
  return a.ordinal - b.ordinal || a.seqFirst - b.seqFirst || Number(isNamed(other)) - Number(isNamed(one));
}

function isNamed({ input: { name }, header }: OwnSegment): boolean {
  return name?.ordinal === header.ordinal && name.seqFirst === header.seqFirst;
}

/** In their order. */
function copiesOf(segments: readonly OwnSegment[]): Map<string, OwnSegment[]> {
  const byHeader = new Map<string, OwnSegment[]>();
  for (const segment of segments) {
    const { ordinal, seqFirst, salt } = segment.header;
    const key = `${ordinal} ${seqFirst} ${salt}`;
    const copies = byHeader.get(key);
    if (copies === undefined) byHeader.set(key, [segment]);
    else copies.push(segment);
  }
  return byHeader;
}

async function filledFrom(
  input: SegmentInput,
  copy: SegmentInput,
  header: SegmentHeader,
): Promise<SegmentInput | undefined> {
  const scan = await scanned(input, header);
  const unread = scan.holes.filter(({ kind, atEnd }) => (kind === 'header' || kind === 'payload') && !atEnd);
  if (unread.length === 0) return undefined;
  const other = await scanned(copy, header);
  const stretches = unread.flatMap((hole) => readIn(other, hole));
  if (stretches.length === 0) return undefined;
  const better = withStretches(input, copy, stretches);
  // What neither has stays as it was; any other fault shows that the one does not follow the other.
  const known = new Set([...scan.holes, ...other.holes].map(keyOf));
  const { frames, holes } = await scanned(better, header);
  return frames > scan.frames && holes.every((hole) => known.has(keyOf(hole))) ? better : undefined;
}

type Stretch = Pick<Hole, 'offset' | 'end'>;

/** What of this hole can be read there. */
function readIn({ holes, last }: SegmentScan, { offset, end }: Stretch): Stretch[] {
  const stretches: Stretch[] = [];
  let from = offset;
  for (const hole of holes) {
    if (hole.end <= from || hole.offset >= end) continue;
    if (hole.offset > from) stretches.push({ offset: from, end: hole.offset });
    from = hole.end;
  }
  const to = Math.min(end, last.end);
  return to > from ? [...stretches, { offset: from, end: to }] : stretches;
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

/** `stretches` lie in their order. */
function withStretches(input: SegmentInput, copy: SegmentInput, stretches: readonly Stretch[]): SegmentInput {
  return {
    ...input,
    open: async () => {
      const own = await input.open();
      const other = await copy.open();
      const read: ByteSource['read'] = (buffer, position) => {
        const next = stretches.find(({ end }) => position < end);
        const isHere = next !== undefined && next.offset <= position;
        const end = isHere ? next.end : (next?.offset ?? Number.POSITIVE_INFINITY);
        return (isHere ? other : own).read(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
      };
      return { ...own, read, close: async () => void (await Promise.all([own.close(), other.close()])) };
    },
  };
}
