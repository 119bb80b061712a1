import type { Finding } from '../base/finding.ts';
import { hashEntries } from '../storage/snapshot/hash.ts';
import type { Verdict } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { replayPath } from './replay.ts';
import type { ReplayRequest } from './replay-types.ts';
import type { TargetName } from './target.ts';

export interface StateHash {
  target: TargetName;
  /** The last one in the state. */
  seq: number | string;
  /** Hex SHA-256, as snapshots carry it: equal states have equal hashes, however they came about. */
  stateHash: string;
  verdict: Verdict;
  findings: Finding[];
  whole?: boolean;
}

/** Throws as `replayPath` does. */
export async function stateHashOf(context: CommandContext, request: ReplayRequest): Promise<StateHash> {
  const { target, machine, seq, verdict, findings, whole } = await replayPath(context, request);
  const stateHash = hashEntries(machine.cut());
  return { target, seq, stateHash, verdict, findings, ...(whole !== undefined && { whole }) };
}
