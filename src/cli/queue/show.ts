import { Exit, type ExitCode, notFoundError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { viewMembers } from '../../commands/explain/document.ts';
import { showJob } from '../../commands/explain/view.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { writeExplained } from '../explain/explain.ts';
import { explainLook } from '../explain/explain-look.ts';
import type { Session } from '../session.ts';
import { showLines } from './show-text.ts';

export interface ShowFlags {
  output: 'text' | 'json';
  /** The whole life, as a timeline. */
  explain?: boolean;
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
  if (flags.explain === true) return await writeExplained(session, view, flags.output);
  session.settle();
  if (dead && view.job?.state !== 'dead') {
    const state = view.job?.state ?? 'not in the queue any more';
    throw notFoundError('E_JOB_STATE', `job ${escapeText(id)} is ${state}, not dead`, {
      data: { job: id, state },
      next: 'walq queue show ID tells of jobs in any state',
    });
  }
  const sound = exitOfVerdict(view.scene.verdict);
  const exit = sound === Exit.ok && view.job === undefined ? Exit.failed : sound;
  if (session.json || flags.output === 'json')
    await session.document({ store: view.scene.target.path, seq: view.scene.seq, ...viewMembers(view), exit });
  else for (const line of showLines(view, session)) await session.out.line(line);
  await session.out.flush();
  if (view.job === undefined) {
    const how = view.history.departure?.how ?? 'gone';
    const text = `job ${escapeText(id)} is not in the queue any more: ${how}`;
    await session.err.line(`${text} ${session.errStyle.dim('[E_JOB_UNKNOWN]')}`);
  }
  await explainLook(session, view.scene);
  return exit;
}
