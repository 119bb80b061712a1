import type { ByteSource } from '../../base/source.ts';
import { readInto } from '../../fs/read.ts';
import type { ChainPoint, FrameView, LostRange, RecordView } from '../types.ts';
import {
  decodeSegmentHeader,
  type FrameHeader,
  FrameType,
  frameBytes,
  frameName,
  type SegmentHeader,
  sealBytes,
  segmentHeaderBytes,
} from './format.ts';
import type { FoundSlot } from './head.ts';
import type { SegmentName } from './names.ts';
import { piecedHeader } from './pieced-header.ts';
import { forEachRecord } from './records.ts';
import { scanSegment } from './scan-segment.ts';
import type { FrameEnd, FrameVisitor, SegmentScan } from './scan-types.ts';

/** One segment file to read, in log order. */
export interface SegmentInput {
  /** As findings name it. */
  file: string;
  /** From the file name; absent for a stream or a file under another name. */
  name?: SegmentName;
  /** What is known of its header, should it be damaged. */
  pieced?: SegmentHeader;
  open(): Promise<ByteSource & { close(): Promise<void> }>;
}

/** What is known besides the segment files themselves. */
export interface Evidence {
  storeId?: string;
  head?: FoundSlot;
  /** Frame ends that snapshots claim. */
  points?: readonly { ordinal: number; offset: number; link: number; salt: number }[];
  /** A snapshot is at hand whose frame ends there: what continues it is not behind a hole that lies before. */
  resume?: ChainPoint;
  /** The files are a part of a log: neither a missing neighbour nor an open end means anything. */
  alone?: boolean;
  /** Header of the segment after the last one given, when that one is not scanned itself. */
  nextHeader?: SegmentHeader;
  /** True when that segment holds frames. */
  nextInUse?: boolean;
}

export interface LogVisitor {
  /** Every good frame, but for those of another store; false stops. */
  frame?(frame: FrameView): undefined | boolean | Promise<undefined | boolean>;
  /** Every good record; false stops. */
  record?(record: RecordView): undefined | boolean | Promise<undefined | boolean>;
  /** Seqs that a LOST frame owns, inclusive; in turn with the records around them. */
  lost?(range: LostRange & { file: string; offset: number; afterHole: boolean }): void;
  /** What a SNAPSHOT frame says. */
  snapshot?(payload: Uint8Array): void;
  /** A fault lies here, in turn with the records around it: nothing that comes next follows from what came before. */
  hole?(): void;
  /** Bytes read so far of all bytes. */
  progress?(bytes: number): void;
}

export interface SegmentResult {
  input: SegmentInput;
  scan: SegmentScan;
  /** A fault lies before this segment: nothing of it continues the log, unless a snapshot leads past the fault. */
  afterHole: boolean;
  /** For each point of the evidence that lies in this segment: whether a frame ends there. */
  pointsPassed: Map<object, boolean>;
}

export interface LogScan {
  segments: SegmentResult[];
  stopped: boolean;
}

/** Reads all segments in order. Judges nothing: that is `judgeLog`. Rejects on I/O errors only, and with what `open` does. */
export async function scanLog(
  inputs: readonly SegmentInput[],
  evidence: Evidence,
  visitor: LogVisitor = {},
): Promise<LogScan> {
  const log: LogScan = { segments: [], stopped: false };
  let before: SegmentResult | undefined;
  let broken = false;
  let bytesBefore = 0;
  for (const [index, input] of inputs.entries()) {
    const source = await input.open();
    try {
      const header = input.name === undefined ? undefined : await peekHeader(source);
      const pieced =
        header === undefined ? (input.pieced ?? (await pieceHeader(input, inputs[index + 1], evidence))) : undefined;
      const known = header ?? pieced;
      const points = [...(evidence.points ?? []), ...(evidence.head ? [evidence.head] : [])].map((point) => ({
        key: point,
        offset: 'end' in point ? point.end : point.offset,
        link: point.link,
        here: point.ordinal === known?.ordinal && point.salt === known.salt,
      }));
      const mine = points.filter((point) => point.here);
      const { resume } = evidence;
      if (resume && header && beginsBehind(resume, header, evidence)) broken = false;
      else broken ||= before !== undefined && !follows(before, header);
      const resumesHere = resume && resume.ordinal === known?.ordinal && resume.salt === known.salt;
      const afterHole = broken;
      if (pieced || (before && !(header && continues(before, header)))) visitor.hole?.();
      const scan: SegmentScan = await scanSegment(source, {
        points: mine,
        ...(pieced && { pieced }),
        ...(visitor.hole && { hole: () => visitor.hole?.() }),
        ...(resumesHere && { resume: { end: resume.offset, link: resume.link, seqNext: resume.seq + 1 } }),
        ...(visitor.progress && { progress: (bytes) => visitor.progress?.(bytesBefore + bytes) }),
        ...(watches(visitor) && !isForeign(header, evidence) && { visit: toVisitor(input, visitor, () => broken) }),
      });
      const pointsPassed = new Map(mine.map((point, at) => [point.key, scan.passed[at] === true]));
      before = { input, scan, afterHole, pointsPassed };
      log.segments.push(before);
      bytesBefore += scan.size;
      broken ||= scan.severed;
      if (scan.stopped) return { ...log, stopped: true };
    } finally {
      await source.close();
    }
  }
  return log;
}

