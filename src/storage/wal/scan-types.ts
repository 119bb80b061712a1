import type { FrameHeader, SegmentHeader, SegmentHeaderResult } from './format.ts';

/** What is wrong with a stretch of a segment. Facts only; `verdict.ts` says what they mean. */
export type HoleKind =
  | 'zeros' // zeros from here to the end of the file
  | 'cut' // the file ends inside a frame
  | 'header' // no sound frame header where one must be
  | 'payload' // sound header, payload or padding fails its CRC
  | 'records' // payload passes its CRC but is not `count` records
  | 'link' // a sound frame that does not follow the one before it
  | 'seq-gap' // a sound frame whose seq jumps ahead
  | 'seq-back' // a sound frame whose seq was already used
  | 'certified' // a sound frame that claims more than lies before it
  | 'after-seal' // something after SEAL
  | 'newer-type'; // a mandatory frame type of a newer walq

export interface Hole {
  kind: HoleKind;
  offset: number;
  /** One past the last byte concerned; equal to `offset` when the bytes are sound but do not belong. */
  end: number;
  /** A sector's part of the frame is all zero: it never reached the disk. */
  zeroSector: boolean;
  /** Every byte from `offset` to `end` is zero. */
  allZeros: boolean;
  /** The hole reaches the end of the file. */
  atEnd: boolean;
  got?: number;
  expected?: number;
  /** Where no header is sound: what a frame that continues the log there would have as link and first seq. */
  follows?: { link: number; seqNext: number };
  /** Lost seqs, where the bytes around the hole say so. Inclusive. */
  seqFirst?: number;
  seqLast?: number;
}

/** Where good frames come to an end: offset and link there, and the seq that comes next. */
export interface FrameEnd {
  readonly end: number;
  readonly link: number;
  readonly seqNext: number;
}

export interface SegmentScan {
  headerResult: SegmentHeaderResult;
  header?: SegmentHeader;
  /** Where that one cannot be read, and there are frames that hold by what others know of it: severed. */
  pieced?: SegmentHeader;
  size: number;
  frames: number;
  records: number;
  recordsAfterHole: number;
  /** The end of the unbroken run of good frames from the header on. */
  run: FrameEnd;
  /** The end of the last good frame, whether or not a hole lies before it. */
  last: FrameEnd;
  /** The end of the run from the `resume` point on, where a hole lies before that. */
  resumed?: FrameEnd;
  /** Bytes that hold something do not continue what came before them, or, once resumed, what came from there on. */
  severed: boolean;
  /** First seq of a record or LOST frame seen, if any. */
  seqFirst?: number;
  /** Seqs that LOST frames own, inclusive; the first so many of them. */
  lost: { offset: number; seqFirst: number; seqLast: number }[];
  holes: Hole[];
  holesOmitted: number;
  /** Largest certified end stated by a sound header. */
  certified: number;
  /** The last good frame is a SEAL. */
  sealed: boolean;
  /** The last good frame is a CLOSE. */
  closed: boolean;
  /** For each asked-for point: whether a frame ends there with that link. */
  passed: boolean[];
  /** The visitor asked to stop. */
  stopped: boolean;
}

export type FrameVisitor = (
  header: FrameHeader,
  payload: Uint8Array,
  afterHole: boolean,
) => undefined | boolean | Promise<undefined | boolean>;

export interface ScanOptions {
  visit?: FrameVisitor;
  /** What is known of the header from elsewhere, should it be damaged. */
  pieced?: SegmentHeader;
  /** Frame ends that other evidence (HEAD, a snapshot) claims. */
  points?: readonly { offset: number; link: number }[];
  /** Where the log goes on for somebody who has all that came before by other means: a hole before it is none to them. */
  resume?: FrameEnd;
  /** Called at each fault that severs. */
  hole?: () => void;
  /** Called now and then with bytes read so far. */
  progress?: (bytes: number) => void;
}
