/** How a block is stored: as it is; compressed; compressed after its hex digits became bytes (hex.ts). */
export type SnapshotCodec = 'none' | 'brotli' | 'hex';

export interface BlockHeader {
  /** From 0. */
  index: number;
  codec: SnapshotCodec;
  rawLength: number;
  storedLength: number;
  entries: number;
  /** CRC-32 of the stored bytes. */
  storedCrc: number;
}

export interface PackedBlock {
  codec: SnapshotCodec;
  stored: Buffer;
}

/** Why bytes are not what they should be. */
export interface Fault {
  message: string;
  got?: string;
  expected?: string;
}

export function isFault(value: object): value is Fault {
  return 'message' in value;
}

/** What costs most of a snapshot: see `packBlock` and `unpackChecked` in block.ts. What it is given must stay as it is. */
export interface BlockWork {
  pack(raw: Buffer, codec: SnapshotCodec): Promise<PackedBlock>;
  unpack(stored: Buffer, block: BlockHeader): Promise<Buffer | Fault>;
}
