import type { Finding } from '../base/finding.ts';
import { baseName } from '../base/path.ts';
import type { ForeignLogSummary, ForeignSnapshotSummary } from '../formats/types.ts';
import { scanSegmentFile, scanStream, scanWalFolder, verifyStore } from '../storage/read.ts';
import { checkSnapshot } from '../storage/snapshot/read.ts';
import { scanSnapshot } from '../storage/snapshot/scan.ts';
import type { LogReport, SnapshotCheck, Verdict } from '../storage/types.ts';
import type { LogVisitor } from '../storage/wal/scan-log.ts';
import type { CommandContext } from './context.ts';
import { readForeignLog, readForeignSnapshot } from './foreign-source.ts';
import { openTarget, type Target } from './target.ts';
import { verdictOfFindings } from './verdict.ts';

export interface VerifyResult {
  target: { kind: Target['kind']; path: string; format?: string };
  verdict: Verdict;
  /** Every fault, in the order found. */
  findings: Finding[];
  /** Stores, wal/ folders, segments, streams. */
  log?: LogReport;
  /** Stores and single snapshots. */
  snapshots?: SnapshotCheck[];
  foreign?: ForeignLogSummary | ForeignSnapshotSummary;
}

/**
 * Checks whatever the path is, to its end, past every fault. Damage is the answer, not an error. Throws what
 * `openTarget` throws, and E_READ when the disk refuses.
 */
export async function verifyPath(context: CommandContext, path: string): Promise<VerifyResult> {
  return await verifyTarget(context, await openTarget(context, path));
}

export async function verifyTarget(context: CommandContext, target: Target): Promise<VerifyResult> {
  const { env } = context;
  const { kind, path } = target;
  const visitor: LogVisitor = { progress: (bytes) => context.progress(bytes, undefined) };
  switch (target.kind) {
    case 'store': {
      const { snapshots, ...log } = await verifyStore(env, path, visitor);
      return { target: { kind, path }, verdict: log.verdict, findings: log.findings, log, snapshots };
    }
    case 'wal-folder':
      return ofLog({ kind, path }, await scanWalFolder(env, path, visitor));
    case 'segment':
      return ofLog({ kind, path }, await scanSegmentFile(env, path, visitor));
    case 'segment-stream':
      return ofLog({ kind, path }, await scanStream(target.source, 'standard input', visitor));
    case 'snapshot':
      return ofSnapshot({ kind, path }, await checkSnapshot(env, path, { relativeName: baseName(path) }));
    case 'snapshot-stream':
      return ofSnapshot({ kind, path }, await scanSnapshot(target.source, { file: 'standard input' }));
    case 'foreign':
    case 'foreign-stream': {
      const { format } = target;
      const foreign =
        format.kind === 'log' ? await readForeignLog(context, target) : await readForeignSnapshot(context, target);
      const verdict = verdictOfFindings(foreign.findings);
      return { target: { kind, path, format: format.name }, verdict, findings: foreign.findings, foreign };
    }
  }
}

function ofLog(target: VerifyResult['target'], log: LogReport): VerifyResult {
  return { target, verdict: log.verdict, findings: log.findings, log };
}

/** Alone, a bad snapshot is not a degraded store but a damaged file. */
function ofSnapshot(target: VerifyResult['target'], check: SnapshotCheck): VerifyResult {
  const findings = check.findings.map((finding): Finding => {
    return finding.severity === 'degraded' ? { ...finding, severity: 'corrupt' } : finding;
  });
  return { target, verdict: verdictOfFindings(findings), findings, snapshots: [{ ...check, findings }] };
}
