import { attemptsGranted, type DeadJob, type InFlightJob } from '../../queue/state/job.ts';
import { attemptWords, readyReason, waitingText } from './pending.ts';
import type { Known, Reason } from './reason-types.ts';
import type { JobView } from './view.ts';
import { deathWords, lastLine, listed, momentText, replacedWords } from './words.ts';

/** Why a job is in its state. */
export function reasonOf(view: JobView): Reason {
  const { job, phase } = view;
  if (job === undefined || phase === undefined) return absent(view);
  const known = { ...view, job, phase };
  switch (job.state) {
    case 'pending':
      if (phase.kind === 'ready') return readyReason({ ...known, job });
      return { kind: phase.kind, text: waitingText({ ...known, job }) };
    case 'in_flight':
      if (phase.kind === 'ready') throw new Error('assertion failed: a job in flight is not ready');
      return { kind: phase.kind, text: inFlightText({ ...known, job }) };
    case 'completed':
      return {
        kind: 'completed',
        text: job.endedAt === 0 ? 'done' : `done ${momentText(job.endedAt, view.scene.phases.now)}`,
      };
    case 'dead':
      return { kind: 'dead', text: deadText({ ...known, job }) };
  }
}

function absent({ history: { departure, endSeq, attempts }, scene }: JobView): Reason {
  const { now } = scene.phases;
  if (departure !== undefined) {
    const { replacedBy } = departure;
    const how = replacedBy === undefined ? departure.how : `${replacedWords(replacedBy)},`;
    const text = `${how} at seq ${departure.seq}, ${momentText(departure.atMs, now)}`;
    return { kind: 'gone', text };
  }
  if (scene.machine !== undefined) return { kind: 'gone', text: 'it is not in the queue any more' };
  const last = endSeq === undefined ? attempts.at(-1)?.outcome : `over at seq ${endSeq}`;
  const told = last === undefined ? '' : `; the last that is told of it: ${last}`;
  return { kind: 'unknown', text: `this part of a log gives no state${told}` };
}

function inFlightText({ job, phase, running, scene }: Known & { job: InFlightJob }): string {
  const { now } = scene.phases;
  const since = `since ${momentText(job.startedAt, now)}`;
  const attempt = attemptWords(job, job.attempt);
  switch (phase.kind) {
    case 'leased':
      return phase.until > now
        ? `somebody outside has it ${since}, and has until ${momentText(phase.until, now)}; ${attempt}`
        : `its holder let the time run out, ${momentText(phase.until, now)}; it comes back when somebody works here`;
    case 'cancelling':
      return `it is cancelled, ${momentText(phase.since, now)}; its runner is ending the process`;
    case 'orphaned': {
      const deaths =
        job.crashes === 0
          ? ''
          : `; its runner died with it ${job.crashes === 1 ? 'once' : `${job.crashes} times`} before`;
      return `no runner alive has it; it runs again when one starts, and ${attempt} will not count${deaths}`;
    }
    default: {
      const facts = [
        running?.pid === undefined ? [] : `pid ${running.pid}`,
        running?.progress === undefined ? [] : `${Math.round(running.progress * 100)} % done`,
        job.deadlineMs === undefined ? [] : `timeout ${momentText(job.deadlineMs, now)}`,
      ].flat();
      return `a runner has it ${since}, ${attempt}${facts.length > 0 ? `: ${facts.join(', ')}` : ''}`;
    }
  }
}

function deadText({ job, parents }: Known & { job: DeadJob }): string {
  const { reason, exitCode, signal, attempt, from } = job;
  const last = lastLine(job.error);
  const ended = last === undefined ? '' : `; the last error: ${last}`;
  // The error of an attempt that only exited says no more than its exit.
  const exit =
    signal ?? (exitCode === undefined || last?.startsWith(`exit ${exitCode}`) ? undefined : `exit ${exitCode}`);
  const how = exit === undefined ? '' : `, ${exit}`;
  // How many there may be is not told by foreign logs.
  const most = from === undefined ? ` of ${attemptsGranted(job)}` : '';
  if (reason === 'attempts') return `all attempts are used up (${attempt}${most})${how}${ended}`;
  if (reason === 'crashes') return `its runner died with it ${job.crashes + 1} times`;
  if (reason === 'cancelled') return last === undefined ? deathWords({ reason }) : `it was cancelled: ${last}`;
  const culprits = parents.filter(({ state }) => state === 'dead').map(({ id }) => id);
  if (reason === 'parent' && culprits.length > 0) return last ?? `${deathWords({ reason })}: ${listed(culprits)}`;
  return `${deathWords({ reason })}${how}${ended}`;
}
