import { dueAtOnce, dueBefore, expiresBefore, expiryOf } from './due.ts';
import { FairLane, type Ticket, Turns, ticketBefore } from './fair-lane.ts';
import { Heap } from './heap.ts';
import { type InFlightJob, isBlocked, type PendingJob } from './job.ts';
import { type Lane, laneOf, type Wanted } from './lane.ts';
import { ReadyAges } from './ready-ages.ts';
import type { Settings } from './settings.ts';

/**
 * Jobs that become due with one that is taken, and in one step of `catchUp`: of a million with one time most wait a
 * moment longer, whatever their priority, and nobody else waits seconds for them.
 */
const dueAtATime = 100;
const dueInAStep = 500;

/** Holds groups to what settings do not say: rates, and limits of one runner. */
export interface Gate {
  /** May a job of this group go at this moment, with `inFlight` of the group at work? */
  mayGo(group: string, inFlight: number): boolean;
}

/** The jobs that the index is about. Of those that differ in nothing but their turn it may see the first alone. */
export interface ReadyJobs {
  /** Is it this one that stands for its id? */
  isCurrent(job: PendingJob): boolean;
  /** This one waits no longer: the one that it hid, if there is one. */
  passed(job: PendingJob): PendingJob | undefined;
}

const openGate: Gate = { mayGo: () => true };

/**
 * Which pending job comes next. Derived from the state and rebuilt at will, never stored.
 *
 * Jobs are replaced, not changed, so an entry is stale once its job is no longer the one in the state; stale entries
 * are dropped when they come up, and all at once when they are the majority. A job taken is out of the index until it
 * is given back or replaced. Names that somebody asks for, or that are paused, have lanes of their own, so that nobody
 * has to look past the jobs of others.
 */
export class ReadyIndex {
  readonly #jobs: ReadyJobs;
  readonly #isCurrent: (job: PendingJob) => boolean;
  readonly #settings: Settings;
  readonly #lanes = new Map<string, { lane: Lane; name: string | undefined; jobs: FairLane }>();
  #turns = new Turns();
  readonly #delayed = new Heap<PendingJob>(dueBefore);
  readonly #expiring = new Heap<PendingJob>(expiresBefore);
  /** Those in `#delayed` that are not stale: so they can be counted at any time. */
  readonly #waiting = new Set<PendingJob>();
  readonly #taken = new Set<PendingJob>();
  /** Jobs of each group that are taken or in flight; groups without any are not listed. */
  readonly #atWork = new Map<string, number>();
  readonly #ownLane = new Set<string>();
  #gate: Gate = openGate;
  /** Told when jobs stay behind that are due: `catchUp` is to be called, again and again, until it is done. */
  onBehind: (() => void) | undefined;
  #isBehind = false;
  #stale = 0;
  /** Built when first asked for. */
  #ages: ReadyAges | undefined;

  constructor(jobs: ReadyJobs, settings: Settings) {
    this.#jobs = jobs;
    this.#isCurrent = (job) => jobs.isCurrent(job);
    this.#settings = settings;
    for (const { name } of settings.pauses) if (name !== undefined) this.#ownLane.add(name);
  }

  /** Whoever dispatches may hold groups back; `unpark` after it changed its mind. */
  set gate(gate: Gate) {
    this.#gate = gate;
    this.unpark();
  }

