// A state that shows any record missing, doubled, swapped or foreign: how many there were, and a hash over all of them.
import { createHash } from 'node:crypto';

/** Record number `number`, of a length that varies. */
export function recordOf(number) {
  return Buffer.from(`record ${number} ${'x'.repeat((number * 37) % 400)}`);
}

const hashOf = (before, record) => createHash('sha256').update(before).update(record).digest('hex');

export class ChainMachine {
  count = 0;
  hash = '';

  apply(record, seq) {
    if (seq !== this.count + 1 || !recordOf(seq).equals(Buffer.from(record))) {
      throw new Error(`record ${seq} does not follow ${this.count}`);
    }
    this.count = seq;
    this.hash = hashOf(this.hash, recordOf(seq));
  }

  cut() {
    return this.count === 0 ? [] : [Buffer.from(`${this.count} ${this.hash}`)];
  }

  load(entry) {
    const [count, hash = ''] = Buffer.from(entry).toString().split(' ');
    this.count = Number(count);
    this.hash = hash;
  }
}

/** Hashes of all prefixes, worked out as far as they are asked for. */
export class Prefixes {
  #hashes = [''];

  hash(count) {
    while (this.#hashes.length <= count) {
      this.#hashes.push(hashOf(this.#hashes.at(-1), recordOf(this.#hashes.length)));
    }
    return this.#hashes[count];
  }
}
