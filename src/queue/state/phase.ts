import { dueAtOnce } from './due.ts';
import { type InFlightJob, isBlocked, type Job, type PendingJob } from './job.ts';
import { type Lane, laneOf } from './lane.ts';
import type { Pause, Settings } from './settings.ts';

/**
 * What a job waits for, or what is happening to it: finer than its state, and derived from the state, the settings, the
 * clock and the runner. It decides nothing; it explains.
 */
export type Phase =
  | { kind: 'ready' }
  /** Waits for its time, ms since the epoch. */
  | { kind: 'scheduled'; runAt: number }
  /** The same after a failed attempt. */
  | { kind: 'retrying'; runAt: number; reason: string }
  /** Waits for these jobs to complete. */
  | { kind: 'blocked'; parents: readonly string[] }
  | { kind: 'paused'; pause: Pause }
  /** The runner that lives does not take jobs of this kind: those with a command, or without, or of this name. */
  | { kind: 'no-handler'; lane: Lane }
  /** Nobody began it in time: it dies as soon as somebody works on the queue. */
  | { kind: 'expired'; at: number }
  /** A runner has it; without a number one that is known only from imported events. */
  | { kind: 'running'; runner: number | undefined }
  /** A holder outside has it. */
  | { kind: 'leased'; token: string; until: number }
  /** A runner has it and is to end it. */
  | { kind: 'cancelling'; since: number }
  /** In flight at a runner that is gone: the next one takes it back. */
  | { kind: 'orphaned'; runner: number | undefined }
  | { kind: 'completed' }
  | { kind: 'dead'; reason: string };

export type PhaseKind = Phase['kind'];

/** In the order of a job's life. */
export const phaseKinds: readonly PhaseKind[] = [
  'ready',
  'scheduled',
  'retrying',
  'blocked',
  'paused',
  'no-handler',
  'expired',
  'running',
  'leased',
  'cancelling',
  'orphaned',
  'completed',
  'dead',
];

/** The runner that works on the queue, as far as it can be asked; what it does not tell is not held against a job. */
export interface KnownRunner {
  epoch?: number | undefined;
  lanes?: readonly Lane[] | undefined;
  /** Only jobs of these names. */
  names?: readonly string[] | undefined;
}

export interface PhaseContext {
  /** ms since the epoch. */
  now: number;
  settings: Settings;
  /** Undefined: none lives. */
  runner: KnownRunner | undefined;
}

export function phaseOf(job: Job, context: PhaseContext): Phase {
  switch (job.state) {
    case 'pending':
      return phaseOfPending(job, context);
    case 'in_flight':
      return phaseOfInFlight(job, context.runner);
    case 'completed':
      return { kind: 'completed' };
    case 'dead':
      return { kind: 'dead', reason: job.reason };
  }
}

/** What stands in the way first: time limits, then other jobs, then the clock, then people, then the runner. */
function phaseOfPending(job: PendingJob, { now, settings, runner }: PhaseContext): Phase {
  const { special, options } = job;
  if (special?.expiresAt !== undefined && special.expiresAt <= now) return { kind: 'expired', at: special.expiresAt };
  if (isBlocked(job)) return { kind: 'blocked', parents: special?.waitingFor ?? [] };
  if (job.runAt > now && !dueAtOnce(job)) {
    const { runAt, setback } = job;
    return setback === undefined ? { kind: 'scheduled', runAt } : { kind: 'retrying', runAt, reason: setback.reason };
  }
  const pause = pauseOver(settings, options.name, options.group);
  if (pause !== undefined) return { kind: 'paused', pause };
  const lane = laneOf(job);
  const taken = runner?.lanes?.includes(lane) !== false && runner?.names?.includes(options.name) !== false;
  return taken ? { kind: 'ready' } : { kind: 'no-handler', lane };
}

/** The widest pause that holds jobs of this name and group back. */
export function pauseOver(settings: Settings, name: string, group: string): Pause | undefined {
  if (!settings.holdsBack(name, group)) return undefined;
  return settings.pauseOf({}) ?? settings.pauseOf({ name }) ?? settings.pauseOf({ group });
}

function phaseOfInFlight({ owner, cancelledAt }: InFlightJob, runner: KnownRunner | undefined): Phase {
  if (owner.kind === 'lease') return { kind: 'leased', token: owner.token, until: owner.deadlineMs };
  const epoch = owner.kind === 'runner' ? owner.epoch : undefined;
  const alive = runner !== undefined && (runner.epoch === undefined || runner.epoch === epoch);
  if (!alive) return { kind: 'orphaned', runner: epoch };
  return cancelledAt === undefined ? { kind: 'running', runner: epoch } : { kind: 'cancelling', since: cancelledAt };
}
