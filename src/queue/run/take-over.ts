import type { Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import { killOrphans, runnerSeq } from '../process/orphans.ts';
import type { ProcessTable } from '../process/process-table.ts';
import type { QueueMachine } from '../state/machine.ts';

/**
 * Jobs that a dead runner had in its hands: first its children go, then the jobs become pending again, or dead after
 * too many crashes. Undefined when there were none. Rejects as `killOrphans` does: jobs do not run again beside their
 * own children.
 */
export async function takeOver(
  env: StorageEnv,
  store: Store<QueueMachine>,
  engine: QueueEngine,
  table: ProcessTable,
  options: { orphans: 'kill' | 'ignore'; killAfterMs: number },
): Promise<{ jobs: number; dead: number; orphansKilled: number } | undefined> {
  const abandoned = engine.abandoned();
  if (abandoned.length === 0) return undefined;
  const seqs = new Set(abandoned.map((job) => job.dispatchSeq));
  const orphans =
    options.orphans === 'ignore'
      ? []
      : await killOrphans({
          table,
          storeId: store.id,
          includes: (seq) => seq === runnerSeq || seqs.has(seq),
          isOwnFolder: (path) => isSameFolder(env, store.dir, path),
          clock: env.clock,
          graceMs: options.killAfterMs,
        });
  const answers = await engine.reclaim();
  const dead = answers.filter((answer) => answer.verdict === 'dead').length;
  return { jobs: answers.length, dead, orphansKilled: orphans.length };
}

/** Also one that is gone: the store may have been moved. */
export async function isSameFolder({ fs }: StorageEnv, dir: string, path: string): Promise<boolean> {
  const [own, other] = await Promise.all([fs.stat(dir), fs.stat(path).catch(() => undefined)]);
  return own === undefined || other === undefined || (own.ino === other.ino && own.dev === other.dev);
}
