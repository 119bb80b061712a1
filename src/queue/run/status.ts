import type { SnapshotSummary } from '../../storage/types.ts';
import type { RunnerHolds } from '../engine-types.ts';
import type { JobCounts } from '../state/job.ts';
import type { Lane } from '../state/lane.ts';
import type { QueueMachine } from '../state/machine.ts';
import { type KnownRunner, type PhaseKind, phaseKinds, phaseOf } from '../state/phase.ts';
import type { LimitSet, Pause, Schedule } from '../state/settings.ts';
import { nextSlot } from '../state/slots.ts';
import type { QueueTotals } from '../state/totals.ts';

export interface StatusReport {
  storeId: string;
  seqLast: number;
  counts: JobCounts;
  phases: Record<PhaseKind, number>;
  /** Pending, split: may run now; waits for its time; waits for other jobs. `phases` has the rest. */
  ready: number;
  delayed: number;
  blocked: number;
  /** Pending jobs that bring their own command. */
  commands: number;
  /** When the next delayed job is due, ms since the epoch. */
  nextDueAt?: number;
  /** Age of the oldest job that may run now, ms. */
  oldestReadyMs?: number;
  /** Since the queue began. */
  totals: QueueTotals;
  settings: SettingsReport;
  snapshot?: { file: string; seq: number; createdMs: number; bytes: number };
  /** The runner at work, if any. */
  runner?: RunnerStatus;
  /** How that runner came to its state when it opened the store. */
  recovery?: { ms: number; replayed: number; snapshotSeq?: number; trimmedBytes?: number };
}

/** The first `settingsMax` of each kind, since an answer must fit into a message; `more` counts the others. */
export interface SettingsReport {
  pauses: Pause[];
  limits: LimitSet[];
  schedules: ScheduleReport[];
  more: { pauses: number; limits: number; schedules: number };
}

export interface ScheduleReport extends Pick<Schedule, 'id' | 'rule' | 'missed'> {
  /** Of the jobs it makes. */
  name: string;
  lastSlot?: number;
  /** ms since the epoch; absent when it never fires again. */
  nextSlot?: number;
}

/** An attempt under way. */
export interface RunningJob {
  id: string;
  name: string;
  /** From 1. */
  attempt: number;
  /** None: it runs in the runner itself, or has not begun. */
  pid?: number;
  /** Of its DISPATCH, ms since the epoch. */
  startedMs: number;
  /** 0..1, what the handler said last. */
  progress?: number;
}

export interface RunnerStatus extends RunnerHolds {
  pid: number;
  workers: number;
  running: number;
  /** What runs now, in the order it was dispatched. */
  active: readonly RunningJob[];
  sinceMs: number;
  /** What runs the jobs. */
  handler: string;
  stopping: boolean;
  /** As DISPATCH names it. */
  epoch: number;
  /** Kinds of jobs it takes. */
  lanes: readonly Lane[];
  /** Only jobs of these names. */
  names?: readonly string[];
}

const settingsMax = 100;

export interface StatusFacts {
  storeId: string;
  seqLast: number;
  /** ms since the epoch. */
  now: number;
  snapshot?: SnapshotSummary;
  runner?: RunnerStatus;
  recovery?: NonNullable<StatusReport['recovery']>;
  /** There is a runner, but it cannot be asked: nothing is known of it. */
  silentRunner?: boolean;
}

/** Counts of a state, live or replayed. Linear in the number of jobs. */
export function statusOf(machine: QueueMachine, facts: StatusFacts): StatusReport {
  const { now, snapshot, runner, recovery, storeId, seqLast } = facts;
  const known: KnownRunner | undefined = runner ?? (facts.silentRunner ? {} : undefined);
  const { phases, commands, nextDueAt, oldest } = countPhases(machine, now, known);
  return {
    storeId,
    seqLast,
    counts: { ...machine.counts },
    phases,
    ready: phases.ready,
    delayed: phases.scheduled + phases.retrying,
    blocked: phases.blocked,
    commands,
    ...(Number.isFinite(nextDueAt) && { nextDueAt }),
    ...(Number.isFinite(oldest) && { oldestReadyMs: Math.max(0, now - oldest) }),
    totals: { ...machine.totals },
    settings: settingsOf(machine, now),
    ...(runner && { runner }),
    ...(recovery && { recovery }),
    ...(snapshot && {
      snapshot: { file: snapshot.file, seq: snapshot.seq, createdMs: snapshot.createdMs, bytes: snapshot.bytes },
    }),
  };
}

function countPhases(machine: QueueMachine, now: number, runner: KnownRunner | undefined) {
  const phases = Object.fromEntries(phaseKinds.map((kind) => [kind, 0])) as Record<PhaseKind, number>;
  phases.completed = machine.counts.completed;
  phases.dead = machine.counts.dead;
  let commands = 0;
  let oldest = Number.POSITIVE_INFINITY;
  let nextDueAt = Number.POSITIVE_INFINITY;
  const context = { now, settings: machine.settings, runner };
  const open = machine.counts.pending + machine.counts.in_flight;
  for (const job of open > 0 ? machine.jobs() : []) {
    if (job.state === 'completed' || job.state === 'dead') continue;
    const phase = phaseOf(job, context);
    phases[phase.kind]++;
    if (job.state === 'in_flight') continue;
    if (job.options.command !== undefined) commands++;
    if (phase.kind === 'ready') oldest = Math.min(oldest, Math.max(job.runAt, job.createdAt));
    else if (phase.kind === 'scheduled' || phase.kind === 'retrying') nextDueAt = Math.min(nextDueAt, phase.runAt);
  }
  return { phases, commands, nextDueAt, oldest };
}

function settingsOf({ settings }: QueueMachine, now: number): SettingsReport {
  const { pauses, limits, schedules } = settings;
  return {
    pauses: pauses.slice(0, settingsMax),
    limits: limits.slice(0, settingsMax),
    schedules: schedules.slice(0, settingsMax).map((schedule) => scheduleReport(schedule, now)),
    more: {
      pauses: Math.max(0, pauses.length - settingsMax),
      limits: Math.max(0, limits.length - settingsMax),
      schedules: Math.max(0, schedules.length - settingsMax),
    },
  };
}

function scheduleReport(schedule: Schedule, now: number): ScheduleReport {
  const { id, rule, missed, template, lastSlot } = schedule;
  const next = nextSlot(schedule, now);
  return {
    id,
    rule,
    missed,
    name: template.name,
    ...(lastSlot !== undefined && { lastSlot }),
    ...(next !== undefined && { nextSlot: next }),
  };
}
