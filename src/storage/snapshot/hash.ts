import { createHash } from 'node:crypto';
import { assert } from '../../base/errors.ts';
import { entryBytesMax, entryPrefixBytes } from './codec.ts';

/**
 * The hash of a state: hex SHA-256 over, for each entry in order, its length (u32 LE) and its bytes. It is the hash of
 * a snapshot's raw blocks laid end to end, so it depends on neither block size nor compression: equal states, equal
 * hashes.
 */
export function hashEntries(entries: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  const gathered = Buffer.allocUnsafe(64 * 1024);
  let filled = 0;
  // Small entries are gathered first: one call into the hash per entry would cost more than the hashing.
  for (const entry of entries) {
    assert(entry.length > 0 && entry.length <= entryBytesMax, 'an entry has 1 byte to 32 MiB');
    if (filled + entryPrefixBytes + entry.length > gathered.length) {
      hash.update(gathered.subarray(0, filled));
      filled = 0;
    }
    gathered.writeUInt32LE(entry.length, filled);
    filled += entryPrefixBytes;
    if (filled + entry.length > gathered.length) {
      hash.update(gathered.subarray(0, filled)).update(entry);
      filled = 0;
    } else {
      gathered.set(entry, filled);
      filled += entry.length;
    }
  }
  return hash.update(gathered.subarray(0, filled)).digest('hex');
}
