import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import type { JobSort } from '../../commands/queue/job-sorts.ts';
import { lookAtQueue, type QueueLook } from '../../commands/queue/look.ts';
import { hasFilter, type JobSelection, selectJobs } from '../../commands/queue/select-jobs.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { compileWhere } from '../../commands/where/compile.ts';
import { jobFields } from '../../commands/where/job-fields.ts';
import { type JobState, jobStates } from '../../queue/state/job.ts';
import { type PhaseKind, phaseKinds } from '../../queue/state/phase.ts';
import { explainLook } from '../explain/explain-look.ts';
import type { Session } from '../session.ts';
import { type JobFormat, jobWriter } from './job-rows.ts';

export interface ListFlags {
  state?: string[];
  phase?: string[];
  name?: string[];
  group?: string[];
  key?: string[];
  idPrefix?: string;
  where?: string;
  sort: JobSort;
  reverse?: boolean;
  limit?: number;
  ids?: boolean;
  output: JobFormat;
}

export async function list(session: Session, _args: readonly string[], flags: ListFlags): Promise<ExitCode> {
  return await writeJobs(session, flags, false);
}

/** The newest deaths last, as they would be read in a log; no dead job is good news. */
export async function deadList(session: Session, _args: readonly string[], flags: ListFlags): Promise<ExitCode> {
  return await writeJobs(session, flags, true);
}

async function writeJobs(session: Session, flags: ListFlags, deaths: boolean): Promise<ExitCode> {
  if (flags.ids === true && session.json) throw usageError('E_USAGE', '--ids and --json exclude each other');
  const selection = selectionOf(flags, session.context.env.clock.now());
  const look = await lookAtQueue(session.context);
  session.settle();
  const format = flags.ids === true ? 'ids' : session.json ? 'json' : flags.output;
  const writer = jobWriter(session, format, look.phases, deaths);
  let shown = 0;
  const among: JobSelection = deaths ? { ...selection, states: ['dead'] } : selection;
  for (const job of selectJobs(look.machine.jobs(), among, look.phases)) {
    shown++;
    await writer.job(job);
  }
  const { store, seq, verdict, findings } = look;
  const nothing = shown === 0 && hasFilter(selection);
  const exit = exitOf(look, nothing);
  await writer.end({ store, seq, shown, verdict, findings, exit });
  await session.out.flush();
  const { err, errStyle } = session;
  if (nothing) await err.line(`no job matches ${errStyle.dim('[E_NO_MATCH]')}`);
  else if (shown === 0 && deaths && session.out.isTerminal) await err.line(errStyle.dim('no dead jobs'));
  await explainLook(session, look);
  return exit;
}

function exitOf(look: QueueLook, nothing: boolean): ExitCode {
  const exit = exitOfVerdict(look.verdict);
  return exit === Exit.ok && nothing ? Exit.failed : exit;
}

/** Throws E_USAGE, E_WHERE (2). `nowMs` is for "5m ago". */
export function selectionOf(flags: Omit<ListFlags, 'output'>, nowMs: number): JobSelection {
  const { state, phase, name, group, key, idPrefix, where, sort, reverse = false, limit } = flags;
  return {
    ...(state && { states: state.map((each) => known(each, jobStates, '--state')) }),
    ...(phase && { phases: phase.map((each) => known(each.replace(/[ _]/, '-'), phaseKinds, '--phase')) }),
    ...(name && { names: name }),
    ...(group && { groups: group }),
    ...(key && { keys: key }),
    ...(idPrefix !== undefined && { idPrefix }),
    ...(where !== undefined && { where: compileWhere(jobFields, { flag: '--where', text: where }, nowMs) }),
    sort,
    reverse,
    ...(limit !== undefined && { limit }),
  };
}

function known<T extends JobState | PhaseKind>(text: string, all: readonly T[], flag: string): T {
  const found = all.find((each) => each === text || each === text.replace('-', '_'));
  if (found !== undefined) return found;
  throw usageError('E_USAGE', `${flag}: '${escapeText(text)}' is not allowed; allowed are ${all.join(', ')}`);
}
