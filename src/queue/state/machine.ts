import { WalqError } from '../../base/errors.ts';
import type { StateMachine } from '../../storage/types.ts';
import type { JobChangeEvent, PruneEvent, QueueEvent, RemoveEvent } from '../events/event-types.ts';
import { decodePacked } from '../events/events.ts';
import { cutOf } from './cut.ts';
import { EndedJobs, isEnded } from './ended.ts';
import { Family, withoutParent } from './family.ts';
import type { InFlightJob, Job, JobCounts } from './job.ts';
import { decodeEntry, noTotals, type QueueTotals } from './job-codec.ts';
import { JobTable } from './job-table.ts';
import { Keys } from './keys.ts';
import { waitingFor } from './make-job.ts';
import type { Packed } from './packed.ts';
import { PlainEntries } from './plain-entry.ts';
import { ReadyIndex } from './ready.ts';
import { Settings, scheduleOf } from './settings.ts';
import { countChange } from './totals.ts';
import { misfit, misplaced, nextJob, type UnmetParents } from './transitions.ts';

export type ChangeObserver = (event: JobChangeEvent, before: Job | undefined, after: Job) => void;

/**
 * The whole state of the queue. `apply` (and `load` into an empty one) are the only ways to change it, live and in
 * replay; what it holds depends on the log alone. Jobs stand in the order of their ENQUEUE.
 */
export class QueueMachine implements StateMachine {
  readonly settings = new Settings();
  /** Which jobs wait for which. */
  readonly family = new Family();
  /** Told of each event that changed a job, with the job before and after. Must not throw. */
  observer: ChangeObserver | undefined;
  readonly #jobs = new JobTable();
  readonly #plain = new PlainEntries();
  readonly #counts: JobCounts = { pending: 0, in_flight: 0, completed: 0, dead: 0 };
  readonly #keys = new Keys();
  #totals = noTotals();
  #lastJobSeq = 0;
  /** Built when first asked for: a replay that only shows the state never pays for them. */
  #ready: ReadyIndex | undefined;
  #inFlight: Map<string, InFlightJob> | undefined;
  /** Those among them that are leased, by token. */
  readonly #leases = new Map<string, InFlightJob>();
  #ended: EndedJobs | undefined;

  /** Throws E_APPLY, or E_RECORD / E_RECORD_NEWER for bytes that cannot be read; the state is then unchanged. */
  apply(record: Uint8Array, seq: number): void {
    this.applyKnown(decodePacked(record), seq);
  }

