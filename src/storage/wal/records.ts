import { asBuffer } from '../../base/bytes.ts';
import { VarintReader, varintLength, writeVarint } from '../../base/varint.ts';

/** The payload of a DATA frame: each record a varint length and its bytes. */

/** Records in that form, as bytes[from, to); those bytes stay as they are. A class: base/array-of-one.ts says why. */
export class PackedRecords {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  readonly count: number;

  constructor(bytes: Buffer, from: number, to: number, count: number) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.count = count;
  }
}

/** Packs records that exist already. Throws RangeError for what can be no record. */
export function packed(records: readonly Uint8Array[]): PackedRecords {
  // An empty one has no first byte.
  if (records.some((record) => !record[0])) throw new RangeError('a record is not empty and does not begin with 0');
  const bytes = Buffer.allocUnsafe(packedBytes(records));
  return new PackedRecords(bytes, 0, packRecords(bytes, 0, records), records.length);
}

/** All of them, one behind the other: as they were built, as a rule, and then without a copy of each. */
export function joined(runs: readonly PackedRecords[]): Uint8Array {
  const stretches: Uint8Array[] = [];
  let at = 0;
  while (at < runs.length) {
    const first = runs[at++];
    if (first === undefined) break;
    let { to } = first;
    for (let next = runs[at]; next?.bytes === first.bytes && next.from === to; next = runs[++at]) to = next.to;
    stretches.push(first.bytes.subarray(first.from, to));
  }
  const [only] = stretches;
  return only !== undefined && stretches.length === 1 ? only : Buffer.concat(stretches);
}

export function packedBytes(records: readonly Uint8Array[]): number {
  let total = 0;
  for (const record of records) total += varintLength(record.length) + record.length;
  return total;
}

/** Writes the records at `offset`, returns the offset after them. */
export function packRecords(target: Uint8Array, offset: number, records: readonly Uint8Array[]): number {
  let at = offset;
  for (const record of records) {
    at = writeVarint(target, at, record.length);
    target.set(record, at);
    at += record.length;
  }
  return at;
}

/** True when the payload is exactly `count` records, none empty, none starting with 0. Allocates nothing. */
export function recordsFit(payload: Uint8Array, count: number): boolean {
  let at = 0;
  for (let index = 0; index < count; index++) {
    let length = 0;
    let scale = 1;
    for (;;) {
      const byte = payload[at++];
      if (byte === undefined || scale > 0x1000_0000 || (byte === 0 && scale > 1)) return false;
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
    }
    if (length === 0 || at + length > payload.length || payload[at] === 0) return false;
    at += length;
  }
  return at === payload.length;
}

/** Hands out the records of a checked payload as views. */
export function forEachRecord(payload: Uint8Array, visit: (record: Uint8Array, index: number) => void): void {
  forEachPacked({ bytes: asBuffer(payload), from: 0, to: payload.length }, visit);
}

/** The same of packed ones. Buffers: the readers of records would make one of each otherwise. */
export function forEachPacked(
  { bytes, from, to }: Pick<PackedRecords, 'bytes' | 'from' | 'to'>,
  visit: (record: Buffer, index: number) => void,
): void {
  const reader = new VarintReader(bytes, from);
  for (let index = 0; reader.offset < to; index++) {
    const length = reader.next();
    visit(bytes.subarray(reader.offset, reader.offset + length), index);
    reader.offset += length;
  }
}
