import { eventTypes } from '../../queue/events/event-types.ts';
import { recordJobId, recordType } from '../../queue/events/events.ts';
import type { Job } from '../../queue/state/job.ts';
import type { Where } from '../where/compile.ts';
import type { LiveQueue } from './live-queue.ts';

/** What became of a job that was waited for. */
export interface Waited {
  id: string;
  state: 'completed' | 'dead' | 'missing' | 'pending' | 'in_flight';
  reason?: string;
}

export interface GoalResult {
  /** Those asked for, in the order asked; without ids those that died meanwhile. */
  jobs: Waited[];
  completed: number;
  dead: number;
  missing: number;
}

/** What `queue wait` waits for. */
export interface Goal {
  /**
   * Looks at the state after each record, since a job may be forgotten right after it is finished; without one at
   * everything.
   */
  note(record?: Uint8Array): void;
  left(): number;
  result(): GoalResult;
}

export class NamedJobs implements Goal {
  readonly #live: LiveQueue;
  readonly #last = new Map<string, Waited>();
  readonly #open = new Set<string>();

  constructor(live: LiveQueue, ids: readonly string[]) {
    this.#live = live;
    for (const id of ids) this.#open.add(id);
    this.note();
  }

  note(record?: Uint8Array): void {
    for (const id of this.#concerned(record)) {
      const job = this.#live.machine.get(id);
      const before = this.#last.get(id);
      // Finished and forgotten between two looks: what it was last is all that can be said.
      if (job === undefined) this.#last.set(id, { id, state: 'missing', ...(before && { reason: before.state }) });
      else this.#last.set(id, waited(job));
      if (job === undefined || job.state === 'completed') this.#open.delete(id);
    }
  }

  #concerned(record: Uint8Array | undefined): readonly string[] {
    if (record === undefined || recordType(record) === eventTypes.PRUNE) return [...this.#open];
    const id = recordJobId(record);
    return this.#open.has(id) ? [id] : [];
  }

  /** A dead job may come back while others are waited for; once they are done, dead is dead. */
  left(): number {
    let left = 0;
    for (const id of this.#open) if (this.#last.get(id)?.state !== 'dead') left++;
    return left;
  }

  result(): GoalResult {
    const jobs = [...this.#last.values()];
    const count = (state: Waited['state']) => jobs.filter((job) => job.state === state).length;
    return { jobs, completed: count('completed'), dead: count('dead'), missing: count('missing') };
  }
}

/** Everything that is pending or in flight, now or while it lasts. What was dead before does not matter. */
export class AllJobs implements Goal {
  readonly #live: LiveQueue;
  readonly #seqStart: number;
  readonly #completedBefore: number;

  constructor(live: LiveQueue) {
    this.#live = live;
    this.#seqStart = live.seq;
    this.#completedBefore = live.machine.totals.completed;
  }

  note(): void {}

  left(): number {
    const { pending, in_flight } = this.#live.machine.counts;
    return pending + in_flight;
  }

  result(): GoalResult {
    const { machine } = this.#live;
    const jobs: Waited[] = [];
    for (const job of machine.jobs()) {
      if (job.state === 'dead' && job.endSeq > this.#seqStart) jobs.push(waited(job));
    }
    return { jobs, completed: machine.totals.completed - this.#completedBefore, dead: jobs.length, missing: 0 };
  }
}

/**
 * The jobs for which an expression holds while they are pending or in flight, those that come later too. One that it
 * holds for no longer is not waited for. What was dead before does not matter.
 */
export class MatchingJobs implements Goal {
  readonly #live: LiveQueue;
  readonly #where: Where<Job>;
  readonly #open = new Set<string>();
  readonly #dead = new Map<string, Waited>();
  #completed = 0;

  constructor(live: LiveQueue, where: Where<Job>) {
    this.#live = live;
    this.#where = where;
    this.note();
  }

  note(record?: Uint8Array): void {
    if (record !== undefined) {
      this.#look(recordJobId(record));
      return;
    }
    for (const id of [...this.#open]) this.#look(id);
    for (const job of this.#live.machine.jobs()) if (this.#concerns(job)) this.#open.add(job.id);
  }

  #look(id: string): void {
    const job = this.#live.machine.get(id);
    if (job !== undefined && this.#concerns(job)) {
      this.#open.add(id);
      this.#dead.delete(id);
      return;
    }
    if (!this.#open.delete(id)) return;
    if (job?.state === 'completed') this.#completed++;
    if (job?.state === 'dead') this.#dead.set(id, waited(job));
  }

  #concerns(job: Job): boolean {
    return (job.state === 'pending' || job.state === 'in_flight') && this.#where.holds(job);
  }

  left(): number {
    return this.#open.size;
  }

  result(): GoalResult {
    const jobs = [...this.#dead.values()];
    return { jobs, completed: this.#completed, dead: jobs.length, missing: 0 };
  }
}

function waited(job: Job): Waited {
  return { id: job.id, state: job.state, ...(job.state === 'dead' && { reason: job.reason }) };
}