  /** The same of an event, parts of which the state may keep, but no payload that is no text. */
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
    return cutOf({ ...this.#totals }, this.settings.entries(), this.list());
  }

  /** Throws E_APPLY, or E_RECORD / E_RECORD_NEWER for an entry that cannot be read; the state is then of no use. */
  load(entry: Uint8Array): void {
    this.#load(entry, 0, entry.length);
  }

  /** Keeps a copy of the bytes of fresh jobs, and reads them when they are asked for. */
  loadStretch(bytes: Buffer, from: number, to: number): void {
    const cold = this.#plain.jobOf(bytes, from, to);
    if (cold !== undefined && cold.seq > this.#lastJobSeq && this.#jobs.append(cold, this.#plain.hash)) {
      this.#lastJobSeq = cold.seq;
      this.#counts.pending++;
      this.#ready?.add(cold);
      return;
    }
    const job = this.#load(bytes, from, to);
    if (job !== undefined && cold === undefined) this.#plain.learn(bytes, job);
  }

  #load(bytes: Uint8Array, from: number, to: number): Job | undefined {
    const decoded = decodeEntry(bytes, from, to);
    if (decoded.kind === 'job') {
      const job = decoded.job;
      const { size } = this.#jobs;
      const isLater = job.seq > this.#lastJobSeq;
      this.#put(job, undefined);
      // Looked up once, not twice: opening a store with a million jobs spends a third of its time on it.
      if (isLater && this.#jobs.size > size) return job;
      throw misplaced('job out of order or twice', { job: job.id, seq: job.seq });
    }
    if (this.#jobs.size > 0) throw misplaced(`${decoded.kind} after jobs`);
    if (decoded.kind === 'facts') this.#totals = decoded.totals;
    else this.settings.load(decoded.entry);
    return undefined;
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Jobs that hold this unique key: unfinished ones, and those that hold it for some time. In the order of ENQUEUE. */
  keyHolders(key: string): Job[] {
    const jobs = [...this.#keys.idsOf(key)].flatMap((id) => this.#jobs.get(id) ?? []);
    return jobs.sort((a, b) => a.seq - b.seq);
  }

  /** In the order of ENQUEUE. Do not hold across an `apply`. */
  jobs(): IterableIterator<Job> {
    return this.#jobs.values();
  }

  /** All jobs as of now, in the order of ENQUEUE; stays what it is. */
  list(): readonly Job[] {
    return this.#jobs.list();
  }

  get size(): number {
    return this.#jobs.size;
  }

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
      const index = new ReadyIndex((job) => this.#jobs.get(job.id) === job, this.settings);
      for (const job of this.#jobs.values()) {
        if (job.state === 'pending') index.add(job);
        else if (job.state === 'in_flight') index.begun(job);
      }
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

  /** Finished jobs, in the order in which they ended. */
  get ended(): EndedJobs {
    this.#ended ??= new EndedJobs(this.#jobs.values());
    return this.#ended;
  }

  /** The job leased under this token. */
  lease(token: string): InFlightJob | undefined {
    return this.#leases.get(token);
  }

  /** In the order they were given out. */
  leases(): IterableIterator<InFlightJob> {
    return this.#leases.values();
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
        this.#ready?.settingsChanged();
        return;
      case 'RESUME':
        if (!this.settings.resume(event)) throw misfit(event, seq, undefined, 'nothing of that scope is paused');
        this.#ready?.settingsChanged();
        return;
      case 'LIMIT':
        this.settings.limit(event);
        this.#ready?.settingsChanged();
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
    const before = this.#jobs.get(event.id);
    const after = nextJob(before, event, seq, this.#unmet);
    if (event.type === 'ENQUEUE' && event.slot && !this.settings.fired(event.slot.schedule, event.slot.at)) {
      throw misfit(event, seq, undefined, `there is no schedule ${event.slot.schedule}`);
    }
    this.#put(after, before);
    if (after.state === 'completed' && this.family.hasChildren(after.id)) this.#release(after.id);
    countChange(this.#totals, event, before, after);
    this.observer?.(event, before, after);
  }

  /** One function for all events: they come by the million. */
  readonly #unmet: UnmetParents = (parents, prunedCounts, event, seq) => {
    const unmet = parents.filter((id) => {
      const parent = this.#jobs.get(id);
      if (parent === undefined && prunedCounts) return false;
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
      const child = this.#jobs.get(id);
      if (child?.state === 'pending') this.#put(waitingFor(child, withoutParent(child, parent)), child);
    }
  }

  #put(job: Job, before: Job | undefined): void {
    this.#jobs.set(job);
    if (before !== undefined) this.#leave(before);
    else this.#lastJobSeq = job.seq;
    if (job.special !== undefined) this.#keys.put(job);
    this.#counts[job.state]++;
    if (job.state === 'pending') {
      this.#ready?.add(job);
      if (job.special !== undefined) this.family.add(job);
    } else if (job.state === 'in_flight') {
      this.#inFlight?.set(job.id, job);
      if (job.owner.kind === 'lease') this.#leases.set(job.owner.token, job);
      this.#ready?.begun(job);
    } else this.#ended?.add(job);
  }

  #leave(job: Job): void {
    this.#counts[job.state]--;
    if (job.state === 'pending') {
      this.#ready?.forget(job);
      if (job.special !== undefined) this.family.forget(job);
    } else if (job.state === 'in_flight') {
      this.#inFlight?.delete(job.id);
      if (job.owner.kind === 'lease') this.#leases.delete(job.owner.token);
      this.#ready?.ended(job);
    } else this.#ended?.forget(job);
  }

  #drop(job: Job): void {
    this.#jobs.delete(job.id);
    this.#leave(job);
    this.#keys.drop(job);
  }

  #remove(event: RemoveEvent, seq: number): void {
    const job = this.#jobs.get(event.id);
    if (job === undefined || job.state === 'in_flight') throw misfit(event, seq, job);
    if (this.family.hasChildren(job.id)) throw misfit(event, seq, job, 'other jobs wait for it');
    this.#drop(job);
    this.#totals.removed++;
  }

  #prune(event: PruneEvent, seq: number): void {
    const gone = event.cutoff === undefined ? this.#listed(event, seq) : this.ended.upTo(event.cutoff);
    for (const job of gone) this.#drop(job);
    this.#totals.pruned += gone.length;
  }

  #listed(event: PruneEvent, seq: number): Job[] {
    const listed = new Set<Job>();
    for (const id of event.ids ?? []) {
      const job = this.#jobs.get(id);
      if (!isEnded(job)) {
        throw misfit(event, seq, job, `job ${id} is ${job?.state ?? 'unknown'}`);
      }
      listed.add(job);
    }
    return [...listed];
  }
}
