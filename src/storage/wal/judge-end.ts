import { hex32 } from '../../base/bytes.ts';
import type { Code } from '../../base/code.ts';
import type { Finding } from '../../base/finding.ts';
import type { LostRange } from '../types.ts';
import type { FoundSlot } from './head.ts';
import { headerOf, seqs } from './judge-parts.ts';
import type { LogScan, SegmentResult } from './scan-log.ts';

export interface EndJudgement {
  findings: Finding[];
  lost: LostRange[];
  /** Set when the end says whether the loss is known exactly. */
  lostUnknown?: boolean;
  /** HEAD stands exactly at the end of the log. */
  proven: boolean;
  /** Had whole commits gone from the end, HEAD would show it. */
  bounded: boolean;
}

type HeadJudgement = Omit<EndJudgement, 'bounded'> & { goesOn: boolean };

/**
 * Is the end of the log where HEAD and SEAL prove it to be? Nobody sees a log cut off at a frame border but by this.
 * `alone`: a part of a log was read, so a missing neighbour means nothing.
 */
export function judgeEnd(
  log: LogScan,
  head: FoundSlot | undefined,
  facts: { alone: boolean; seqNext: number },
): EndJudgement {
  const { goesOn, ...judgement } = judgeByHead(log, head, facts);
  // A slot of HEAD that was lost may have told of one commit more than the other: of the one that follows there.
  const bounded = head !== undefined && (head.perhapsOlder !== true || goesOn);
  return { ...judgement, proven: judgement.proven && bounded, bounded };
}

function judgeByHead(
  log: LogScan,
  head: FoundSlot | undefined,
  facts: { alone: boolean; seqNext: number },
): HeadJudgement {
  const last = log.segments.at(-1);
  if (last === undefined) return nothing;
  if (last.scan.sealed) return facts.alone ? nothing : successorMissing(last, head, facts.seqNext);
  if (head === undefined) return nothing;
  const lastOrdinal = headerOf(last)?.ordinal ?? last.input.name?.ordinal ?? 0;
  if (head.ordinal > lastOrdinal) return facts.alone ? nothing : endMissing(last, head, facts.seqNext);
  const here = log.segments.find((result) => headerOf(result)?.ordinal === head.ordinal);
  const header = here && headerOf(here);
  if (here === undefined || header === undefined) return nothing;
  if (head.salt !== header.salt) {
    return mismatch(here, 'HEAD knows another segment of this ordinal', {
      got: `salt ${hex32(header.salt)}`,
      expected: `salt ${hex32(head.salt)}`,
    });
  }
  if (here.pointsPassed.get(head)) {
    const atEnd = here === last && here.scan.last.end === head.end;
    return { ...nothing, proven: atEnd, goesOn: !atEnd };
  }
  if (here.scan.last.end < head.end) return endMissing(here, head, facts.seqNext);
  const broken = here.scan.holes.some((hole) => hole.offset < head.end && hole.kind !== 'zeros');
  return broken ? nothing : mismatch(here, 'no frame ends where HEAD says that one did', { offset: head.end });
}

const nothing: HeadJudgement = { findings: [], lost: [], proven: false, goesOn: false };

function successorMissing(last: SegmentResult, head: FoundSlot | undefined, seqNext: number): HeadJudgement {
  const ordinal = headerOf(last)?.ordinal ?? last.input.name?.ordinal ?? 0;
  const lost = head && head.ordinal > ordinal ? seqs(seqNext, head.seqLast) : undefined;
  return {
    ...finding('E_MISSING_SEGMENT', last, 'segment is sealed, but the one after it is missing', lost),
    lost: lost ? [lost] : [],
    ...(head && head.ordinal > ordinal ? {} : { lostUnknown: true }),
  };
}

function endMissing(result: SegmentResult, head: FoundSlot, seqNext: number): HeadJudgement {
  const range = seqs(seqNext, head.seqLast);
  const lost = range ? [range] : [];
  const sameSegment = head.ordinal === headerOf(result)?.ordinal;
  const reported = result.scan.holes.some((hole) => hole.atEnd && hole.offset < head.end);
  // The hole at the end is a finding already; HEAD only says how much it held.
  if (sameSegment && reported) return { ...nothing, lost, ...(head.end >= result.scan.size && { lostUnknown: false }) };
  const where = `HEAD proves the log up to segment ${head.ordinal} offset ${head.end}`;
  const message = `${where}: the end is missing, or this is a copy taken while a writer ran`;
  return { ...finding('E_END_MISSING', result, message, { offset: result.scan.last.end, ...range }), lost };
}

function mismatch(result: SegmentResult, message: string, more: Partial<Finding>): HeadJudgement {
  return finding('E_HEAD_MISMATCH', result, message, more);
}

function finding(
  code: Code,
  result: SegmentResult,
  message: string,
  more: Partial<Finding> | undefined,
): HeadJudgement {
  return { ...nothing, findings: [{ code, severity: 'corrupt', file: result.input.file, message, ...more }] };
}
