import { type Finding, worstSeverity } from '../base/finding.ts';
import type { LogReport, SegmentSummary, Verdict } from './types.ts';
import type { LogJudgement } from './wal/judge-log.ts';
import { headerOf } from './wal/judge-parts.ts';
import { type Evidence, isForeign, type LogScan } from './wal/scan-log.ts';

/** Verdict and loss once some findings have proved to be a writer's work in flight. */
export function settle<R extends LogReport>(report: R, findings: Finding[]): R {
  const verdict = verdictOf(findings);
  const damaged = findings.some((finding) => finding.severity === 'corrupt' || finding.severity === 'no-base');
  if (damaged) return { ...report, findings, verdict };
  const { tail, ...rest } = report;
  const tailStands = tail && findings.some((finding) => finding.file === tail.file && finding.offset === tail.offset);
  return {
    ...(rest as R),
    findings,
    verdict,
    lost: [],
    lostUnknown: false,
    recordsAfterHole: 0,
    strays: [],
    ...(tailStands && { tail }),
  };
}

/** What `wal verify` shows: the facts of a scan and what they mean. `findings` where there are more than the log's own. */
export function toReport(
  log: LogScan,
  evidence: Evidence,
  judgement: LogJudgement,
  findings: Finding[] = judgement.findings,
): LogReport {
  const segments = log.segments.map(({ input, scan }): SegmentSummary => {
    const seqLast = scan.last.seqNext - 1;
    return {
      file: input.file,
      ordinal: scan.header?.ordinal ?? input.name?.ordinal ?? 0,
      size: scan.size,
      end: scan.run.end,
      frames: scan.frames,
      records: scan.records,
      ...(scan.seqFirst !== undefined && { seqFirst: scan.seqFirst, seqLast }),
      sealed: scan.sealed,
    };
  });
  const isOther = (each: LogScan['segments'][number]): boolean =>
    judgement.strays.has(each) || judgement.forked.has(each);
  const inLog = log.segments.map((each) => !isForeign(each.scan.header, evidence) && !isOther(each));
  const own = segments.filter((_, index) => inLog[index]);
  // Not those of the first and of the last one: a file may have been renamed.
  const seqs = own.flatMap(({ seqFirst, seqLast }) => (seqFirst === undefined ? [] : [seqFirst, seqLast ?? seqFirst]));
  const [first, last] = seqs.length === 0 ? [] : [Math.min(...seqs), Math.max(...seqs)];
  const storeId = evidence.storeId ?? log.segments.find((result) => result.scan.header)?.scan.header?.storeId;
  let recordsAfterHole = 0;
  // Reading that was stopped on purpose did not see all of them: a part of the number would pass for the number.
  for (const result of log.stopped ? [] : log.segments) {
    const { scan, afterHole } = result;
    if (headerOf(result)?.storeId !== storeId || isOther(result)) continue;
    recordsAfterHole += afterHole || scan.pieced ? scan.records : scan.recordsAfterHole;
  }
  return {
    verdict: verdictOf(findings),
    findings,
    ...(storeId !== undefined && { storeId }),
    segments,
    frames: own.reduce((sum, segment) => sum + segment.frames, 0),
    records: own.reduce((sum, segment) => sum + segment.records, 0),
    bytes: segments.reduce((sum, segment) => sum + segment.size, 0),
    ...(first !== undefined && { seqFirst: first }),
    ...(last !== undefined && { seqLast: last }),
    lost: judgement.lost,
    lostUnknown: judgement.lostUnknown,
    recordsAfterHole,
    ...(judgement.tail && { tail: judgement.tail }),
    strays: [...judgement.strays].map(({ input }) => input.file),
    endProven:
      judgement.endProven || (evidence.alone !== true && judgement.bounded && evidence.head?.storeId === storeId),
  };
}

/** Those that are not known to be of another log: no other can be a base. */
export function fitting<S extends { file: string }>(snapshots: readonly S[], findings: readonly Finding[]): S[] {
  const misfits = new Set(findings.filter(({ code }) => code === 'E_SNAPSHOT_CHAIN').map(({ file }) => file));
  return snapshots.filter(({ file }) => !misfits.has(file));
}

/** The verdict that findings alone give. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  const worst = worstSeverity(findings);
  if (worst === 'no-base') return 'no base';
  if (worst !== undefined && worst !== 'note') return worst;
  return findings.some((finding) => finding.code === 'E_PADDING') ? 'padded' : 'clean';
}