  unpark(group?: string): void {
    for (const { jobs } of this.#lanes.values()) jobs.unpark(group);
  }

  add(job: PendingJob): void {
    if (job.special?.expiresAt !== undefined) this.#expiring.push(job);
    if (isBlocked(job)) return;
    // As nearly all are: straight into the lane. `take` moves the others when their time has come.
    if (dueAtOnce(job)) {
      this.#due(job);
      this.#ages?.add(job);
    } else {
      this.#delayed.push(job);
      this.#waiting.add(job);
    }
  }

  /** The job is pending no longer, or another object stands for it. */
  forget(job: PendingJob): void {
    if (this.#taken.delete(job)) {
      this.#leaves(job.options.group);
      return;
    }
    this.#waiting.delete(job);
    this.#next(job);
    this.#stale++;
    if (this.#stale < 1000) return;
    let entries = this.#delayed.size + this.#expiring.size;
    for (const { jobs } of this.#lanes.values()) entries += jobs.size;
    if (this.#stale * 2 < entries) return;
    for (const heap of [this.#delayed, this.#expiring]) heap.filter(this.#isCurrent);
    for (const { jobs } of this.#lanes.values()) jobs.sweep();
    this.#stale = 0;
  }

  /** A worker has it. */
  begun(job: InFlightJob): void {
    const { group } = job.options;
    this.#atWork.set(group, (this.#atWork.get(group) ?? 0) + 1);
  }

  ended(job: InFlightJob): void {
    this.#leaves(job.options.group);
  }

  /** Pauses or limits are others now. */
  settingsChanged(): void {
    for (const { name } of this.#settings.pauses) if (name !== undefined) this.#separate([name]);
    this.unpark();
  }

  /** The next job due at `now` that a worker may have, taken out of the index. */
  take(now: number, wanted: Wanted): PendingJob | undefined {
    for (;;) {
      const isMore = this.#advance(now, dueAtATime);
      const job = this.#settings.pauseOf({}) === undefined ? this.#takeFirst(wanted) : undefined;
      if (job === undefined && isMore) continue;
      if (isMore && !this.#isBehind) this.onBehind?.();
      this.#isBehind = isMore;
      return job;
    }
  }

  /** One step; true when that was not the last. */
  catchUp(now: number): boolean {
    this.#isBehind = this.#advance(now, dueInAStep);
    return this.#isBehind;
  }

  #takeFirst(wanted: Wanted): PendingJob | undefined {
    if (wanted.names !== undefined) this.#separate(wanted.names);
    let first: Ticket | undefined;
    let from: FairLane | undefined;
    for (const { lane, name, jobs } of this.#lanes.values()) {
      if (!wanted.lanes.includes(lane)) continue;
      if (wanted.names !== undefined && (name === undefined || !wanted.names.has(name))) continue;
      if (name !== undefined && this.#settings.holdsBack(name, '')) continue;
      const next = jobs.peek(this.#mayGo);
      if (next === undefined || (first !== undefined && !ticketBefore(next, first))) continue;
      first = next;
      from = jobs;
    }
    if (first === undefined || from === undefined) return undefined;
    const best = first.top;
    // While it is there: a group without jobs would lose its turn.
    this.#next(best);
    from.pop(best);
    this.#taken.add(best);
    this.#atWork.set(best.options.group, (this.#atWork.get(best.options.group) ?? 0) + 1);
    return best;
  }

  #next(job: PendingJob): void {
    const next = this.#jobs.passed(job);
    if (next !== undefined) this.add(next);
  }

  /** Puts back what `take` gave, unless it was replaced meanwhile. */
  giveBack(job: PendingJob): void {
    if (!this.#taken.delete(job)) return;
    this.#leaves(job.options.group);
    this.#due(job);
  }

  /** When the next delayed job is due, or the next one expires; ms since the epoch. */
  nextDueAt(): number | undefined {
    const delayed = this.#current(this.#delayed)?.runAt;
    const expires = this.#current(this.#expiring)?.special?.expiresAt;
    return delayed === undefined || expires === undefined ? (delayed ?? expires) : Math.min(delayed, expires);
  }

  /** Pending jobs whose last moment has passed, at most `most`. They stay in the index until they are dead. */
  expired(now: number, most: number): PendingJob[] {
    const found: PendingJob[] = [];
    for (let top = this.#current(this.#expiring); top !== undefined; top = this.#current(this.#expiring)) {
      if (expiryOf(top) > now || found.length >= most) break;
      found.push(top);
      this.#expiring.pop();
    }
    for (const job of found) this.#expiring.push(job);
    return found;
  }

  /** Pending jobs whose time has not come. */
  delayedCount(now: number): number {
    this.#advance(now);
    return this.#waiting.size;
  }

  /** The job that is due for longest, held back or not; of hidden ones the first stands for all. Linear in the pending jobs when first asked. */
  oldest(now: number): PendingJob | undefined {
    this.#advance(now);
    if (this.#ages === undefined) {
      this.#ages = new ReadyAges(this.#isCurrent);
      for (const { jobs } of this.#lanes.values()) for (const job of jobs.jobs()) this.#ages.add(job);
      for (const job of this.#taken) this.#ages.add(job);
    }
    return this.#ages.oldest();
  }

  readonly #mayGo = (group: string): boolean => {
    const atWork = this.#atWork.get(group) ?? 0;
    if (group !== '') {
      if (this.#settings.pauseOf({ group }) !== undefined) return false;
      if (atWork >= (this.#settings.limitsOf(group)?.concurrency ?? Number.POSITIVE_INFINITY)) return false;
    }
    return this.#gate.mayGo(group, atWork);
  };

  #leaves(group: string): void {
    const atWork = (this.#atWork.get(group) ?? 1) - 1;
    if (atWork > 0) this.#atWork.set(group, atWork);
    else this.#atWork.delete(group);
    this.unpark(group);
  }

  #due(job: PendingJob): void {
    const lane = laneOf(job);
    const name = this.#ownLane.has(job.options.name) ? job.options.name : undefined;
    const key = name === undefined ? lane : `${lane} ${name}`;
    let entry = this.#lanes.get(key);
    if (entry === undefined) {
      entry = { lane, name, jobs: new FairLane(this.#isCurrent, this.#turns) };
      this.#lanes.set(key, entry);
    }
    entry.jobs.push(job);
  }

  /** Gives these names lanes of their own. Rare, and linear when one is new. */
  #separate(names: Iterable<string>): void {
    let fresh = false;
    for (const name of names) {
      if (this.#ownLane.has(name)) continue;
      this.#ownLane.add(name);
      fresh = true;
    }
    if (!fresh) return;
    const due = [...this.#lanes.values()].flatMap(({ jobs }) => [...jobs.jobs()]);
    this.#lanes.clear();
    this.#turns = new Turns();
    for (const job of due) if (this.#isCurrent(job)) this.#due(job);
  }

  /** At most `most` of those whose time has come; true when there may be more of them. */
  #advance(now: number, most = Number.POSITIVE_INFINITY): boolean {
    for (let moved = 0; moved < most; moved++) {
      const top = this.#current(this.#delayed);
      if (top === undefined || top.runAt > now) return false;
      this.#delayed.pop();
      this.#waiting.delete(top);
      this.#due(top);
      this.#ages?.add(top);
    }
    return true;
  }

  #current(heap: Heap<PendingJob>): PendingJob | undefined {
    for (let top = heap.peek(); top !== undefined; top = heap.peek()) {
      if (this.#isCurrent(top)) return top;
      heap.pop();
      if (this.#stale > 0) this.#stale--;
    }
    return undefined;
  }
}
