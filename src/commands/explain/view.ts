import { damageError, notFoundError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { shellPath, shellWord } from '../../base/shell-word.ts';
import { type LogFileInfo, logFilesOf } from '../../queue/process/log-files.ts';
import type { RunningJob } from '../../queue/run/status.ts';
import type { Job, JobState } from '../../queue/state/job.ts';
import type { QueueMachine } from '../../queue/state/machine.ts';
import { type Phase, type PhaseKind, phaseOf } from '../../queue/state/phase.ts';
import type { LostRange } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { ForeignIds } from '../foreign-ids.ts';
import type { Seq } from '../seq.ts';
import { isForeign, shownPath } from '../target.ts';
import { worstFirst } from '../verdict.ts';
import { type JobHistory, rememberedAttempt } from './history.ts';
import { readLife } from './life.ts';
import { type Scene, sceneOfQueue } from './scene.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** Everything that is known about one job. */
export interface JobView {
  /** As its own log has it. */
  id: string;
  scene: Scene;
  /** Undefined: it is not in the queue, or nothing gives the state; `history` tells how it went. */
  job?: Job;
  phase?: Phase;
  history: JobHistory;
  timeline: Timeline;
  /** First seq that the log still has; the one to come, when it has none. */
  logBegins: Seq | undefined;
  /** Seqs up to the end of the look that cannot be read: what they say of the job is missing. */
  lost: LostRange[];
  /** Jobs that it is to run after; without a state those that are not in the queue any more. */
  parents: { id: string; state?: JobState; phase?: PhaseKind; waits: boolean }[];
  /** Jobs that run after it, the first `relativesMax` of them, and how many there are. */
  children: { id: string; state: JobState }[];
  childCount: number;
  /** What the runner says of the attempt under way. */
  running?: RunningJob;
  logFiles: LogFileInfo[];
}

const relativesMax = 100;

/** Throws E_JOB_UNKNOWN (1) when neither queue nor log knows it, and what `sceneOfQueue` throws. */
export async function showJob(context: CommandContext, id: string): Promise<JobView> {
  return await viewOf(context, await sceneOfQueue(context), id);
}

/** The job in a scene, whatever its log is. Throws E_JOB_UNKNOWN (1), and what reading the log throws. */
export async function viewOf(context: CommandContext, scene: Scene, id: string): Promise<JobView> {
  const { machine, runner, phases, open, live } = scene;
  const ownId = isForeign(open) ? new ForeignIds().map(id) : id;
  const job = machine?.get(ownId);
  const { history, told, logBegins, lost } = await readLife(context, scene, ownId);
  if (job === undefined && history.attempts.length + history.changes.length === 0) throw unknownJob(scene, id);
  if (job !== undefined && history.attempts.length === 0) {
    const remembered = rememberedAttempt(job);
    if (remembered !== undefined) history.attempts.push(remembered);
  }
  if (job !== undefined && job.state !== 'in_flight') history.close();
  const timeline = timelineOf(told, job, phases.now);
  for (const attempt of history.attempts) {
    const pendingMs = attempt.dispatchSeq === undefined ? undefined : timeline.pendings.get(attempt.dispatchSeq);
    if (pendingMs !== undefined) attempt.pendingMs = pendingMs;
  }
  const running = runner.running.jobs.find((each) => each.id === id);
  return {
    id,
    scene,
    ...(job && { job, phase: phaseOf(job, phases) }),
    history,
    timeline,
    logBegins: logBegins ?? (typeof scene.seq === 'number' ? scene.seq + 1 : undefined),
    lost,
    parents: parentsOf(scene, job),
    ...(machine === undefined ? { children: [], childCount: 0 } : childrenOf(machine, ownId)),
    ...(running && { running }),
    logFiles: live ? await logFilesOf(context.env.fs, open.path, id) : [],
  };
}

function unknownJob({ target, live, command, seq, whole, findings }: Scene, id: string): Error {
  const where = shownPath(target.path);
  const [worst] = worstFirst(findings);
  if (whole === false && worst !== undefined && worst.severity !== 'note' && worst.severity !== 'torn') {
    const readable = seq === undefined ? 'in what can be read' : `up to seq ${seq}, and what lies behind is damaged`;
    return damageError(
      worst.code,
      `${where} has no job ${excerpt(id, 80)} ${readable}: ${worst.file}: ${worst.message}`,
      {
        data: { job: id, store: target.path, findings },
        next: `walq wal inspect ${shellPath(target.path)} --job ${shellWord(id)}`,
      },
    );
  }
  const text = `there is no job ${excerpt(id, 80)} in ${where}${live || seq === undefined ? '' : ` up to seq ${seq}`}`;
  return notFoundError('E_JOB_UNKNOWN', text, {
    data: { job: id, [live ? 'store' : 'file']: target.path },
    next:
      command === ''
        ? `walq wal inspect ${shellPath(target.path)} --type ENQUEUE`
        : `${command} list --id-prefix ${shellWord(id.slice(0, 4))}`,
  });
}

function parentsOf({ machine, phases }: Scene, job: Job | undefined): JobView['parents'] {
  const waitingFor = new Set(job?.special?.waitingFor);
  return (job?.special?.parents ?? []).map((id) => {
    const parent = machine?.get(id);
    const known = parent && { state: parent.state, phase: phaseOf(parent, phases).kind };
    return { id, ...known, waits: waitingFor.has(id) };
  });
}

function childrenOf(machine: QueueMachine, id: string): Pick<JobView, 'children' | 'childCount'> {
  const children: JobView['children'] = [];
  let childCount = 0;
  for (const job of machine.jobs()) {
    if (!job.special?.parents?.includes(id)) continue;
    childCount++;
    if (children.length < relativesMax) children.push({ id: job.id, state: job.state });
  }
  return { children, childCount };
}
