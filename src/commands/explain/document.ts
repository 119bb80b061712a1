import { eventMembers } from '../event-members.ts';
import { jobMembers } from '../queue/job-members.ts';
import { nextFor } from './next.ts';
import { reasonOf } from './reason.ts';
import type { JobView } from './view.ts';

/** What is known of a job, as members of a JSON object; both forms of `queue show` have them. */
export function viewMembers(view: JobView): Record<string, unknown> {
  const { id, job, scene, history, logBegins, lost, parents, children, childCount, running, logFiles } = view;
  return {
    id,
    job: job && { ...jobMembers(job, scene.phases), id },
    why: job && reasonOf(view).text,
    running,
    attempts: history.attempts,
    changes: history.changes.map(({ seq, atMs, type, event }) => ({
      seq,
      atMs,
      type,
      ...Object.fromEntries(eventMembers(event)),
    })),
    departure: history.departure,
    earlierLives: history.earlierLives,
    log: { begins: logBegins, whole: history.whole, ...(lost.length > 0 && { lost }), snapshot: scene.snapshot },
    parents,
    children,
    childCount,
    logFiles,
    verdict: scene.verdict,
    findings: scene.findings,
    runnerError: scene.runner.error,
  };
}

/** The life of a job as members of a JSON object: why it is where it is, every step, where the time went. */
export function explainMembers(view: JobView): Record<string, unknown> {
  const { scene, timeline } = view;
  const reason = reasonOf(view);
  const { why: _why, ...members } = viewMembers(view);
  const step = nextFor(view, reason);
  return {
    target: scene.target,
    seq: scene.seq,
    live: scene.live,
    atMs: scene.phases.now,
    ...members,
    state: view.job?.state ?? (reason.kind === 'unknown' ? 'unknown' : 'gone'),
    reason,
    steps: step === undefined ? [] : [step],
    timeline: timeline.steps,
    spent: timeline.spent,
  };
}
