import { WalqError } from '../../base/errors.ts';
import type { QueueEvent } from '../../queue/events/event-types.ts';
import type { Job } from '../../queue/state/job.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import type { LostRange } from '../../storage/types.ts';

/** A snapshot that may give the state where the log does not. */
export interface Foothold {
  file: string;
  seq: number;
}

/** What an event did to its job. */
export interface Step {
  before: Job | undefined;
  after: Job | undefined;
}

/**
 * The state of the queue as the events go by. It is lost where an event is missing or does not fit, and found again at
 * the next snapshot.
 */
export class StateTrack {
  /** Undefined while the state is not known. */
  machine: QueueMachine | undefined;
  #seq: number | undefined;
  /** Events were lost before a salvage, so that some events do not fit: what a snapshot says counts more. */
  #behindLost = false;
  /** Those still to come, oldest first. */
  readonly #footholds: Foothold[];
  #step: Step = { before: undefined, after: undefined };

  constructor(footholds: readonly Foothold[]) {
    this.#footholds = [...footholds].sort((a, b) => a.seq - b.seq);
  }

  /** A log from its first event on needs no snapshot. */
  beginEmpty(): void {
    this.#seq = 0;
    this.#become(new QueueMachine());
  }

  get seq(): number {
    return this.#seq ?? 0;
  }

  /** A fault lies here: what comes next may not be what came next. */
  hole(): void {
    this.machine = undefined;
  }

  /** The snapshot that has to be loaded before the record with this seq can be applied. */
  before(seq: number): Foothold | undefined {
    if (this.#seq !== undefined && seq !== this.#seq + 1) this.machine = undefined;
    return this.machine === undefined || this.#behindLost ? this.#footholdAt(seq - 1) : undefined;
  }

  /** The snapshot that says more about the state after this seq than the events did. */
  after(seq: number): Foothold | undefined {
    return this.machine === undefined || this.#behindLost ? this.#footholdAt(seq) : undefined;
  }

  load(foothold: Foothold, machine: QueueMachine): void {
    this.#seq = foothold.seq;
    this.#behindLost = false;
    this.#become(machine);
  }

  /** Undefined: the state is not known, or the event did not fit it. */
  apply(event: QueueEvent | undefined, seq: number): Step | undefined {
    this.#seq = seq;
    if (this.machine === undefined) return undefined;
    if (event === undefined) {
      this.machine = undefined;
      return undefined;
    }
    this.#step = { before: undefined, after: undefined };
    try {
      this.machine.applyKnown(event, seq);
      return this.#step;
    } catch (error) {
      if (!(error instanceof WalqError)) throw error;
      if (!this.#behindLost || error.code !== 'E_APPLY') this.machine = undefined;
      return undefined;
    }
  }

  /** Seqs that a salvage could not read. */
  lost({ seqFirst, seqLast }: LostRange): void {
    if (this.#seq !== undefined && seqFirst !== this.#seq + 1) this.machine = undefined;
    this.#seq = seqLast;
    this.#behindLost = true;
  }

  #footholdAt(seq: number): Foothold | undefined {
    while ((this.#footholds[0]?.seq ?? Number.POSITIVE_INFINITY) < seq) this.#footholds.shift();
    return this.#footholds[0]?.seq === seq ? this.#footholds.shift() : undefined;
  }

  #become(machine: QueueMachine): void {
    this.machine = machine;
    machine.observer = (_event, before, after) => {
      this.#step = { before, after };
    };
  }
}
