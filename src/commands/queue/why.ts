import { roughly } from '../../base/duration.ts';
import type { PauseScope } from '../../queue/events/setting-types.ts';
import type { Job } from '../../queue/state/job.ts';
import { type Phase, pauseOver } from '../../queue/state/phase.ts';
import type { JobView } from './show.ts';

/** Why a job is where it is, in a sentence for people. As stored, not yet escaped. */
export function whyOf(view: JobView & { job: Job; phase: Phase }): string {
  const { job, phase, look, running } = view;
  const { now } = look.phases;
  switch (phase.kind) {
    case 'ready':
      return readyText(view);
    case 'scheduled':
      return `waits for its time, ${momentText(phase.runAt, now)}${alsoPaused(view)}`;
    case 'retrying':
      return `${endedText(job, phase.reason)}; the next one begins ${momentText(phase.runAt, now)}${alsoPaused(view)}`;
    case 'blocked':
      return `waits until ${phase.parents.join(', ')} ${phase.parents.length === 1 ? 'has' : 'have'} completed`;
    case 'paused': {
      const { pause } = phase;
      const reason = pause.reason === undefined ? '' : ` (${pause.reason})`;
      return `${scopeWords(pause)} paused${reason} until: walq queue resume${scopeFlag(pause)}`;
    }
    case 'no-handler':
      return phase.lane === 'command'
        ? 'brings a command of its own, and the runner does not run those: walq queue run --commands does'
        : 'the runner that works on this queue does not take such jobs';
    case 'expired':
      return `nobody began it in time (${momentText(phase.at, now)}); it dies when somebody works here`;
    case 'running': {
      const parts = [
        running?.pid === undefined ? [] : `pid ${running.pid}`,
        running?.progress === undefined ? [] : `${Math.round(running.progress * 100)} % done`,
      ].flat();
      return `a runner has it${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
    }
    case 'leased':
      return phase.until > now
        ? `somebody outside works on it, and has until ${momentText(phase.until, now)}`
        : `its holder let the time run out, ${momentText(phase.until, now)}; it comes back when somebody works here`;
    case 'cancelling':
      return 'it is cancelled; its runner is ending the process';
    case 'orphaned':
      return 'the runner that had it is gone; the next queue run or take brings it back';
    case 'completed':
      return `done${job.state === 'completed' ? ` ${momentText(job.endedAt, now)}` : ''}`;
    case 'dead':
      return deadText(job, phase.reason);
  }
}

/** `attempt 2 ended (timeout)`; a crash and its like take no attempt away. */
function endedText({ attempt, setback }: Job, reason: string): string {
  const exit = setback?.signal ?? (setback?.exitCode === undefined ? undefined : `exit ${setback.exitCode}`);
  const why = exit === undefined ? reason : `${reason}, ${exit}`;
  return `${attempt === 0 ? 'the last attempt' : `attempt ${attempt}`} ended (${why})`;
}

function readyText({ job, look }: JobView & { job: Job }): string {
  const { settings } = look.machine;
  const { group } = job.options;
  const most = group === '' ? undefined : settings.limitsOf(group)?.concurrency;
  if (most !== undefined) {
    let busy = 0;
    for (const each of look.machine.inFlight()) if (each.options.group === group) busy++;
    if (busy >= most) return `waits for its turn in group ${group}: ${busy} of ${most} at a time are in flight`;
  }
  const idle = look.runner.known === undefined;
  return `waits for a free worker${idle ? '; no runner works on this queue now' : ''}`;
}

/** Something else will hold it when its time has come. */
function alsoPaused({ job, look }: JobView & { job: Job }): string {
  const { name, group } = job.options;
  const pause = pauseOver(look.machine.settings, name, group);
  return pause === undefined ? '' : `; ${scopeWords(pause)} paused besides`;
}

function scopeWords({ name, group }: PauseScope): string {
  if (name !== undefined) return `jobs named ${name} are`;
  return group === undefined ? 'all jobs are' : `group ${group} is`;
}

function scopeFlag({ name, group }: PauseScope): string {
  if (name !== undefined) return ` --name ${name}`;
  return group === undefined ? '' : ` --group ${group}`;
}

const deaths: Readonly<Record<string, string>> = {
  permanent: 'the handler said that trying again is no use',
  command: 'its command cannot be started',
  cancelled: 'it was cancelled',
  expired: 'nobody began it in time',
  parent: 'a job that it was to run after died',
};

function deadText(job: Job, reason: string): string {
  const { attempt, crashes } = job;
  if (reason === 'attempts') return `all attempts are used up (${attempt} of ${job.options.maxAttempts})`;
  if (reason === 'crashes') return `its runner died with it ${crashes + 1} times`;
  return Object.hasOwn(deaths, reason) ? (deaths[reason] ?? reason) : reason;
}

/** `2026-09-01T03:00:00.000Z (in 5m)`, `... (3s ago)`. */
export function momentText(ms: number, now: number): string {
  const words = roughly(Math.abs(ms - now));
  const iso = Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
  return `${iso} (${ms > now ? `in ${words}` : `${words} ago`})`;
}
