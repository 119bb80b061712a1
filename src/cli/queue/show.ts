import { Exit, type ExitCode, notFoundError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { eventMembers } from '../../commands/event-members.ts';
import { jobMembers } from '../../commands/queue/job-members.ts';
import { type JobView, showJob } from '../../commands/queue/show.ts';
import { whyOf } from '../../commands/queue/why.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import type { Session } from '../session.ts';
import { explainLook } from './explain-look.ts';
import { showLines } from './show-text.ts';

export interface ShowFlags {
  output: 'text' | 'json';
}

export function show(session: Session, args: readonly string[], flags: ShowFlags): Promise<ExitCode> {
  return showOne(session, args[0] ?? '', flags);
}

/** The same for a job that must be dead. */
export function deadShow(session: Session, args: readonly string[], flags: ShowFlags): Promise<ExitCode> {
  return showOne(session, args[0] ?? '', flags, true);
}

async function showOne(session: Session, id: string, flags: ShowFlags, dead = false): Promise<ExitCode> {
  const view = await showJob(session.context, id);
  session.settle();
  if (dead && view.job?.state !== 'dead') {
    const state = view.job?.state ?? 'not in the queue any more';
    throw notFoundError('E_JOB_STATE', `job ${escapeText(id)} is ${state}, not dead`, {
      data: { job: id, state },
      next: 'walq queue show ID tells of jobs in any state',
    });
  }
  const sound = exitOfVerdict(view.look.verdict);
  const exit = sound === Exit.ok && view.job === undefined ? Exit.failed : sound;
  if (session.json || flags.output === 'json') await session.document(documentOf(view, exit));
  else for (const line of showLines(view, session)) await session.out.line(line);
  await session.out.flush();
  if (view.job === undefined) {
    const how = view.history.departure?.how ?? 'gone';
    const text = `job ${escapeText(id)} is not in the queue any more: ${how}`;
    await session.err.line(`${text} ${session.errStyle.dim('[E_JOB_UNKNOWN]')}`);
  }
  await explainLook(session, view.look);
  return exit;
}

function documentOf(view: JobView, exit: ExitCode): Record<string, unknown> {
  const { id, job, phase, look, history, logBegins, parents, children, childCount, running, logFiles } = view;
  return {
    store: look.store,
    seq: look.seq,
    id,
    job: job && jobMembers(job, look.phases),
    why: job && phase && whyOf({ ...view, job, phase }),
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
    log: { begins: logBegins, whole: history.whole },
    parents,
    children,
    childCount,
    logFiles,
    verdict: look.verdict,
    findings: look.findings,
    runnerError: look.runner.error,
    exit,
  };
}
