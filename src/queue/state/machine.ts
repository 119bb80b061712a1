import { asBuffer } from '../../base/bytes.ts';
import { WalqError } from '../../base/errors.ts';
import type { StateMachine } from '../../storage/types.ts';
import {
  eventTypes,
  type JobChangeEvent,
  type PruneEvent,
  type QueueEvent,
  type RemoveEvent,
} from '../events/event-types.ts';
import { decodePacked, recordType } from '../events/events.ts';
import type { Packed } from '../events/packed.ts';
import { cutOf } from './cut.ts';
import { type EndedJobs, isEnded } from './ended.ts';
import { type Family, withoutParent } from './family.ts';
import type { InFlightJob, Job, JobCounts } from './job.ts';
import { decodeEntry } from './job-codec.ts';
import { JobSet } from './job-set.ts';
import { enqueued, waitingFor } from './make-job.ts';
import { enqueueForm, entryForm } from './plain-form.ts';
import { PlainJobs } from './plain-jobs.ts';
import type { ReadyIndex } from './ready.ts';
import { Settings, scheduleOf } from './settings.ts';
import { countChange, noTotals, type QueueTotals } from './totals.ts';
import { misfit, misplaced, nextJob, type UnmetParents } from './transitions.ts';

export type ChangeObserver = (event: JobChangeEvent, before: Job | undefined, after: Job) => void;

/**
 * The whole state of the queue. `apply` (and `load` into an empty one) are the only ways to change it, live and in
 * replay; what it holds depends on the log alone. Jobs stand in the order of their ENQUEUE.
 */
export class QueueMachine implements StateMachine {
  readonly settings = new Settings();
  /** Told of each event that changed a job, with the job before and after. Must not throw. */
  observer: ChangeObserver | undefined;
  readonly #jobs: JobSet;
  readonly #entries = new PlainJobs(entryForm);
  readonly #enqueues = new PlainJobs(enqueueForm);
  #totals = noTotals();

  /** Jobs that come behind `shelveFrom` that wait, and those of a snapshot, may be kept as bytes. */
  constructor(shelveFrom = 100_000) {
    this.#jobs = new JobSet(this.settings, shelveFrom);
  }

  /** Throws E_APPLY, or E_RECORD / E_RECORD_NEWER for bytes that cannot be read; the state is then unchanged. */
  apply(record: Uint8Array, seq: number): void {
    if (this.#jobs.isLong && recordType(record) === eventTypes.ENQUEUE) this.#applyEnqueue(asBuffer(record), seq);
    else this.applyKnown(decodePacked(record), seq);
  }

  /** In a long queue they come by the million, one like the other. */
  #applyEnqueue(record: Buffer, seq: number): void {
    const plain = this.#enqueues;
    const options = plain.optionsOf(record, 0, record.length, seq);
    if (options !== undefined && this.observer === undefined && this.#jobs.shelve(options, seq, plain.hash, plain)) {
      this.#totals.enqueued++;
    } else {
      const event = decodePacked(record);
      this.applyKnown(event, seq);
      if (options === undefined && event.type === 'ENQUEUE') plain.learn(enqueued(event, seq, undefined));
    }
    plain.release();
  }

  /** The same of an event that was read already: the state may keep parts of it, and a copy of a payload in bytes. */
  applyKnown(event: QueueEvent<Packed>, seq: number): void {
    try {
      this.#change(event, seq);
    } catch (error) {
      if (event.from === undefined || !(error instanceof WalqError) || error.code !== 'E_APPLY') throw error;
      this.#totals.skipped++;
    }
  }

