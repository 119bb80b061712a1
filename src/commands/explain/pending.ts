import { formatDuration } from '../../base/duration.ts';
import type { RunnerStatus } from '../../queue/run/status.ts';
import type { Job, PendingJob } from '../../queue/state/job.ts';
import { laneOf } from '../../queue/state/lane.ts';
import { pauseOver, phaseOf } from '../../queue/state/phase.ts';
import type { Verdict } from '../../storage/types.ts';
import type { Known, Reason } from './reason-types.ts';
import type { Scene } from './scene.ts';
import type { JobView } from './view.ts';
import { exitWords, listed, momentText, scopeWords } from './words.ts';

/** Why a pending job is not at work: each reason that dispatch can have. */

/** `attempt 3 of 5, after exit 1`; what took no attempt away is said. */
function tryText(job: Job): string {
  const { setback } = job;
  const next = attemptWords(job, job.attempt + 1);
  if (setback === undefined) return next;
  switch (setback.reason) {
    case 'crash':
      return `${next}, after its runner died (which does not count)`;
    case 'timeout':
      return `${next}, after the timeout of the last one`;
    case 'lease':
      return `${next}, after the time of its holder ran out`;
    case 'stopped':
      return `${next}, given back by a runner that stopped`;
    case 'handler':
      return `${next}, given back by a runner whose handler does not work`;
    case 'redrive':
      return `${next}, called back from the dead`;
    default: {
      const exit = exitWords(setback);
      return `${next}, after ${exit === 'failed' ? 'a failure' : exit}`;
    }
  }
}

/** `attempt 3 of 5`; how many there may be is not told by foreign logs. */
export function attemptWords({ options, from }: Job, attempt: number): string {
  if (from !== undefined) return `attempt ${attempt}`;
  const most = options.maxAttempts;
  // Called back from the dead it has one more.
  return attempt > most ? `attempt ${attempt} (it had ${most})` : `attempt ${attempt} of ${most}`;
}

/** It waits for something that has a name in its phase. */
export function waitingText(view: Known & { job: PendingJob }): string {
  const { job, phase, scene } = view;
  const { now } = scene.phases;
  switch (phase.kind) {
    case 'scheduled':
      return `waits for its time, ${momentText(phase.runAt, now)}${alsoPaused(view)}`;
    case 'retrying':
      return `waits for a retry at ${momentText(phase.runAt, now)}, ${tryText(job)}${alsoPaused(view)}`;
    case 'blocked':
      return blockedText(view);
    case 'paused': {
      const { pause } = phase;
      const reason = pause.reason === undefined ? '' : ` (${pause.reason})`;
      return `${scopeWords(pause)} paused since ${momentText(pause.at, now)}${reason}`;
    }
    case 'no-handler':
      return noHandlerText(view, phase.lane);
    case 'expired':
      return `nobody began it in time, ${momentText(phase.at, now)}; it dies when somebody works here`;
    default:
      throw new Error(`assertion failed: a pending job is not ${phase.kind}`);
  }
}

/** Refuses to open for writing, so nobody can take a job. */
const refusing: readonly Verdict[] = ['corrupt', 'ambiguous', 'no base', 'newer'];

/** It is due, and nothing in the queue forbids it. */
export function readyReason(view: Known & { job: PendingJob }): Reason {
  const reason = dueReason(view);
  return view.job.setback === undefined ? reason : { ...reason, text: `${reason.text}; ${tryText(view.job)}` };
}

function dueReason(view: Known & { job: PendingJob }): Reason {
  const { job, scene } = view;
  if (job.timedOut) return { kind: 'timed-out', text: 'its timeout is in the log, and what follows it is not yet' };
  const full = groupFull(view);
  if (full !== undefined) return { kind: 'group-limit', text: full };
  if (!scene.live) return { kind: 'free', text: 'free to be taken: nothing that the log tells held it back' };
  const works = scene.runner.running.runner;
  return works === undefined ? unattended(scene) : attended(view, works);
}

/** No runner can be asked. */
function unattended({ runner, verdict }: Scene): Reason {
  if (runner.error !== undefined) return { kind: 'silent-runner', text: 'there is a runner, and it does not answer' };
  if (refusing.includes(verdict))
    return { kind: 'damaged-log', text: 'nobody can work on this queue before its log is repaired' };
  return { kind: 'no-runner', text: 'waits for a worker; no runner works on this queue now' };
}

