import { type Finding, findingError } from '../base/finding.ts';
import { baseName } from '../base/path.ts';
import type { ForeignSnapshotSummary } from '../formats/types.ts';
import type { JobState } from '../queue/state/job.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { besideWriter } from '../storage/beside-writer.ts';
import { verdictOf } from '../storage/report.ts';
import { readSnapshot } from '../storage/snapshot/read.ts';
import { scanSnapshot } from '../storage/snapshot/scan.ts';
import type { SnapshotSummary, Verdict } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { readForeignSnapshot } from './foreign-source.ts';
import { type JobRow, rowOfForeignJob, rowOfJob } from './job-row.ts';
import { newestGoodSnapshot, refuseLog } from './snapshots.ts';
import { isForeign, nameOf, openTarget, type Target, type TargetName } from './target.ts';

export interface ShownSnapshot {
  target: TargetName;
  seq: number | string | undefined;
  counts: Readonly<Record<JobState, number>>;
  jobs(): Iterable<JobRow>;
  summary?: SnapshotSummary;
  foreign?: ForeignSnapshotSummary;
  verdict: Verdict;
  findings: Finding[];
}

/**
 * The state in a snapshot file, or in the newest good one of a store: then `findings` has the faults of newer ones.
 * Throws the damage of one of ours (3), E_WRONG_TARGET (2), E_NO_SNAPSHOT (1).
 */
export async function showSnapshot(context: CommandContext, path: string): Promise<ShownSnapshot> {
  const target = await openTarget(context, path);
  refuseLog(target);
  if (isForeign(target)) {
    const rows: JobRow[] = [];
    const foreign = await readForeignSnapshot(context, target, (job) => {
      rows.push(rowOfForeignJob(job));
    });
    return {
      target: nameOf(target),
      seq: foreign.lastSeq,
      counts: foreign.byStatus,
      jobs: () => rows,
      foreign,
      verdict: verdictOf(foreign.findings),
      findings: foreign.findings,
    };
  }
  const machine = new QueueMachine();
  const { summary, findings } = await loadSnapshot(context, target, machine);
  return {
    target: nameOf(target),
    seq: summary.seq,
    counts: machine.counts,
    *jobs() {
      for (const job of machine.jobs()) yield rowOfJob(job);
    },
    summary,
    verdict: verdictOf(findings),
    findings,
  };
}

/** Fills a machine from a snapshot of ours: a file, a stream, the newest good one of a store. Throws its damage (3). */
export async function loadSnapshot(
  context: CommandContext,
  target: Target,
  machine: QueueMachine,
): Promise<{ summary: SnapshotSummary; findings: Finding[] }> {
  const onEntry = (entry: Uint8Array): void => machine.load(entry);
  if (target.kind === 'snapshot-stream') {
    const { summary, findings } = await scanSnapshot(target.take(), { file: 'standard input', onEntry });
    if (summary === undefined) throw findingError(findings);
    return { summary, findings };
  }
  if (target.kind === 'store') {
    // A file that is open stays readable: the machine is given nothing of one that is gone.
    return await besideWriter(context.env, target.path, async () => {
      const { path, newerFaults } = await newestGoodSnapshot(context, target.path);
      return { summary: await readSnapshot(context.env, path, onEntry), findings: newerFaults };
    });
  }
  const options = { file: baseName(target.path) };
  return { summary: await readSnapshot(context.env, target.path, onEntry, options), findings: [] };
}
