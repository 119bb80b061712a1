import type { SalvageSource } from './salvage-survey.ts';
import type { FrameView, LostRange } from './types.ts';
import { FrameType } from './wal/format.ts';
import { forEachRecord } from './wal/records.ts';
import { scanLog } from './wal/scan-log.ts';

/**
 * What a salvage takes over, in the order of the new log, seqs without a gap. `payload` is valid during the call only.
 */
export type SalvageItem =
  | { kind: 'records'; seqFirst: number; count: number; payload: Uint8Array }
  | ({ kind: 'lost' } & LostRange)
  | { kind: 'mark'; type: typeof FrameType.open | typeof FrameType.close; payload: Uint8Array };

/** The field of a frame header that counts lost seqs has 32 bits. */
const countMax = 2 ** 32 - 1;

export type TakeItem = (item: SalvageItem) => void | Promise<void>;

export interface SalvageRest {
  /** Last seq that went over, lost ones included. */
  seqLast: number;
  /** Events of good frames that repeat seqs which are there already; they were left out. */
  repeated: number;
}

/**
 * Every good frame of the log, also behind holes, and what is lost between them. A frame is checked with the salt of
 * its segment and its own offset, so a good one is one that was written there; all that is left to ask is whether its
 * seqs go on. A row of lost seqs is cut in two where a snapshot goes over, since a snapshot stands at the end of a
 * frame.
 */
export async function readSalvage(source: SalvageSource, take: TakeItem): Promise<SalvageRest> {
  const reader = new Reader(source, take);
  await scanLog(source.inputs, source.evidence, { frame: (frame) => reader.frame(frame) });
  await reader.lose(source.seqLast);
  return { seqLast: reader.seqLast, repeated: reader.repeated };
}

class Reader {
  readonly #take: TakeItem;
  readonly #cuts: readonly number[];
  readonly #until: number;
  #seqNext: number;
  repeated = 0;

  constructor(source: SalvageSource, take: TakeItem) {
    this.#take = take;
    this.#cuts = source.snapshots.map(({ seq }) => seq);
    this.#until = source.until;
    this.#seqNext = source.seqFirst;
  }

  get seqLast(): number {
    return this.#seqNext - 1;
  }

  /** False once what comes is not wanted any more. */
  frame({ typeByte, seqFirst, count, payload }: FrameView): undefined | false | Promise<undefined> {
    if (this.#seqNext > this.#until) return false;
    if (typeByte === FrameType.open || typeByte === FrameType.close) {
      const take = () => this.#take({ kind: 'mark', type: typeByte, payload });
      return after(seqFirst > this.#seqNext ? this.lose(seqFirst - 1).then(take) : take());
    }
    if (typeByte === FrameType.lost) return after(this.lose(seqFirst + count - 1));
    if (typeByte !== FrameType.data) return undefined;
    if (seqFirst < this.#seqNext) {
      this.repeated += count;
      return undefined;
    }
    if (seqFirst === this.#seqNext) return after(this.#records(seqFirst, count, payload));
    return this.lose(seqFirst - 1).then(async () => {
      if (seqFirst <= this.#until) await this.#records(seqFirst, count, payload);
      return undefined;
    });
  }

  #records(seqFirst: number, count: number, payload: Uint8Array): void | Promise<void> {
    const wanted = Math.min(count, this.#until - seqFirst + 1);
    this.#seqNext = seqFirst + wanted;
    const all = wanted === count ? payload : firstRecords(payload, wanted);
    return this.#take({ kind: 'records', seqFirst, count: wanted, payload: all });
  }

  /** Everything up to `seqLast` that has not come. */
  async lose(seqEnd: number): Promise<void> {
    const seqLast = Math.min(seqEnd, this.#until);
    while (this.#seqNext <= seqLast) {
      const seqFirst = this.#seqNext;
      const last = Math.min(seqLast, seqFirst + countMax - 1, ...this.#cuts.filter((cut) => cut >= seqFirst));
      this.#seqNext = last + 1;
      await this.#take({ kind: 'lost', seqFirst, seqLast: last });
    }
  }
}

/** The payload of the first `count` records of a payload. */
function firstRecords(payload: Uint8Array, count: number): Uint8Array {
  let end = 0;
  forEachRecord(payload, (record, index) => {
    if (index < count) end = record.byteOffset - payload.byteOffset + record.length;
  });
  return payload.subarray(0, end);
}

function after(done: void | Promise<void>): undefined | Promise<undefined> {
  return done instanceof Promise ? done.then(() => undefined) : undefined;
}
