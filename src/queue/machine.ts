import { damageError, unreachable, WalqError } from '../base/errors.ts';
import type { StateMachine } from '../storage/types.ts';
import type { PruneEvent, QueueEvent } from './event-types.ts';
import { decodePacked } from './events.ts';
import type { InFlightJob, Job, JobCounts } from './job.ts';
import { decodeEntry, encodeJob, encodeTotals, noTotals, type QueueTotals } from './job-codec.ts';
import type { Packed } from './packed.ts';
import { ReadyIndex } from './ready.ts';
import { misfit, nextJob } from './transitions.ts';

/**
 * The whole state of the queue. `apply` (and `load` into an empty one) are the only ways to change it, live and in
 * replay; what it holds depends on the log alone. Jobs stand in the order of their ENQUEUE.
 */
export class QueueMachine implements StateMachine {
  readonly #jobs = new Map<string, Job>();
  readonly #counts: JobCounts = { pending: 0, in_flight: 0, completed: 0, dead: 0 };
  #totals = noTotals();
  #lastJobSeq = 0;
  /** Built when first asked for: a replay that only shows the state never pays for them. */
  #ready: ReadyIndex | undefined;
  #inFlight: Map<string, InFlightJob> | undefined;

  /** Throws E_APPLY, or E_RECORD / E_RECORD_NEWER for bytes that cannot be read; the state is then unchanged. */
  apply(record: Uint8Array, seq: number): void {
    this.applyEvent(decodePacked(record), seq);
  }

  /** The same for an event already decoded. Keeps no reference to its payload. */
  applyEvent(event: QueueEvent<Packed>, seq: number): void {
    try {
      if (event.type === 'PRUNE') this.#prune(event, seq);
      else this.#change(event, seq);
    } catch (error) {
      if (event.from === undefined || !(error instanceof WalqError) || error.code !== 'E_APPLY') throw error;
      this.#totals.skipped++;
    }
  }

  /** Facts first, then the jobs. References are copied now, bytes are made when asked for. */
  cut(): Iterable<Uint8Array> {
    const totals = { ...this.#totals };
    const jobs = this.list();
    return { [Symbol.iterator]: () => entriesOf(totals, jobs) };
  }

  /** Throws E_APPLY, or E_RECORD / E_RECORD_NEWER for an entry that cannot be read. */
  load(entry: Uint8Array): void {
    const decoded = decodeEntry(entry);
    if (decoded.kind === 'facts') {
      if (this.#jobs.size > 0) throw damageError('E_APPLY', 'snapshot entry does not fit: facts after jobs');
      this.#totals = decoded.totals;
      return;
    }
    const job = decoded.job;
    if (job.seq <= this.#lastJobSeq || this.#jobs.has(job.id)) {
      throw damageError('E_APPLY', 'snapshot entry does not fit: job out of order or twice', {
        data: { job: job.id, seq: job.seq },
      });
    }
    this.#put(job, undefined);
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** In the order of ENQUEUE. Do not hold across an `apply`. */
  jobs(): IterableIterator<Job> {
    return this.#jobs.values();
  }

  /** All jobs as of now, in the order of ENQUEUE; stays what it is. */
  list(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Jobs by state, now. */
  get counts(): Readonly<JobCounts> {
    return this.#counts;
  }

  /** Events since the queue began. */
  get totals(): Readonly<QueueTotals> {
    return this.#totals;
  }

  /** Which job comes next. */
  get ready(): ReadyIndex {
    if (this.#ready === undefined) {
      const index = new ReadyIndex((job) => this.#jobs.get(job.id) === job);
      for (const job of this.#jobs.values()) if (job.state === 'pending') index.add(job);
      this.#ready = index;
    }
    return this.#ready;
  }

  /**
   * Jobs in flight, in the order of their DISPATCH or, after opening, of their ENQUEUE. Do not hold across an `apply`.
   */
  inFlight(): IterableIterator<InFlightJob> {
    if (this.#inFlight === undefined) {
      this.#inFlight = new Map();
      for (const job of this.#jobs.values()) if (job.state === 'in_flight') this.#inFlight.set(job.id, job);
    }
    return this.#inFlight.values();
  }

  #change(event: Exclude<QueueEvent<Packed>, PruneEvent>, seq: number): void {
    const before = this.#jobs.get(event.id);
    const after = nextJob(before, event, seq);
    this.#put(after, before);
    count(this.#totals, event);
  }

  #put(job: Job, before: Job | undefined): void {
    this.#jobs.set(job.id, job);
    if (before === undefined) this.#lastJobSeq = job.seq;
    else this.#leave(before);
    this.#counts[job.state]++;
    if (job.state === 'pending') this.#ready?.add(job);
    else if (job.state === 'in_flight') this.#inFlight?.set(job.id, job);
  }

  #leave(job: Job): void {
    this.#counts[job.state]--;
    if (job.state === 'pending') this.#ready?.forget(job);
    else if (job.state === 'in_flight') this.#inFlight?.delete(job.id);
  }

  #prune(event: PruneEvent, seq: number): void {
    const gone = event.cutoff === undefined ? this.#listed(event, seq) : this.#endedBy(event.cutoff);
    for (const job of gone) {
      this.#jobs.delete(job.id);
      this.#leave(job);
    }
    this.#totals.pruned += gone.length;
  }

  #listed(event: PruneEvent, seq: number): Job[] {
    const listed = new Set<Job>();
    for (const id of event.ids ?? []) {
      const job = this.#jobs.get(id);
      if (job?.state !== 'completed' && job?.state !== 'dead') {
        throw misfit(event, seq, job, `job ${id} is ${job?.state ?? 'unknown'}`);
      }
      listed.add(job);
    }
    return [...listed];
  }

  #endedBy(cutoff: { seq: number; completed: boolean; dead: boolean }): Job[] {
    const ended: Job[] = [];
    for (const job of this.#jobs.values()) {
      const concerned = (job.state === 'completed' && cutoff.completed) || (job.state === 'dead' && cutoff.dead);
      if (concerned && job.endSeq <= cutoff.seq) ended.push(job);
    }
    return ended;
  }
}

function* entriesOf(totals: QueueTotals, jobs: readonly Job[]): Generator<Uint8Array, void, void> {
  yield encodeTotals(totals);
  for (const job of jobs) yield encodeJob(job);
}

/** Spelled out: looking the name up costs as much as the rest of a replay step. */
function count(totals: QueueTotals, event: QueueEvent<Packed>): void {
  switch (event.type) {
    case 'ENQUEUE':
      totals.enqueued++;
      return;
    case 'DISPATCH':
      totals.dispatched++;
      return;
    case 'ACK':
      totals.completed++;
      return;
    case 'RETRY':
      totals.retried++;
      if (event.reason === 'crash') totals.crashed++;
      return;
    case 'TIMEOUT':
      totals.timedOut++;
      return;
    case 'DEAD':
      totals.dead++;
      return;
    case 'PRUNE':
      return;
    default:
      unreachable(event);
  }
}
