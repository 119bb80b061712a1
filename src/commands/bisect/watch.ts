import { eventTypes } from '../../queue/events/event-types.ts';
import { decodeEvent, recordJobId, recordType } from '../../queue/events/events.ts';
import type { Job } from '../../queue/state/job.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import type { Seen } from '../where/compile.ts';
import { type Touched, touchedMax } from './types.ts';

/** What is looked for, event by event. */
export interface Sought {
  holds(machine: QueueMachine, seq: number): boolean;
  look(machine: QueueMachine): Seen[];
}

/** The event that it was found at. */
export interface Caught {
  seq: number;
  record: Uint8Array;
  touched: Touched[];
  touchedCount: number;
  before: Seen[];
  after: Seen[];
}

/**
 * A state that asks after each event behind a point whether what is sought holds, and remembers the first at which it
 * does.
 */
export class Watch extends QueueMachine {
  caught: Caught | undefined;
  /** It held at that point already. */
  already = false;
  readonly #sought: Sought;
  readonly #from: number;
  #asked = false;
  #seen: Seen[] = [];

  constructor(sought: Sought, from: number) {
    super();
    this.#sought = sought;
    this.#from = from;
  }

  override apply(record: Uint8Array, seq: number): void {
    if (seq > this.#from) this.ask();
    if (seq <= this.#from || this.already || this.caught !== undefined) {
      super.apply(record, seq);
      return;
    }
    const touching = this.#touching(record);
    const prunedBefore = this.totals.pruned;
    super.apply(record, seq);
    const before = this.#seen;
    this.#seen = this.#sought.look(this);
    if (!this.#sought.holds(this, seq)) return;
    const touched = touching.flatMap(([id, job]) => touchedBy(id, job, this.get(id)));
    this.caught = {
      seq,
      record: Uint8Array.from(record),
      touched: touched.slice(0, touchedMax),
      touchedCount: Math.max(touched.length, this.totals.pruned - prunedBefore),
      before,
      after: this.#seen,
    };
  }

  /** Whether it holds at the point itself, asked once the state has come to it. */
  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#seen = this.#sought.look(this);
    this.already = this.#sought.holds(this, this.#from);
  }

  /** Jobs that this event may change, as they are now. Those that a PRUNE takes by their age are only counted. */
  #touching(record: Uint8Array): [id: string, job: Job | undefined][] {
    return this.#idsIn(record).map((id) => [id, this.get(id)]);
  }

  #idsIn(record: Uint8Array): readonly string[] {
    const type = recordType(record);
    if (type === eventTypes.PRUNE) return prunedIds(record);
    const id = recordJobId(record);
    // Children of a job that completes wait for one fewer.
    return type === eventTypes.ACK && this.family.hasChildren(id) ? [id, ...this.family.childrenOf(id)] : [id];
  }
}

function prunedIds(record: Uint8Array): readonly string[] {
  const event = decodeEvent(record);
  return event.type === 'PRUNE' ? (event.ids ?? []) : [];
}

/** Each event that changes a job puts another one in its place. */
function touchedBy(id: string, before: Job | undefined, after: Job | undefined): Touched[] {
  if (before === after) return [];
  return [{ id, ...(before && { before: before.state }), ...(after && { after: after.state }) }];
}