function watches({ frame, record, lost, snapshot }: LogVisitor): boolean {
  return (frame ?? record ?? lost ?? snapshot) !== undefined;
}

/** What a segment of another store holds is no part of this log: it is judged, and nobody gets to see it. */
export function isForeign(header: SegmentHeader | undefined, { storeId, alone }: Evidence): boolean {
  return header !== undefined && storeId !== undefined && alone !== true && header.storeId !== storeId;
}

async function peekHeader(source: ByteSource): Promise<SegmentHeader | undefined> {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const result = decodeSegmentHeader(bytes.subarray(0, await readInto(source, bytes, 0)));
  return result.ok ? result.header : undefined;
}

/** Of a header that cannot be read, what the files around it know. */
async function pieceHeader(
  { name }: SegmentInput,
  after: SegmentInput | undefined,
  { storeId, head, nextHeader, points }: Evidence,
): Promise<SegmentHeader | undefined> {
  if (name === undefined || storeId === undefined) return undefined;
  if (after === undefined) return piecedHeader(name, storeId, { next: nextHeader, head, points });
  const source = await after.open();
  try {
    return piecedHeader(name, storeId, { next: await peekHeader(source), head, points });
  } finally {
    await source.close();
  }
}

/**
 * May the frames of the next segment be taken as the continuation? An unsealed one before is judged by its emptiness
 * later.
 */
function follows({ scan }: SegmentResult, next: SegmentHeader | undefined): boolean {
  const header = scan.header ?? scan.pieced;
  return next !== undefined && header !== undefined && stands(next, header, scan.resumed ?? scan.run, scan.sealed);
}

/** The same, whatever holes lie in the one before. */
function continues({ scan }: SegmentResult, next: SegmentHeader): boolean {
  const header = scan.header ?? scan.pieced;
  return header !== undefined && stands(next, header, scan.last, scan.sealed);
}

/** Does `next` say of the segment before it what that one is? */
function stands(next: SegmentHeader, header: SegmentHeader, run: FrameEnd, sealed: boolean): boolean {
  return (
    next.ordinal === header.ordinal + 1 &&
    next.storeId === header.storeId &&
    next.prevSalt === header.salt &&
    next.seqFirst === run.seqNext &&
    (sealed ? next.prevEnd === run.end && next.prevLink === run.link : next.prevEnd === run.end + sealBytes)
  );
}

/** Seqs have no gap, so that nothing but a SEAL can lie between the point and this segment, whatever is left of it. */
function beginsBehind(point: ChainPoint, header: SegmentHeader, { storeId }: Evidence): boolean {
  const next = header.ordinal === point.ordinal + 1 && header.prevSalt === point.salt;
  return next && header.seqFirst === point.seq + 1 && (storeId === undefined || header.storeId === storeId);
}

function toVisitor(input: SegmentInput, visitor: LogVisitor, brokenBefore: () => boolean): FrameVisitor {
  const ordinal = input.name?.ordinal ?? 0;
  return (header, payload, afterHole) => {
    const after = afterHole || brokenBefore();
    if (header.type === FrameType.lost && visitor.lost !== undefined) {
      const { seqFirst, count, offset } = header;
      visitor.lost({ seqFirst, seqLast: seqFirst + count - 1, file: input.file, offset, afterHole: after });
    }
    if (header.type === FrameType.snapshot) visitor.snapshot?.(payload);
    if (visitor.record === undefined) return visitor.frame?.(frameView(input.file, ordinal, header, payload, after));
    const frame = visitor.frame?.(frameView(input.file, ordinal, header, payload, after));
    if (frame === undefined || frame === true) return records(visitor, input.file, header, payload, after);
    if (frame === false) return false;
    return frame.then((go) => (go === false ? false : records(visitor, input.file, header, payload, after)));
  };
}

function frameView(
  file: string,
  ordinal: number,
  header: FrameHeader,
  payload: Uint8Array,
  afterHole: boolean,
): FrameView {
  return {
    file,
    ordinal,
    offset: header.offset,
    bytes: frameBytes(header.payloadBytes),
    type: frameName(header.type) ?? 'other',
    typeByte: header.type,
    seqFirst: header.seqFirst,
    count: header.count,
    payload,
    afterHole,
  };
}

/** Hands out the records one by one; waits only where the visitor does. */
function records(
  visitor: LogVisitor,
  file: string,
  header: FrameHeader,
  payload: Uint8Array,
  afterHole: boolean,
): undefined | boolean | Promise<undefined | boolean> {
  if (header.type !== FrameType.data) return undefined;
  let pending: Promise<undefined | boolean> | undefined;
  let go = true;
  forEachRecord(payload, (bytes, index) => {
    if (!go) return;
    const record: RecordView = { seq: header.seqFirst + index, bytes, file, offset: header.offset, afterHole };
    if (pending !== undefined) {
      pending = pending.then((before) => (before === false ? false : visitor.record?.(record)));
      return;
    }
    const answer = visitor.record?.(record);
    if (answer === false) go = false;
    else if (typeof answer === 'object') pending = answer;
  });
  return pending ?? (go ? undefined : false);
}
