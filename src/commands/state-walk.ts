import { WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { LostGaps } from '../storage/lost-gaps.ts';
import { hashEntries } from '../storage/snapshot/hash.ts';
import type { RecordView } from '../storage/types.ts';

/**
 * The state along a log that is being passed on: applied event by event, as recovery does it, for as long as it can be
 * told. An event that this version does not know, or that does not fit, ends that; the log itself goes on.
 */
export class StateWalk<M extends QueueMachine> {
  /** The first event that could not be applied, and why. */
  unknown: { seq: number; why: string } | undefined;
  /** Events in the state beyond its base. */
  applied = 0;
  readonly #machine: M;
  /** Last seq in the state. */
  #seq: number;
  readonly #gaps = new LostGaps();

  /** Takes the machine over. */
  constructor(base: { machine: M; seq: number }) {
    this.#machine = base.machine;
    this.#seq = base.seq;
  }

  get seq(): number {
    return this.#seq;
  }
  get machine(): M {
    return this.#machine;
  }

  /** What the base has already is passed over. */
  record(record: Pick<RecordView, 'seq' | 'bytes' | 'file' | 'offset'>): void {
    if (record.seq <= this.#seq || this.unknown !== undefined) return;
    this.#seq = record.seq;
    try {
      this.#machine.apply(record.bytes, record.seq);
      this.applied++;
    } catch (cause) {
      if (this.#gaps.skips(cause, record)) return;
      if (!(cause instanceof WalqError)) throw cause;
      this.unknown = { seq: record.seq, why: cause.message };
    }
  }

  /** What could not be applied after lost events. */
  get skipped(): Finding[] {
    return this.#gaps.findings();
  }

  lost(seqLast: number): void {
    if (seqLast <= this.#seq) return;
    this.#seq = seqLast;
    this.#gaps.behind = true;
  }

  /** Of the state now; undefined where it is unknown. */
  hash(): string | undefined {
    return this.unknown === undefined ? hashEntries(this.#machine.cut()) : undefined;
  }
}
