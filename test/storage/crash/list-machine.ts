import { WalqError } from '../../../src/base/errors.ts';
import type { StateMachine } from '../../../src/storage/types.ts';

/** The smallest state that shows every loss, doubling and swap: the list of all records, which must arrive in order. */
export class ListMachine implements StateMachine {
  readonly items: string[] = [];

  apply(record: Uint8Array, seq: number): void {
    if (seq !== this.items.length + 1)
      throw new WalqError(3, 'E_APPLY', `seq ${seq} after ${this.items.length} records`);
    this.items.push(Buffer.from(record).toString());
  }
  *#encoded(items: readonly string[]): Iterable<Uint8Array> {
    for (const item of items) yield Buffer.from(item);
  }
  cut(): Iterable<Uint8Array> {
    return this.#encoded([...this.items]);
  }
  load(entry: Uint8Array): void {
    this.items.push(Buffer.from(entry).toString());
  }
}