/** A runner lives, and takes jobs of this kind. */
function attended(view: Known & { job: PendingJob }, works: RunnerStatus): Reason {
  if (works.diskFull)
    return { kind: 'full-disk', text: 'the disk is full: the runner begins nothing until there is some room' };
  const full = groupFullAt(view, works);
  if (full !== undefined) return { kind: 'runner-group-limit', text: full };
  const ahead = aheadOf(view);
  const behind = ahead === 0 ? 'it is next' : `about ${ahead} ${ahead === 1 ? 'job comes' : 'jobs come'} first`;
  if (works.running >= works.workers) {
    const who = works.workers === 1 ? 'the one worker is' : `all ${works.workers} workers are`;
    return { kind: 'busy-workers', text: `${who} busy; ${behind}` };
  }
  const rate = rateText(view);
  if (rate !== undefined) return { kind: 'rate', text: `${rate}; ${behind}` };
  if (works.stopping)
    return { kind: 'ending-runner', text: 'the runner is about to end; what it does not begin waits for the next one' };
  return { kind: 'turn', text: `waits for its turn; ${behind}` };
}

function groupFull(view: Known): string | undefined {
  const { group } = view.job.options;
  const most = group === '' ? undefined : view.scene.machine?.settings.limitsOf(group)?.concurrency;
  if (most === undefined) return undefined;
  const busy = busyIn(view, group);
  return busy < most ? undefined : `waits for its turn in group ${group}: ${busy} of ${most} at a time are in flight`;
}

/** The runner's own limit holds where the group has none. */
function groupFullAt(view: Known, { groupLimit }: RunnerStatus): string | undefined {
  const { group } = view.job.options;
  const hasOwn = view.scene.machine?.settings.limitsOf(group)?.concurrency !== undefined;
  if (group === '' || groupLimit === undefined || hasOwn) return undefined;
  const busy = busyIn(view, group);
  if (busy < groupLimit) return undefined;
  return `waits for its turn in group ${group}: the runner has ${busy} of ${groupLimit} at a time in flight`;
}

/** Those that a dead runner left take no place: the next one takes them back first. */
function busyIn({ scene: { machine, phases } }: Known, group: string): number {
  let busy = 0;
  for (const each of machine?.inFlight() ?? [])
    if (each.options.group === group && phaseOf(each, phases).kind !== 'orphaned') busy++;
  return busy;
}

/** Tokens are the runner's own; that there is a rate is all that the files say. */
function rateText({ job, scene: { machine } }: Known): string | undefined {
  const { group } = job.options;
  const ofGroup = group === '' ? undefined : machine?.settings.limitsOf(group)?.rate;
  const rate = ofGroup ?? machine?.settings.limitsOf('')?.rate;
  if (rate === undefined) return undefined;
  const what = ofGroup === undefined ? 'the queue begins' : `group ${group} begins`;
  const { count, perMs } = rate;
  return `${what} ${count} ${count === 1 ? 'job' : 'jobs'} in ${formatDuration(perMs)} at the most`;
}

/** Due jobs of its kind with a higher priority, or as high and older. Groups take turns, so it is about as many. */
function aheadOf({ job, scene: { machine, phases } }: Known & { job: PendingJob }): number {
  const { priority } = job.options;
  let ahead = 0;
  for (const other of machine?.jobs() ?? []) {
    if (other.state !== 'pending' || other.id === job.id || laneOf(other) !== laneOf(job)) continue;
    const isFirst = other.options.priority === priority ? other.seq < job.seq : other.options.priority > priority;
    if (isFirst && phaseOf(other, phases).kind === 'ready') ahead++;
  }
  return ahead;
}

/** Something else will hold it when its time has come. */
function alsoPaused({ job, scene: { machine } }: Known): string {
  const { name, group } = job.options;
  const pause = machine && pauseOver(machine.settings, name, group);
  return pause === undefined ? '' : `; ${scopeWords(pause)} paused besides`;
}

function blockedText({ parents }: JobView): string {
  const open = parents.filter(({ waits }) => waits);
  const named = open.map(({ id, phase }) => `${id} (${phase ?? 'forgotten'})`);
  if (open.length === 1) return `waits for its parent ${named[0]}`;
  const of =
    open.length === parents.length ? `${open.length} parents` : `${open.length} of its ${parents.length} parents`;
  return `waits for ${of}: ${listed(named)}`;
}

function noHandlerText({ scene: { runner } }: Known, lane: 'handler' | 'command'): string {
  if (lane === 'command') return 'brings a command of its own, and the runner does not run those';
  const { names } = runner.known ?? {};
  if (names === undefined) return 'the runner runs the commands that jobs bring, and this one brings none';
  return names.length === 0
    ? 'the program that has the queue runs no jobs'
    : `the runner takes only jobs named ${listed(names)}`;
}
