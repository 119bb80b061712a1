import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { assert } from '../../base/errors.ts';
import { entryBytesMax, entryPrefixBytes } from './codec.ts';
import { Pauses } from './pauses.ts';

/**
 * The hash of a state: hex SHA-256 over, for each entry in order, its length (u32 LE) and its bytes. It is the hash of
 * a snapshot's raw blocks laid end to end, so it depends on neither block size nor compression: equal states, equal
 * hashes.
 */
export function hashEntries(entries: Iterable<Uint8Array>): string {
  const hash = new StateHash();
  for (const entry of entries) hash.add(entry);
  return hash.digest();
}

/** The same in steps of a few milliseconds, for a process that has other work. */
export async function hashEntriesInSteps(clock: Clock, entries: Iterable<Uint8Array>): Promise<string> {
  const hash = new StateHash();
  const pauses = new Pauses(clock);
  for (const entry of entries) {
    hash.add(entry);
    if (pauses.isDue) await pauses.take();
  }
  return hash.digest();
}

/** Small entries are gathered first: one call into the hash per entry would cost more than the hashing. */
class StateHash {
  readonly #hash = createHash('sha256');
  readonly #gathered = Buffer.allocUnsafe(64 * 1024);
  #filled = 0;

  add(entry: Uint8Array): void {
    assert(entry.length > 0 && entry.length <= entryBytesMax, 'an entry has 1 byte to 32 MiB');
    if (this.#filled + entryPrefixBytes + entry.length > this.#gathered.length) this.#flush();
    this.#gathered.writeUInt32LE(entry.length, this.#filled);
    this.#filled += entryPrefixBytes;
    if (this.#filled + entry.length > this.#gathered.length) {
      this.#flush();
      this.#hash.update(entry);
    } else {
      this.#gathered.set(entry, this.#filled);
      this.#filled += entry.length;
    }
  }

  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#gathered.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
