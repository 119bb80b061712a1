import { isEnded } from '../../queue/state/ended.ts';
import { type Job, payloadText } from '../../queue/state/job.ts';
import { type Phase, type PhaseContext, phaseOf } from '../../queue/state/phase.ts';
import { jobDocument, rowOfJob } from '../job-row.ts';

/** A job with its phase, as members of a JSON object. */
export function jobMembers(job: Job, context: PhaseContext): Record<string, unknown> {
  const { id, status, attempt, ...rest } = jobDocument(rowOfJob(job));
  const { phase, ...why } = phaseMembers(phaseOf(job, context));
  return { id, status, phase, attempt, ...rest, ...why };
}

/** What the phase says that the job itself does not. */
function phaseMembers(phase: Phase): { phase: string } & Record<string, unknown> {
  if (phase.kind !== 'paused') return { phase: phase.kind };
  const { name, group, at, reason } = phase.pause;
  return { phase: phase.kind, pausedBy: { name, group, sinceMs: at, reason } };
}

/** The jobs as CSV, head first. Cells are as stored: whoever writes them quotes and escapes. */
export const csvHead = [
  'id',
  'state',
  'phase',
  'name',
  'group',
  'key',
  'priority',
  'attempt',
  'max_attempts',
  'created',
  'due',
  'ended',
  'reason',
  'payload',
];

export function csvCells(job: Job, context: PhaseContext): string[] {
  const { name, group, priority, maxAttempts } = job.options;
  const ended = isEnded(job) ? job.endedAt : undefined;
  return [
    job.id,
    job.state,
    phaseOf(job, context).kind,
    name,
    group,
    job.special?.key ?? '',
    String(priority),
    String(job.attempt),
    String(maxAttempts),
    timeCell(job.createdAt),
    timeCell(job.state === 'pending' ? job.runAt : undefined),
    timeCell(ended),
    job.state === 'dead' ? job.reason : (job.setback?.reason ?? ''),
    payloadText(job) ?? '',
  ];
}

/** 0 stands for "the foreign log had no time". */
function timeCell(ms: number | undefined): string {
  if (ms === undefined || ms === 0) return '';
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
