import assert from 'node:assert/strict';
import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
import { decodePacked } from '../../../src/queue/events/events.ts';
import type { Packed } from '../../../src/queue/events/packed.ts';
import type { QueueMachine } from '../../../src/queue/state/machine.ts';
import { forEachPacked, type PackedRecords } from '../../../src/storage/wal/records.ts';

/** Members that are undefined are no members of what is read. */
function told(event: object): unknown {
  return JSON.parse(JSON.stringify(event));
}

/** One by one. */
export function recordsIn(packed: PackedRecords): Uint8Array[] {
  const records: Uint8Array[] = [];
  forEachPacked(packed, (record) => records.push(record));
  assert.equal(records.length, packed.count);
  return records;
}

/** As a store applies what it has just written, but only where each event that is known is what its record reads as. */
export function applyAll(
  machine: QueueMachine,
  records: readonly Uint8Array[],
  known: readonly unknown[] | undefined,
  seqFirst: number,
): void {
  for (const [index, record] of records.entries()) {
    const event = known?.[index] as QueueEvent<Packed> | undefined;
    if (event === undefined) machine.apply(record, seqFirst + index);
    else {
      assert.deepEqual(told(event), told(decodePacked(record)));
      machine.applyKnown(event, seqFirst + index);
    }
  }
}
