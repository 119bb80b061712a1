import type { Clock } from '../../base/clock.ts';
import type { FileSystem } from '../../fs/types.ts';
import { runAttempt } from './attempt.ts';
import type { AttemptHooks, AttemptSpec, RunningAttempt } from './attempt-types.ts';
import { fileOutput } from './output.ts';
import type { ProcessTable } from './process-table.ts';

/** An attempt as plain data, so that another process can carry it out. */
export interface AttemptOrder
  extends Pick<AttemptSpec, 'command' | 'owner' | 'job' | 'store' | 'lease' | 'killAfterMs'> {
  timeoutMs?: number;
  /** Where its output goes. */
  log: { folder: string; name: string };
}

/** What carrying one out takes besides. */
export interface OrderTools {
  fs: FileSystem;
  clock: Clock;
  table: Pick<ProcessTable, 'groupLives'>;
  env: AttemptSpec['env'];
}

export function runOrder(order: AttemptOrder, tools: OrderTools, hooks: AttemptHooks = {}): RunningAttempt {
  const { log, ...spec } = order;
  const { fs, clock, table, env } = tools;
  return runAttempt({ ...spec, output: fileOutput(fs, log.folder, () => log.name), table, clock, env }, hooks);
}
