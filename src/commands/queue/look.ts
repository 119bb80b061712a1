import type { Finding } from '../../base/finding.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import type { PhaseContext } from '../../queue/state/phase.ts';
import { replayTo } from '../../storage/replay.ts';
import { verdictOf } from '../../storage/report.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { openStoreTarget } from '../store-target.ts';
import { lookAtRunner, type RunnerLook } from './ask-runner.ts';

/** A queue as it stands at one seq: read from the files, without a lock and without writing, and its runner asked. */
export interface QueueLook {
  store: string;
  machine: QueueMachine;
  seq: number;
  /** What the state was built from, besides the log. */
  snapshot?: { file: string; seq: number };
  verdict: Verdict;
  /** Nothing is missing in the state, whatever is wrong with the rest of the store. */
  whole: boolean;
  findings: Finding[];
  runner: RunnerLook;
  /** For `phaseOf`. */
  phases: PhaseContext;
}

/** Rejects with E_NO_STORE (1), E_WRONG_TARGET (2), E_NO_BASE, E_REPLAY (3), E_READ (74). */
export async function lookAtQueue(context: CommandContext): Promise<QueueLook> {
  const { env } = context;
  const store = await openStoreTarget(context, []);
  const { machine, seq, snapshot, whole, findings } = await replayTo(env, store, () => new QueueMachine());
  // Asked after reading: a runner that is gone by now cannot have the jobs that the files give it.
  const runner = await lookAtRunner(env, store);
  const { settings } = machine;
  const phases = { now: env.clock.now(), settings, runner: runner.known };
  const base = snapshot && { file: snapshot.file, seq: snapshot.seq };
  return {
    store,
    machine,
    seq,
    ...(base && { snapshot: base }),
    verdict: verdictOf(findings),
    whole,
    findings,
    runner,
    phases,
  };
}
