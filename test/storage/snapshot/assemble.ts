import { crc32 } from 'node:zlib';
import type { BlockHeader } from '../../../src/storage/snapshot/block-types.ts';
import { encodeBlockHeader, encodeFooter, encodeHeader, headerSeed } from '../../../src/storage/snapshot/codec.ts';
import { point, snapshotBytes, storeId } from './support.ts';

/** A small snapshot of three blocks, the middle one compressed. */
export async function smallSnapshot(): Promise<Buffer> {
  return snapshotBytes([Buffer.from('a'), Buffer.from('bb'), Buffer.alloc(120, 'squeeze '), Buffer.from('z')], {
    blockBytes: 12,
  });
}

/** A snapshot put together by hand, so that every part can lie consistently. */
export function assemble(
  blocks: { header?: Partial<BlockHeader>; stored: Buffer }[],
  totals: { entries: number; rawBytes: number },
): Buffer {
  const header = encodeHeader({ storeId, kind: 'base', point, createdMs: 5, codec: 'brotli' });
  const seed = headerSeed(header);
  const parts = [header];
  for (const [index, { header: changes, stored }] of blocks.entries()) {
    const plain: BlockHeader = {
      index,
      codec: 'none',
      rawLength: stored.length,
      storedLength: stored.length,
      entries: 1,
      storedCrc: crc32(stored),
    };
    parts.push(encodeBlockHeader({ ...plain, ...changes }, seed), stored);
  }
  const offset = parts.reduce((sum, part) => sum + part.length, 0);
  const footer = { ...totals, blocks: blocks.length, offset, stateHash: '00'.repeat(32), sha256: '00'.repeat(32) };
  return Buffer.concat([...parts, encodeFooter(footer, seed)]);
}

/** A raw block of one entry. */
export function oneEntry(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}
