import type { Job } from '../../queue/state/job.ts';
import { jobDocument, rowOfJob } from '../job-row.ts';
import type { DiffTotals, JobChange } from './compare.ts';
import type { Difference } from './diff.ts';
import type { PointState } from './states.ts';

/** A job's id as its own log has it. */
export function originalId({ before, after }: Pick<Difference, 'before' | 'after'>, id: string): string {
  const known = before.originalId?.(id) ?? id;
  return known === id ? (after.originalId?.(id) ?? id) : known;
}

/**
 * What became of a job, as members of a JSON object. `full`: both sides whole; else a side that the other lacks is
 * whole, and of a job on both sides only what differs is told.
 */
export function changeMembers(change: JobChange, difference: Difference, full: boolean): Record<string, unknown> {
  const { before, after, kinds, fields } = change;
  const id = originalId(difference, change.id);
  const isWhole = full || before === undefined || after === undefined || kinds.includes('replaced');
  const side = (job: Job | undefined) =>
    job === undefined ? null : isWhole ? { ...jobDocument(rowOfJob(job)), id } : { status: job.state };
  const left = before !== undefined && after === undefined ? difference.departureOf?.(change.id) : undefined;
  return {
    job: id,
    name: (after ?? before)?.options.name || undefined,
    changes: kinds,
    before: side(before),
    after: side(after),
    fields:
      fields.length === 0
        ? undefined
        : new Map(fields.map(({ name, before: was, after: is }) => [name, { before: was ?? null, after: is ?? null }])),
    left,
  };
}

/** Both ends and all that was counted, as members of a JSON object. */
export function differenceMembers(difference: Difference, totals: DiffTotals): Record<string, unknown> {
  const { kinds, moves, differing, same, settings, events } = totals;
  const { before, after, backwards, acrossLogs } = difference;
  return {
    before: sideMembers(before),
    after: sideMembers(after),
    backwards,
    acrossLogs,
    totals: { differing, same, ...kinds },
    moves,
    events,
    settings,
  };
}

function sideMembers({ facts, state, verdict, whole, findings }: PointState): Record<string, unknown> {
  return { ...facts, seq: facts.seq ?? null, counts: state.counts, verdict, whole, findings };
}
