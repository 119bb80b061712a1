import { WalqError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import type { QueueMachine } from '../../queue/state/machine.ts';
import type { PhaseContext } from '../../queue/state/phase.ts';
import { Settings } from '../../queue/state/settings.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { lastChangeMs, PointMachine } from '../point-machine.ts';
import type { RunnerLook } from '../queue/ask-runner.ts';
import { lookAtQueue } from '../queue/look.ts';
import { logTarget, replayTarget } from '../replay.ts';
import type { Selector } from '../selector.ts';
import { type Seq, seqOf } from '../seq.ts';
import { queueCommand } from '../store-path.ts';
import { isForeign, nameOf, type Target, type TargetName } from '../target.ts';

/** A queue as of one seq, to look at one of its jobs. */
export interface Scene {
  target: TargetName;
  /** For another look at the log. */
  open: Target;
  /** Undefined: what there is of the log gives no state. */
  machine: QueueMachine | undefined;
  /** Last seq in the state; undefined where there is none. */
  seq: Seq | undefined;
  /** What the state was built from, besides the log. */
  snapshot?: { file: string; seq: Seq };
  verdict: Verdict;
  /** Nothing up to its seq is missing in the state, whatever is wrong with the rest. */
  whole?: boolean;
  findings: readonly Finding[];
  /** It stands so now; else it is a moment of the past, or a log by itself: nobody can be asked, nothing done. */
  live: boolean;
  runner: RunnerLook;
  /** When its last event was, where it is not live and the log tells; ms since the epoch. */
  atMs?: number;
  /** For `phaseOf`; its `now` is the time of the last event where the scene is not live. */
  phases: PhaseContext;
  /** How a command on this queue begins: `walq queue`, `walq --store DIR queue`. */
  command: string;
  /** Where the look is to end. */
  until: Selector | undefined;
}

const nobody: RunnerLook = { known: undefined, running: { jobs: [] } };

/** The queue as it stands now: the files, and its runner asked. Rejects as `lookAtQueue` does. */
export async function sceneOfQueue(context: CommandContext): Promise<Scene> {
  const { store, ...look } = await lookAtQueue(context);
  const open: Target = { kind: 'store', path: store };
  return { target: nameOf(open), open, ...look, live: true, command: queueCommand(context, store), until: undefined };
}

/**
 * What a log says, up to a point or to its end. The end of a store is the queue as it stands now. A part of a log that
 * gives no state is a scene without one. Rejects as `replayTarget` does.
 */
export async function sceneOfLog(context: CommandContext, path: string, until: Selector | undefined): Promise<Scene> {
  const open = await logTarget(context, path);
  const isNow = until === undefined || until.kind === 'tail';
  if (open.kind === 'store' && isNow) return await sceneOfQueue({ ...context, store: open.path });
  const base = {
    target: nameOf(open),
    open,
    live: false,
    runner: nobody,
    command: open.kind === 'store' ? queueCommand(context, open.path) : '',
    until: isNow ? undefined : until,
  };
  const wallClock = context.env.clock.now();
  try {
    const make = (): QueueMachine => new PointMachine();
    const replayed = await replayTarget(context, open, { until: base.until, snapshot: 'auto', make });
    const { machine, seq, snapshot, verdict, findings, whole } = replayed;
    const lastMs = machine instanceof PointMachine ? machine.lastMs : (replayed.atMs ?? lastChangeMs(machine));
    // A log without times has no now.
    const phases = { now: lastMs ?? (isForeign(open) ? 0 : wallClock), settings: machine.settings, runner: {} };
    const at = lastMs !== undefined && { atMs: lastMs };
    const facts = { verdict, findings, ...(whole !== undefined && { whole }), ...(snapshot && { snapshot }) };
    return { ...base, machine, seq: seqOf(seq), ...at, ...facts, phases };
  } catch (error) {
    if (!(error instanceof WalqError) || error.code !== 'E_NO_BASE' || open.kind === 'store' || isForeign(open))
      throw error;
    const phases = { now: wallClock, settings: new Settings(), runner: {} };
    return { ...base, machine: undefined, seq: undefined, verdict: 'clean', findings: [], phases };
  }
}
