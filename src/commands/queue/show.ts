import { notFoundError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { shellWord } from '../../base/shell-word.ts';
import { eventTypes } from '../../queue/events/event-types.ts';
import { decodeEvent, recordType } from '../../queue/events/events.ts';
import { recordsOf } from '../../queue/events/job-records.ts';
import { type LogFileInfo, logFilesOf } from '../../queue/process/log-files.ts';
import type { RunningJob } from '../../queue/run/status.ts';
import type { Job, JobState } from '../../queue/state/job.ts';
import type { QueueMachine } from '../../queue/state/machine.ts';
import { type Phase, phaseOf } from '../../queue/state/phase.ts';
import { scanStore } from '../../storage/read.ts';
import type { CommandContext } from '../context.ts';
import { JobHistory, rememberedAttempt } from './history.ts';
import { lookAtQueue, type QueueLook } from './look.ts';

/** Everything that is known about one job. */
export interface JobView {
  id: string;
  look: QueueLook;
  /** Undefined: it is not in the queue any more; `history` tells how it went. */
  job?: Job;
  phase?: Phase;
  history: JobHistory;
  /** First seq that the log still has. */
  logBegins: number;
  /** Jobs that it is to run after; without a state those that are not in the queue any more. */
  parents: { id: string; state?: JobState; waits: boolean }[];
  /** Jobs that run after it, the first `relativesMax` of them, and how many there are. */
  children: { id: string; state: JobState }[];
  childCount: number;
  /** What the runner says of the attempt under way. */
  running?: RunningJob;
  logFiles: LogFileInfo[];
}

const relativesMax = 100;

/** Throws E_JOB_UNKNOWN (1) when neither queue nor log knows it, and what `lookAtQueue` throws. */
export async function showJob(context: CommandContext, id: string): Promise<JobView> {
  const { env } = context;
  const look = await lookAtQueue(context);
  const job = look.machine.get(id);
  const { history, logBegins } = await readHistory(context, look, id);
  if (job === undefined && history.attempts.length + history.changes.length === 0) {
    throw notFoundError('E_JOB_UNKNOWN', `there is no job ${excerpt(id, 80)} in ${look.store}`, {
      data: { job: id, store: look.store },
      next: `walq queue list --id-prefix ${shellWord(id.slice(0, 4))}`,
    });
  }
  if (job !== undefined && history.attempts.length === 0) {
    const remembered = rememberedAttempt(job);
    if (remembered !== undefined) history.attempts.push(remembered);
  }
  const { machine, phases, runner } = look;
  const running = runner.running.jobs.find((each) => each.id === id);
  return {
    id,
    look,
    ...(job && { job, phase: phaseOf(job, phases) }),
    history,
    logBegins,
    parents: parentsOf(machine, job),
    ...childrenOf(machine, id),
    ...(running && { running }),
    logFiles: await logFilesOf(env.fs, look.store, id),
  };
}

async function readHistory(
  context: CommandContext,
  look: QueueLook,
  id: string,
): Promise<{ history: JobHistory; logBegins: number }> {
  const history = new JobHistory();
  const isOurs = recordsOf(id);
  const isGone = look.machine.get(id) === undefined;
  let logBegins: number | undefined;
  await scanStore(context.env, look.store, {
    progress: (bytes) => context.progress(bytes, undefined),
    record({ bytes, seq, afterHole }) {
      logBegins ??= seq;
      // What came after the state was read would not fit it.
      if (seq > look.seq || afterHole) return false;
      if (isOurs(bytes)) takeRecord(history, bytes, seq);
      else if (isGone && recordType(bytes) === eventTypes.PRUNE) takePrune(history, bytes, seq, id);
      return undefined;
    },
  });
  return { history, logBegins: logBegins ?? look.seq + 1 };
}

/** A record that cannot be decoded tells nothing; `wal verify` names it. */
function takeRecord(history: JobHistory, bytes: Uint8Array, seq: number): void {
  try {
    history.take(decodeEvent(Uint8Array.from(bytes)), seq);
  } catch {
    return;
  }
}

function takePrune(history: JobHistory, bytes: Uint8Array, seq: number, id: string): void {
  if (history.endSeq === undefined || history.departure !== undefined) return;
  const event = decodeEvent(bytes);
  if (event.type !== 'PRUNE') return;
  const { ids, cutoff } = event;
  const died = history.attempts.at(-1)?.outcome !== 'completed';
  const states = cutoff !== undefined && (died ? cutoff.dead : cutoff.completed);
  if (ids?.includes(id) || (states && history.endSeq <= cutoff.seq)) history.take(event, seq);
}

function parentsOf(machine: QueueMachine, job: Job | undefined): JobView['parents'] {
  const waitingFor = new Set(job?.special?.waitingFor);
  return (job?.special?.parents ?? []).map((id) => {
    const state = machine.get(id)?.state;
    return { id, ...(state !== undefined && { state }), waits: waitingFor.has(id) };
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
