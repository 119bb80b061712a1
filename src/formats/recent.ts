import type { SeqValue } from './seq.ts';

const slots = 65_536;

/** Remembers the content of the last records, to tell a record written twice from another one with the same number. */
export class RecentRecords {
  readonly #seqs = new Float64Array(slots).fill(-1);
  readonly #marks = new Uint32Array(slots);

  put(seq: SeqValue, mark: number): void {
    const slot = slotOf(seq);
    this.#seqs[slot] = Number(seq);
    this.#marks[slot] = mark;
  }

  has(seq: SeqValue, mark: number): boolean {
    const slot = slotOf(seq);
    return this.#seqs[slot] === Number(seq) && this.#marks[slot] === mark >>> 0;
  }
}

function slotOf(seq: SeqValue): number {
  return typeof seq === 'number' ? seq & (slots - 1) : Number(seq & BigInt(slots - 1));
}
