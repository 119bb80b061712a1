import type { Clock } from '../../base/clock.ts';
import type { QueueEngine } from '../engine.ts';
import { killOrphans, runnerSeq } from '../process/orphans.ts';
import type { ProcessTable } from '../process/process-table.ts';

/**
 * Jobs that a dead runner had in its hands: first its children go, then the jobs become pending again, or dead after
 * too many crashes. Undefined when there were none. Rejects as `killOrphans` does: jobs do not run again beside their
 * own children.
 */
export async function takeOver(
  parts: { engine: QueueEngine; table: ProcessTable; storeId: string; clock: Clock },
  options: { orphans: 'kill' | 'ignore'; killAfterMs: number },
): Promise<{ jobs: number; dead: number; orphansKilled: number } | undefined> {
  const { engine, table, storeId, clock } = parts;
  const abandoned = engine.abandoned();
  if (abandoned.length === 0) return undefined;
  const seqs = new Set(abandoned.map((job) => job.dispatchSeq));
  const includes = (seq: number) => seq === runnerSeq || seqs.has(seq);
  const orphans =
    options.orphans === 'kill'
      ? await killOrphans({ table, storeId, includes, clock, graceMs: options.killAfterMs })
      : [];
  const answers = await engine.reclaim();
  const dead = answers.filter((answer) => answer.verdict === 'dead').length;
  return { jobs: answers.length, dead, orphansKilled: orphans.length };
}
