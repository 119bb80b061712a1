import { damageError, Exit, isError, newerError, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { LostGaps } from './lost-gaps.ts';
import { snapshotFrame } from './snapshot-frame.ts';
import type { LostRange, RecordView, SnapshotSummary, StateMachine } from './types.ts';

/** The state that a replay begins with, and the snapshot it is from. */
interface ReplayBase {
  machine: StateMachine;
  seq: number;
  snapshot?: SnapshotSummary;
}

interface ReplayEnd {
  /** Apply nothing above this seq. */
  until?: number;
  /** Nor read any further. */
  partial?: boolean;
}

/** Applies what a scan hands out, from the state of a base on: each seq in its turn, up to the first hole. */
export class LogReplay {
  /** Last seq in the state. */
  seq: number;
  /** Records applied. */
  replayed = 0;
  /** No seq was missing between the base and what came. Once false, the base is not one of this log. */
  unbroken = true;
  /** The log tells of the snapshot that is the base. */
  snapshotIsTold = false;
  readonly #machine: StateMachine;
  readonly #baseSeq: number;
  readonly #frame: Buffer | undefined;
  readonly #until: number;
  readonly #partial: boolean;
  readonly #gaps = new LostGaps();

  /** Takes the machine over. */
  constructor(
    { machine, seq, snapshot }: ReplayBase,
    { until = Number.POSITIVE_INFINITY, partial = false }: ReplayEnd,
  ) {
    this.seq = seq;
    this.#machine = machine;
    this.#baseSeq = seq;
    this.#frame = snapshot && snapshotFrame(snapshot);
    this.#until = until;
    this.#partial = partial;
  }

  /** What could not be applied after lost events. */
  get skipped(): Finding[] {
    return this.#gaps.findings();
  }

  lost({ seqFirst, seqLast, afterHole }: LostRange & { afterHole: boolean }): void {
    if (afterHole || seqLast <= this.seq || this.seq >= this.#until) return;
    this.unbroken &&= seqFirst <= this.seq + 1;
    this.seq = Math.min(seqLast, this.#until);
    this.#gaps.behind = true;
  }

  snapshot(payload: Uint8Array): void {
    this.snapshotIsTold ||= this.#frame?.equals(payload) ?? false;
  }

  /** False where nothing more is wanted. Throws E_REPLAY (3) for a record that does not apply, E_RECORD_NEWER (5). */
  record(record: RecordView): undefined | false {
    const { seq, bytes, afterHole } = record;
    if (seq > this.#until) return this.#partial ? false : undefined;
    if (afterHole || seq <= this.#baseSeq) return undefined;
    this.unbroken &&= seq === this.seq + 1;
    if (!this.unbroken) return false;
    this.seq = seq;
    try {
      this.#machine.apply(bytes, seq);
      this.replayed++;
    } catch (cause) {
      if (!this.#gaps.skips(cause, record)) throw replayError(record, cause);
    }
    return undefined;
  }
}

function replayError({ seq, file, offset }: RecordView, cause: unknown): WalqError {
  const why = isError(cause) ? cause.message : String(cause);
  if (cause instanceof WalqError && cause.exit === Exit.newer) {
    return newerError(cause.code, `record ${seq} in ${file} (frame at offset ${offset}): ${why}`, {
      data: { seq, file, offset },
      cause,
    });
  }
  return damageError('E_REPLAY', `record ${seq} in ${file} (frame at offset ${offset}) does not apply: ${why}`, {
    data: { seq, file, offset },
    cause,
  });
}
