import { eventTypes } from '../queue/events/event-types.ts';
import { recordJobId, recordTime, recordType } from '../queue/events/events.ts';
import { changedAt, type Job, type JobCounts } from '../queue/state/job.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import type { SettingEntry } from '../queue/state/settings.ts';
import type { QueueTotals } from '../queue/state/totals.ts';

/** What a state was at an earlier seq: references to its immutable parts. */
export interface StateCut {
  jobs: readonly Job[];
  settings: readonly SettingEntry[];
  totals: QueueTotals;
  counts: JobCounts;
  /** Events applied up to here. */
  applied: number;
  /** When its last event was, ms since the epoch. */
  atMs: number | undefined;
}

/**
 * A state that also remembers what it was after seq `cutAt`, on its way to a later one. Jobs are immutable, so this
 * costs one reference a job, and the objects of those that have changed since.
 */
export class PointMachine extends QueueMachine {
  readonly #cutAt: number;
  /** Taken with the first event behind `cutAt`; means nothing when the snapshot began behind it. */
  taken: StateCut | undefined;
  /** Jobs of the cut that a REMOVE has taken away since; others that are gone were pruned. */
  readonly removed = new Set<string>();
  #lastMs: number | undefined;
  #applied = 0;

  constructor(cutAt = Number.POSITIVE_INFINITY) {
    super();
    this.#cutAt = cutAt;
  }

  /** When the last event was, ms since the epoch: as the log says, else as the jobs of a snapshot do. */
  get lastMs(): number | undefined {
    // 0 stands for "the foreign log had no time".
    return (this.#lastMs ?? lastChangeMs(this)) || undefined;
  }

  override apply(record: Uint8Array, seq: number): void {
    if (seq > this.#cutAt) {
      this.taken ??= this.now();
      if (recordType(record) === eventTypes.REMOVE) this.#noteRemoved(recordJobId(record));
    }
    super.apply(record, seq);
    this.#lastMs = recordTime(record);
    this.#applied++;
  }

  now(): StateCut {
    return {
      jobs: this.list(),
      settings: this.settings.entries(),
      totals: { ...this.totals },
      counts: { ...this.counts },
      applied: this.#applied,
      atMs: this.lastMs,
    };
  }

  #noteRemoved(id: string): void {
    if ((this.get(id)?.seq ?? Number.POSITIVE_INFINITY) <= this.#cutAt) this.removed.add(id);
  }
}

/** When a job changed last, ms since the epoch: about when the last event was; undefined where no job has a time. */
export function lastChangeMs(machine: QueueMachine): number | undefined {
  let lastMs = 0;
  for (const job of machine.jobs()) lastMs = Math.max(lastMs, changedAt(job));
  return lastMs || undefined;
}
