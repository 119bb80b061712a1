import { VarintReader, varintLength, writeVarint } from '../../base/varint.ts';

/** The payload of a DATA frame: each record a varint length and its bytes. */

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
  // Buffers: the readers of records would make one of each otherwise.
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const reader = new VarintReader(bytes);
  for (let index = 0; reader.offset < bytes.length; index++) {
    const length = reader.next();
    visit(bytes.subarray(reader.offset, reader.offset + length), index);
    reader.offset += length;
  }
}
