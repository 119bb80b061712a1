import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { explainMembers } from '../../commands/explain/document.ts';
import { nextFor } from '../../commands/explain/next.ts';
import { reasonOf } from '../../commands/explain/reason.ts';
import type { Reason } from '../../commands/explain/reason-types.ts';
import type { JobView } from '../../commands/explain/view.ts';
import { shownPath } from '../../commands/target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { labelledLine } from '../labelled.ts';
import type { Session } from '../session.ts';
import { isoTime } from '../text.ts';
import { attemptLines } from './attempt-text.ts';
import { explainLook } from './explain-look.ts';
import { spentText, timelineLines } from './timeline-text.ts';

/** The kind of the document, whichever command was asked. */
const kind = 'job.explain';
const labelColumns = 8;

/** Why a job is in its state, how it came there, and what to do: of `queue show` and `wal inspect` alike. */
export async function writeExplained(session: Session, view: JobView, output: 'text' | 'json'): Promise<ExitCode> {
  session.settle();
  const reason = reasonOf(view);
  const sound = exitOfVerdict(view.scene.verdict);
  const exit = sound === Exit.ok && reason.kind === 'gone' ? Exit.failed : sound;
  if (session.json || output === 'json') await session.document({ ...explainMembers(view), exit }, kind);
  else for (const line of explainLines(view, reason, session)) await session.out.line(line);
  await session.out.flush();
  if (reason.kind === 'gone') {
    const text = `job ${escapeText(view.id)} is not in the queue any more`;
    await session.err.line(`${text} ${session.errStyle.dim('[E_JOB_UNKNOWN]')}`);
  }
  await explainLook(session, view.scene);
  return exit;
}

function explainLines(view: JobView, reason: Reason, session: Session): string[] {
  const { style } = session;
  const facts = factsOf(view, reason, session).map(([label, text]) => labelledLine(label, text, labelColumns, session));
  const steps = view.timeline.steps.length === 0 ? [] : ['', ...timelineLines(view, session)];
  return [...facts, ...steps, '', style.strong('attempts'), ...attemptLines(view, session)];
}

function factsOf(view: JobView, reason: Reason, { style }: Session): [string, string][] {
  const { id, job, scene, timeline, history } = view;
  const { seq, atMs, live, target } = scene;
  const next = nextFor(view, reason);
  const name = job === undefined || job.options.name === 'default' ? '' : `  ${escapeText(job.options.name)}`;
  return [
    ['job', style.strong(escapeText(id)) + name],
    ...(live ? [] : [['as of', `${asOf(seq, atMs)} of ${escapeText(shownPath(target.path))}`] as [string, string]]),
    ['state', stateText(view, reason, style)],
    ...(next === undefined
      ? []
      : [['next', `${style.command(escapeText(next.command))}  ${next.does}`] as [string, string]]),
    ...(timeline.spent.totalMs === 0 ? [] : [['spent', spentText(view)] as [string, string]]),
    ...(history.earlierLives === 0 ? [] : [['before', 'another job had this id, and is gone'] as [string, string]]),
  ];
}

function asOf(seq: number | string | undefined, atMs: number | undefined): string {
  if (seq === undefined) return 'the events';
  return `seq ${seq}${atMs === undefined ? '' : `, ${isoTime(atMs)},`}`;
}

/** `pending: waits for ...`; the words of a state are those of the list. */
function stateText({ job }: JobView, { kind: why, text }: Reason, style: Session['style']): string {
  const safe = escapeText(text);
  if (job === undefined) return `${style.warn(why)}: ${safe}`;
  const paint = job.state === 'dead' ? style.bad : job.state === 'completed' ? style.good : style.strong;
  return `${paint(job.state.replace('_', ' '))}: ${safe}`;
}
