import { must, mustEqual } from './measure.js';

/**
 * Plain records of a fixed size that carry a number, and a state machine that only counts: for the rows that measure
 * the log alone.
 */

export const recordBytes = 100;
const filler = Buffer.alloc(recordBytes, 'walq benchmark record ');

/** First byte 1, then the number (u32 LE), then text. */
export function numberedRecord(number) {
  const record = Buffer.from(filler);
  record[0] = 1;
  record.writeUInt32LE(number, 1);
  return record;
}

/** Sees every record as it is applied; at the end each number below `count` must have come exactly once. */
export class CountingMachine {
  #seen;
  #seqLast = 0;

  constructor(count) {
    this.#seen = new Uint8Array(count);
  }

  /** Part of what is measured: it looks at everything and builds nothing. */
  apply(record, seq) {
    if (record.length !== recordBytes || seq !== this.#seqLast + 1) throw new Error(`not exact: record ${seq}`);
    this.#seqLast = seq;
    this.#seen[record[1] + record[2] * 0x100 + record[3] * 0x10000 + record[4] * 0x1000000]++;
  }
  cut() {
    return [];
  }
  load() {}

  mustBeComplete() {
    mustEqual(this.#seqLast, this.#seen.length, 'records applied');
    must(
      this.#seen.every((times) => times === 1),
      'a record was applied twice or never',
    );
  }
}
