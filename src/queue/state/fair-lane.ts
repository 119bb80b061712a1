import { Heap } from './heap.ts';
import type { PendingJob } from './job.ts';

/** Higher priority first, then the order of ENQUEUE. */
function dispatchedBefore(a: PendingJob, b: PendingJob): boolean {
  return a.options.priority === b.options.priority ? a.seq < b.seq : a.options.priority > b.options.priority;
}

/** How often a group was served. */
interface Share {
  turns: number;
  /** Lanes in which it has jobs. */
  lanes: number;
}

/**
 * Turns that groups took, over all lanes: a group takes turns with the others whatever its jobs are named. A group that
 * comes back after a pause does not make up for the turns it missed: by its first one it has caught up.
 */
export class Turns {
  readonly #shares = new Map<string, Share>();
  /** Turns of the group that went last, before it did. */
  #turn = 0;

  /**
   * A new group begins where the one that went last stands now: one that has a single job again and again must not come
   * first each time.
   */
  join(group: string): Share {
    const share = this.#shares.get(group) ?? { turns: this.#turn + 1, lanes: 0 };
    share.lanes++;
    this.#shares.set(group, share);
    return share;
  }

  /** A group without jobs is forgotten, so that a queue of a million groups does not grow for ever. */
  leave(group: string, share: Share): void {
    if (--share.lanes === 0) this.#shares.delete(group);
  }

  /** Only here do turns change: while lanes are compared, none of them may. */
  take(share: Share): void {
    this.#turn = Math.max(this.#turn, share.turns);
    share.turns = this.#turn + 1;
  }
}

/** The due jobs of one group. */
interface Member {
  readonly group: string;
  readonly jobs: Heap<PendingJob>;
  /** Among equal priorities the group with fewer turns comes first. */
  readonly share: Share;
  /** Its one valid ticket; older ones are stale. */
  ticket: Ticket | undefined;
}

/** A group's place in the line, as of when it was drawn. */
export interface Ticket {
  readonly member: Member;
  readonly top: PendingJob;
  readonly turns: number;
}

export function ticketBefore(a: Ticket, b: Ticket): boolean {
  if (a.top.options.priority !== b.top.options.priority) return a.top.options.priority > b.top.options.priority;
  if (a.turns !== b.turns) return a.turns < b.turns;
  return a.top.seq < b.top.seq;
}

/**
 * Due jobs that differ in nothing but group and priority: the highest priority first, the groups in turn, and inside a
 * group the order of ENQUEUE. Jobs without a group are one group.
 */
export class FairLane {
  readonly #isCurrent: (job: PendingJob) => boolean;
  readonly #turns: Turns;
  readonly #members = new Map<string, Member>();
  readonly #line = new Heap<Ticket>(ticketBefore);
  /** Groups that may not go now: out of the line until `unpark`. */
  readonly #parked = new Map<string, Member>();
  #size = 0;

  constructor(isCurrent: (job: PendingJob) => boolean, turns: Turns) {
    this.#isCurrent = isCurrent;
    this.#turns = turns;
  }

  /** Entries, stale ones included. */
  get size(): number {
    return this.#size;
  }

  push(job: PendingJob): void {
    const { group } = job.options;
    let member = this.#members.get(group);
    if (member === undefined) {
      member = { group, jobs: new Heap(dispatchedBefore), share: this.#turns.join(group), ticket: undefined };
      this.#members.set(group, member);
    }
    member.jobs.push(job);
    this.#size++;
    if (member.ticket === undefined || member.jobs.peek() === job) this.#draw(member);
  }

  /** The ticket of the job that is next among the groups that may go. It stays in the lane. */
  peek(mayGo: (group: string) => boolean): Ticket | undefined {
    for (let ticket = this.#line.peek(); ticket !== undefined; ticket = this.#line.peek()) {
      const { member } = ticket;
      if (ticket !== member.ticket) this.#line.pop();
      else if (!this.#isCurrent(ticket.top)) {
        this.#line.pop();
        this.#dropStale(member);
        this.#draw(member);
      } else if (ticket.turns !== member.share.turns) {
        // It had a turn in another lane meanwhile.
        this.#line.pop();
        this.#draw(member);
      } else if (mayGo(member.group)) return ticket;
      else {
        this.#line.pop();
        member.ticket = undefined;
        this.#parked.set(member.group, member);
      }
    }
    return undefined;
  }

  /** Takes out what `peek` gave, as the turn of its group. */
  pop(job: PendingJob): void {
    const member = this.#members.get(job.options.group);
    if (member?.jobs.peek() !== job) return;
    member.jobs.pop();
    this.#size--;
    this.#turns.take(member.share);
    this.#dropStale(member);
    this.#draw(member);
  }

  /** This group, or all, may be allowed to go again. */
  unpark(group?: string): void {
    if (this.#parked.size === 0) return;
    const freed = group === undefined ? [...this.#parked.values()] : [this.#parked.get(group)];
    for (const member of freed) {
      if (member === undefined) continue;
      this.#parked.delete(member.group);
      this.#draw(member);
    }
  }

  /** Drops all stale entries. Linear. */
  sweep(): void {
    this.#size = 0;
    for (const member of [...this.#members.values()]) {
      member.jobs.filter(this.#isCurrent);
      this.#size += member.jobs.size;
      this.#draw(member);
    }
    this.#line.filter((ticket) => ticket === ticket.member.ticket);
  }

  *jobs(): IterableIterator<PendingJob> {
    for (const member of this.#members.values()) yield* member.jobs;
  }

  #dropStale(member: Member): void {
    for (let top = member.jobs.peek(); top !== undefined && !this.#isCurrent(top); top = member.jobs.peek()) {
      member.jobs.pop();
      this.#size--;
    }
  }

  #draw(member: Member): void {
    member.ticket = undefined;
    const top = member.jobs.peek();
    if (top === undefined) {
      if (this.#members.delete(member.group)) this.#turns.leave(member.group, member.share);
      this.#parked.delete(member.group);
      return;
    }
    if (this.#parked.has(member.group)) return;
    member.ticket = { member, top, turns: member.share.turns };
    this.#line.push(member.ticket);
  }
}
