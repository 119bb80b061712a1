import * as fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';

const blockBytes = 512 * 1024;
const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);
const params = { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_SIZE_HINT]: blockBytes };

/** A state as the raw bytes of snapshot blocks, without framing. */
export function rawBlocks(entries) {
  const all = Buffer.concat([...entries].flatMap((entry) => [lengthOf(entry), entry]));
  const blocks = [];
  for (let at = 0; at < all.length; at += blockBytes) blocks.push(all.subarray(at, at + blockBytes));
  return { blocks, bytes: all.length };
}

function lengthOf(entry) {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(entry.length);
  return prefix;
}

/**
 * Compresses and writes block by block, syncs, renames, syncs the folder. Nothing is encoded, hashed or read back.
 * Answers the block sizes.
 */
export async function writeBlocks(folder, blocks) {
  const path = join(folder, 'raw.blocks');
  const fd = fs.openSync(`${path}.tmp`, 'w');
  const sizes = [];
  let at = 0;
  for (const block of blocks) {
    const stored = await compress(block, { params });
    at += fs.writeSync(fd, stored, 0, stored.length, at);
    sizes.push(stored.length);
  }
  fs.fdatasyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(`${path}.tmp`, path);
  const folderFd = fs.openSync(folder, 'r');
  fs.fsyncSync(folderFd);
  fs.closeSync(folderFd);
  return { path, sizes };
}

/** Reads and decompresses block by block. Answers the raw bytes. */
export async function readBlocks({ path, sizes }) {
  const fd = fs.openSync(path, 'r');
  let at = 0;
  let total = 0;
  for (const size of sizes) {
    const stored = Buffer.allocUnsafe(size);
    fs.readSync(fd, stored, 0, size, at);
    at += size;
    total += (await decompress(stored, { chunkSize: blockBytes + 1 })).length;
  }
  fs.closeSync(fd);
  return total;
}
