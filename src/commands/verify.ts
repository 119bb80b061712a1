import { usageError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { baseName } from '../base/path.ts';
import type { ForeignLogSummary, ForeignSnapshotSummary } from '../formats/types.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { besideWriter } from '../storage/beside-writer.ts';
import { scanSegmentFile, scanStream, scanWalFolder, verifyStore } from '../storage/read.ts';
import { fitting, verdictOf } from '../storage/report.ts';
import { checkSnapshot } from '../storage/snapshot/read.ts';
import { scanSnapshot } from '../storage/snapshot/scan.ts';
import type { LogReport, SnapshotCheck, Verdict } from '../storage/types.ts';
import type { LogVisitor } from '../storage/wal/scan-log.ts';
import type { CommandContext } from './context.ts';
import type { ExportHeader, ExportTrailer } from './export-form.ts';
import { scanExport } from './export-source.ts';
import { readForeignLog, readForeignSnapshot } from './foreign-source.ts';
import { nameOf, openTarget, type Target, type TargetName } from './target.ts';
import { type DeepLook, lookDeep } from './verify-deep.ts';

export interface VerifyResult {
  target: TargetName;
  verdict: Verdict;
  /** Every fault, in the order found. */
  findings: Finding[];
  /** Stores, wal/ folders, segments, streams. */
  log?: LogReport;
  /** Stores and single snapshots. */
  snapshots?: SnapshotCheck[];
  foreign?: ForeignLogSummary | ForeignSnapshotSummary;
  /** Of an export: its first and its last line, as far as they can be read. */
  export?: { header: ExportHeader | undefined; trailer: ExportTrailer | undefined };
  /** Of a store, when asked for. */
  deep?: Omit<DeepLook, 'findings'>;
}

/**
 * Checks whatever the path is, to its end, past every fault. Damage is the answer, not an error. Throws what
 * `openTarget` throws, and E_READ when the disk refuses.
 */
export async function verifyPath(context: CommandContext, path: string, deep = false): Promise<VerifyResult> {
  const target = await openTarget(context, path);
  if (!deep) return await verifyTarget(context, target);
  if (target.kind !== 'store') {
    throw usageError('E_WRONG_TARGET', '--deep replays a store: its log and its snapshots', {
      data: { file: path },
      next: 'name the folder of the store itself',
    });
  }
  return await besideWriter(context.env, path, () => verifyDeep(context, target));
}

/** The events are held against the snapshots that the first look found: where one is gone by then, both look again. */
async function verifyDeep(context: CommandContext, target: Target): Promise<VerifyResult> {
  const result = await verifyTarget(context, target);
  // Its log was removed: no event is left to be replayed.
  if (result.log?.segments.length === 0) return result;
  const look = await lookDeep(context, target.path, fitting(result.snapshots ?? [], result.findings));
  const findings = [...result.findings, ...look.findings];
  const { applied, leftOut, stateless, proved } = look;
  return { ...result, findings, verdict: verdictOf(findings), deep: { applied, leftOut, stateless, proved } };
}

export async function verifyTarget(context: CommandContext, target: Target): Promise<VerifyResult> {
  const { env } = context;
  const { path } = target;
  const visitor: LogVisitor = { progress: (bytes) => context.progress(bytes, undefined) };
  switch (target.kind) {
    case 'store': {
      const { snapshots, ...log } = await verifyStore(env, path, visitor);
      return { target: nameOf(target), verdict: log.verdict, findings: log.findings, log, snapshots };
    }
    case 'wal-folder':
      return ofLog(nameOf(target), await scanWalFolder(env, path, visitor));
    case 'segment':
      return ofLog(nameOf(target), await scanSegmentFile(env, path, visitor));
    case 'segment-stream':
      return ofLog(nameOf(target), await scanStream(target.take(), visitor));
    case 'export':
    case 'export-stream': {
      const follow = { until: Number.POSITIVE_INFINITY, make: () => new QueueMachine() };
      const { header, trailer, state: _, ...log } = await scanExport(context, target, {}, follow);
      return { ...ofLog(nameOf(target), log), export: { header, trailer } };
    }
    case 'snapshot':
      return ofSnapshot(nameOf(target), await checkSnapshot(env, path, { file: baseName(path) }));
    case 'snapshot-stream':
      return ofSnapshot(nameOf(target), await scanSnapshot(target.take(), { file: 'standard input' }));
    case 'foreign':
    case 'foreign-stream': {
      const { format } = target;
      const foreign =
        format.kind === 'log' ? await readForeignLog(context, target) : await readForeignSnapshot(context, target);
      const verdict = verdictOf(foreign.findings);
      return { target: nameOf(target), verdict, findings: foreign.findings, foreign };
    }
  }
}

function ofLog(target: TargetName, log: LogReport): VerifyResult {
  return { target, verdict: log.verdict, findings: log.findings, log };
}

/** Alone, a bad snapshot is not a degraded store but a damaged file. */
function ofSnapshot(target: TargetName, check: SnapshotCheck): VerifyResult {
  const findings = check.findings.map((finding): Finding => {
    return finding.severity === 'degraded' ? { ...finding, severity: 'corrupt' } : finding;
  });
  return { target, verdict: verdictOf(findings), findings, snapshots: [{ ...check, findings }] };
}
