import { EndedJobs } from './ended.ts';
import type { EntrySource } from './entry-source.ts';
import { Family } from './family.ts';
import { FreshJob } from './fresh-job.ts';
import type { InFlightJob, Job, JobCounts, JobOptions } from './job.ts';
import { JobTable } from './job-table.ts';
import { Keys } from './keys.ts';
import { ReadyIndex } from './ready.ts';
import type { Settings } from './settings.ts';

/** All jobs of a state, in the order of their ENQUEUE, and what follows from them: who is next, who waits for whom. */
export class JobSet {
  readonly family = new Family();
  readonly counts: JobCounts = { pending: 0, in_flight: 0, completed: 0, dead: 0 };
  readonly table = new JobTable();
  readonly #settings: Settings;
  readonly #shelveFrom: number;
  readonly #keys = new Keys();
  #lastSeq = 0;
  /** Built when first asked for: a replay that only shows the state never pays for them. */
  #ready: ReadyIndex | undefined;
  #inFlight: Map<string, InFlightJob> | undefined;
  /** Those among them that are leased, by token. */
  readonly leases = new Map<string, InFlightJob>();
  #ended: EndedJobs | undefined;

  /** `shelveFrom`: a job that comes behind so many that wait is kept as bytes. */
  constructor(settings: Settings, shelveFrom: number) {
    this.#settings = settings;
    this.#shelveFrom = shelveFrom;
  }

  /** Of the job that came last; of those that came before it none is greater. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** A job that comes now will not be asked for soon. */
  get isLong(): boolean {
    return this.counts.pending >= this.#shelveFrom;
  }

  /** Jobs that hold this unique key: unfinished ones, and those that hold it for some time. */
  keyHolders(key: string): Job[] {
    const jobs = [...this.#keys.idsOf(key)].flatMap((id) => this.table.get(id) ?? []);
    return jobs.sort((a, b) => a.seq - b.seq);
  }

  get ready(): ReadyIndex {
    if (this.#ready === undefined) {
      const index = new ReadyIndex(this.table, this.#settings);
      for (const job of this.table.objects()) {
        if (job.state === 'pending') index.add(job);
        else if (job.state === 'in_flight') index.begun(job);
      }
      for (const job of this.table.takeFronts()) index.add(job);
      this.#ready = index;
    }
    return this.#ready;
  }

  settingsChanged(): void {
    this.#ready?.settingsChanged();
  }

  get inFlight(): ReadonlyMap<string, InFlightJob> {
    if (this.#inFlight === undefined) {
      this.#inFlight = new Map();
      for (const job of this.table.objects()) if (job.state === 'in_flight') this.#inFlight.set(job.id, job);
    }
    return this.#inFlight;
  }

  get ended(): EndedJobs {
    this.#ended ??= new EndedJobs(this.table.objects());
    return this.#ended;
  }

  /** In the place of `before`, or behind all others. */
  put(job: Job, before: Job | undefined): void {
    if (before === undefined && this.isLong && job instanceof FreshJob && this.table.shelve(job)) {
      this.#isShelved(job.options, job.seq);
      return;
    }
    this.table.set(job);
    if (before !== undefined) this.#leave(before);
    else this.#lastSeq = job.seq;
    if (job.special !== undefined) this.#keys.put(job);
    this.counts[job.state]++;
    if (job.state === 'pending') {
      this.#ready?.add(job);
      if (job.special !== undefined) this.family.add(job);
    } else if (job.state === 'in_flight') {
      this.#inFlight?.set(job.id, job);
      if (job.owner.kind === 'lease') this.leases.set(job.owner.token, job);
      this.#ready?.begun(job);
    } else this.#ended?.add(job);
  }

  /** A fresh job as the bytes of its entry. False, and nothing is done, where `put` has to look; see `JobTable`. */
  shelve(options: JobOptions, seq: number, idHash: number, entry: EntrySource): boolean {
    if (seq <= this.#lastSeq || !this.table.shelveEntry(options, seq, idHash, entry)) return false;
    this.#isShelved(options, seq);
    return true;
  }

  #isShelved(options: JobOptions, seq: number): void {
    this.#lastSeq = seq;
    this.counts.pending++;
    // Nobody asks which comes next before the index is there.
    const front = this.#ready && this.table.takeFront(options);
    if (front !== undefined) this.#ready?.add(front);
  }

  drop(job: Job): void {
    this.table.delete(job.id);
    this.#leave(job);
    this.#keys.drop(job);
  }

  #leave(job: Job): void {
    this.counts[job.state]--;
    if (job.state === 'pending') {
      this.#ready?.forget(job);
      if (job.special !== undefined) this.family.forget(job);
    } else if (job.state === 'in_flight') {
      this.#inFlight?.delete(job.id);
      if (job.owner.kind === 'lease') this.leases.delete(job.owner.token);
      this.#ready?.ended(job);
    } else this.#ended?.forget(job);
  }
}
