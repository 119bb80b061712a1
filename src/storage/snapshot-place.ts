import type { Finding } from '../base/finding.ts';
import type { Survey } from './survey.ts';
import type { ChainPoint } from './types.ts';
import type { LogJudgement } from './wal/judge-log.ts';
import { headerOf, isReadTo } from './wal/judge-parts.ts';
import type { LogScan } from './wal/scan-log.ts';

/** Where a snapshot says that it stands in the log, and whether the log has such a place. */

/**
 * The segment of this point is gone, and the one that begins the log follows another of that ordinal: the snapshot is
 * of a copy of this store that went its own way.
 */
export function otherPast(log: LogScan, point: ChainPoint): boolean {
  const first = log.segments[0]?.scan.header;
  return first !== undefined && first.ordinal === point.ordinal + 1 && first.prevSalt !== point.salt;
}

/** Snapshots that name a frame end which the log does not have, although the log is sound there. */
export function misfitting(survey: Survey, log: LogScan, { forked }: Pick<LogJudgement, 'forked'>): Finding[] {
  return survey.snapshots.flatMap((snapshot): Finding[] => {
    const point = snapshot.point;
    if (point === undefined) return [];
    const segment = log.segments.find((result) => headerOf(result)?.ordinal === point.ordinal);
    if (segment === undefined && !otherPast(log, point)) return [];
    // One of another store, or of a copy that went its own way, stands where the snapshot's own segment stood: that
    // proves nothing against it.
    if (segment?.scan.header && segment.scan.header.storeId !== survey.identity.id) return [];
    const isApart = segment !== undefined && forked.has(segment);
    if (isApart && segment.scan.header?.salt !== point.salt) return [];
    const isWhole = segment?.scan.sealed === true && segment.scan.holes.length === 0;
    const sound = segment === undefined || isWhole || isReadTo(segment, point.offset);
    if (!sound || (segment?.pointsPassed.get(point) && !isApart)) return [];
    const message = 'snapshot does not fit the log at its seq';
    return [{ code: 'E_SNAPSHOT_CHAIN', severity: 'degraded', file: snapshot.file, message, seqLast: point.seq }];
  });
}

/** Does it stand behind this end of the log? One of the last seq may: behind frames without events. */
export function isBehind(point: ChainPoint, end: { ordinal: number; offset: number }): boolean {
  return point.ordinal > end.ordinal || (point.ordinal === end.ordinal && point.offset > end.offset);
}

/** A snapshot proves that the log had reached its seq, and its place. */
export function aheadOfLog(survey: Survey, log: LogScan, judgement: LogJudgement): Finding[] {
  const newest = survey.snapshots.find((snapshot) => snapshot.point);
  // How far a segment of a newer walq goes, this one cannot tell.
  if (judgement.findings.some((finding) => finding.severity === 'newer')) return [];
  // What is named as lost is not missing from the end: it stands there, unreadable, or HEAD told of it.
  const seqNext = Math.max(judgement.seqNext, (judgement.lost.at(-1)?.seqLast ?? 0) + 1);
  if (newest?.point === undefined) return [];
  const isMissing = newest.seq >= seqNext;
  if (!isMissing && !(newest.seq === seqNext - 1 && endsBefore(log, judgement, newest.point))) return [];
  return [
    {
      code: 'E_SNAPSHOT_AHEAD',
      severity: 'corrupt',
      file: newest.file,
      message: 'snapshot is ahead of the log: the end of the log is missing',
      ...(isMissing && { seqFirst: seqNext, seqLast: newest.seq }),
    },
  ];
}

/** Frames without events, as a writer leaves them when it closes, are missing from the end, and no other fault says so. */
function endsBefore(log: LogScan, { findings }: LogJudgement, point: ChainPoint): boolean {
  const last = log.segments.at(-1);
  const header = last?.scan.header;
  if (last === undefined || header?.ordinal !== point.ordinal || header.salt !== point.salt) return false;
  const isTold = findings.some(({ file, severity }) => file === last.input.file && severity === 'corrupt');
  return last.scan.last.end < point.offset && !isTold;
}