  /** Facts first, then settings, then the jobs. References are copied now, bytes are made when asked for. */
  cut(): Iterable<Uint8Array> {
    return cutOf({ ...this.#totals }, this.settings.entries(), this.#jobs.table.cut());
  }

  /** Throws E_APPLY, or E_RECORD / E_RECORD_NEWER for an entry that cannot be read; the state is then of no use. */
  load(entry: Uint8Array): void {
    this.#load(entry, 0, entry.length);
  }

  /** Keeps a copy of the bytes of fresh jobs, and reads them when they are asked for. */
  loadStretch(bytes: Buffer, from: number, to: number): void {
    const plain = this.#entries;
    const options = plain.optionsOf(bytes, from, to);
    if (options === undefined || !this.#jobs.shelve(options, plain.seq, plain.hash, plain)) {
      const job = this.#load(bytes, from, to);
      if (job !== undefined && options === undefined) plain.learn(job);
    }
    plain.release();
  }

  #load(bytes: Uint8Array, from: number, to: number): Job | undefined {
    const decoded = decodeEntry(bytes, from, to);
    const { size } = this.#jobs.table;
    if (decoded.kind === 'job') {
      const job = decoded.job;
      if (job.seq > this.#jobs.lastSeq) {
        this.#jobs.put(job, undefined);
        // Looked up once, not twice: opening a store with a million jobs spends a third of its time on it.
        if (this.#jobs.table.size > size) return job;
      }
      throw misplaced('job out of order or twice', { job: job.id, seq: job.seq });
    }
    if (size > 0) throw misplaced(`${decoded.kind} after jobs`);
    if (decoded.kind === 'facts') this.#totals = decoded.totals;
    else this.settings.load(decoded.entry);
    return undefined;
  }

  get(id: string): Job | undefined {
    return this.#jobs.table.get(id);
  }

  /** Jobs that hold this unique key: unfinished ones, and those that hold it for some time. In the order of ENQUEUE. */
  keyHolders(key: string): Job[] {
    return this.#jobs.keyHolders(key);
  }

  /** In the order of ENQUEUE. Do not hold across an `apply`. */
  jobs(): IterableIterator<Job> {
    return this.#jobs.table.values();
  }

  /** All jobs as of now, in the order of ENQUEUE; stays what it is. */
  list(): readonly Job[] {
    return this.#jobs.table.list();
  }

  get size(): number {
    return this.#jobs.table.size;
  }

  get counts(): Readonly<JobCounts> {
    return this.#jobs.counts;
  }

  /** Events since the queue began. */
  get totals(): Readonly<QueueTotals> {
    return this.#totals;
  }

  /** Which jobs wait for which. */
  get family(): Family {
    return this.#jobs.family;
  }

  /** Which job comes next. */
  get ready(): ReadyIndex {
    return this.#jobs.ready;
  }

  /**
   * Jobs in flight, in the order of their DISPATCH or, after opening, of their ENQUEUE. Do not hold across an `apply`.
   */
  inFlight(): IterableIterator<InFlightJob> {
    return this.#jobs.inFlight.values();
  }

  /** Finished jobs, in the order in which they ended. */
  get ended(): EndedJobs {
    return this.#jobs.ended;
  }

  /** The job leased under this token. */
  lease(token: string): InFlightJob | undefined {
    return this.#jobs.leases.get(token);
  }

  /** In the order they were given out. */
  leases(): IterableIterator<InFlightJob> {
    return this.#jobs.leases.values();
  }

  #change(event: QueueEvent<Packed>, seq: number): void {
    switch (event.type) {
      case 'PRUNE':
        this.#prune(event, seq);
        return;
      case 'REMOVE':
        this.#remove(event, seq);
        return;
      case 'PAUSE':
        this.settings.pause(event);
        this.#jobs.settingsChanged();
        return;
      case 'RESUME':
        if (!this.settings.resume(event)) throw misfit(event, seq, undefined, 'nothing of that scope is paused');
        this.#jobs.settingsChanged();
        return;
      case 'LIMIT':
        this.settings.limit(event);
        this.#jobs.settingsChanged();
        return;
      case 'SCHEDULE':
        this.settings.put(scheduleOf(event));
        return;
      case 'UNSCHEDULE':
        if (!this.settings.unschedule(event.id)) throw misfit(event, seq, undefined, 'there is no such schedule');
        return;
      default:
        this.#changeJob(event, seq);
    }
  }

  #changeJob(event: JobChangeEvent, seq: number): void {
    const before = this.#jobs.table.get(event.id);
    const after = nextJob(before, event, seq, this.#unmet);
    if (event.type === 'ENQUEUE' && event.slot && !this.settings.fired(event.slot.schedule, event.slot.at)) {
      throw misfit(event, seq, undefined, `there is no schedule ${event.slot.schedule}`);
    }
    this.#jobs.put(after, before);
    if (after.state === 'completed' && this.family.hasChildren(after.id)) this.#release(after.id);
    countChange(this.#totals, event, before, after);
    this.observer?.(event, before, after);
  }

  /** One function for all events: they come by the million. */
  readonly #unmet: UnmetParents = (parents, event, seq) => {
    const unmet = parents.filter((id) => {
      const parent = this.#jobs.table.get(id);
      // Whoever was enqueued knew it: it had completed and was forgotten since.
      if (parent === undefined && event.type === 'RETRY') return false;
      if (parent === undefined || parent.state === 'dead') {
        throw misfit(event, seq, parent, `its parent ${id} is ${parent === undefined ? 'unknown' : 'dead'}`);
      }
      return parent.state !== 'completed';
    });
    return unmet.length === 0 ? undefined : unmet;
  };

  /** Those that wait for this job wait for one fewer. */
  #release(parent: string): void {
    for (const id of this.family.childrenOf(parent)) {
      const child = this.#jobs.table.get(id);
      if (child?.state === 'pending') this.#jobs.put(waitingFor(child, withoutParent(child, parent)), child);
    }
  }

  #remove(event: RemoveEvent, seq: number): void {
    const job = this.#jobs.table.get(event.id);
    if (job === undefined || job.state === 'in_flight') throw misfit(event, seq, job);
    if (this.family.hasChildren(job.id)) throw misfit(event, seq, job, 'other jobs wait for it');
    this.#jobs.drop(job);
    this.#totals.removed++;
  }

  #prune(event: PruneEvent, seq: number): void {
    const gone = event.cutoff === undefined ? this.#listed(event, seq) : this.#jobs.ended.upTo(event.cutoff);
    for (const job of gone) this.#jobs.drop(job);
    this.#totals.pruned += gone.length;
  }

  #listed(event: PruneEvent, seq: number): Job[] {
    const listed = new Set<Job>();
    for (const id of event.ids ?? []) {
      const job = this.#jobs.table.get(id);
      if (!isEnded(job)) {
        throw misfit(event, seq, job, `job ${id} is ${job?.state ?? 'unknown'}`);
      }
      listed.add(job);
    }
    return [...listed];
  }
}
