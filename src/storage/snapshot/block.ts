import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, constants } from 'node:zlib';
import { crcOf, hex32 } from '../../base/bytes.ts';
import { assert, isError } from '../../base/errors.ts';
import { type BlockHeader, type Fault, isFault, type PackedBlock, type SnapshotCodec } from './block-types.ts';
import { blockRawMax, entryBytesMax, entryPrefixBytes } from './codec.ts';
import { packHex, unpackHex } from './hex.ts';

/** Gathers entries into the raw bytes of one block: each a length (u32 LE) and its bytes. */
export class BlockBuilder {
  readonly #target: number;
  #buffer: Buffer;
  #spare: Buffer;
  #length = 0;
  entries = 0;

  /** `targetBytes`: a block of several entries is at most that long, raw. */
  constructor(targetBytes: number) {
    assert(targetBytes > 0 && targetBytes <= blockRawMax, 'a block of several entries holds at most 1 MiB');
    this.#target = targetBytes;
    this.#buffer = Buffer.allocUnsafe(targetBytes);
    this.#spare = Buffer.allocUnsafe(targetBytes);
  }

  /**
   * False when the entry no longer fits: take the block and add it again. An empty block takes an entry of any size.
   */
  add(entry: Uint8Array): boolean {
    const length = this.#length + entryPrefixBytes + entry.length;
    if (length > this.#target && this.entries > 0) return false;
    if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(length);
    this.#buffer.writeUInt32LE(entry.length, this.#length);
    this.#buffer.set(entry, this.#length + entryPrefixBytes);
    this.#length = length;
    this.entries++;
    return true;
  }

  /** The raw bytes so far, to begin the next block; valid until that one is taken, too. */
  take(): { raw: Buffer; entries: number } {
    const taken = { raw: this.#buffer.subarray(0, this.#length), entries: this.entries };
    const spare = this.#spare;
    this.#spare = this.#buffer.length > this.#target ? Buffer.allocUnsafe(this.#target) : this.#buffer;
    this.#buffer = spare;
    this.#length = 0;
    this.entries = 0;
    return taken;
  }
}

/** Where the entries of a raw block end; a fault when they do not fill it exactly. */
export function entryEnds(raw: Buffer, entries: number): number[] | Fault {
  const ends: number[] = [];
  let at = 0;
  while (at < raw.length) {
    if (raw.length - at < entryPrefixBytes) return { message: `entry ${ends.length} of the block is cut off` };
    const length = raw.readUInt32LE(at);
    const room = Math.min(raw.length - at - entryPrefixBytes, entryBytesMax);
    if (length < 1 || length > room) {
      const message = `impossible length of entry ${ends.length} of the block`;
      return { message, got: `${length} bytes`, expected: `1..${room} bytes` };
    }
    at += entryPrefixBytes + length;
    ends.push(at);
  }
  if (ends.length === entries) return ends;
  return { message: 'wrong number of entries in the block', got: `${ends.length}`, expected: `${entries}` };
}

/** Measured (FORMAT.md): what is left once hex digits are bytes is worth more than the quickest. */
const brotliQuality = 5;

/**
 * Compresses one block in the thread pool; where that saves nothing the bytes stay as they are. Hex digits are packed
 * here and now, in blocks of usual size: a larger one would keep all others waiting.
 */
export async function packBlock(raw: Buffer, codec: SnapshotCodec): Promise<PackedBlock> {
  if (codec === 'none') return { codec, stored: raw };
  const packed = codec === 'hex' && raw.length <= blockRawMax ? packHex(raw) : undefined;
  const stored = await compressed(packed ?? raw);
  if (stored.length >= raw.length) return { codec: 'none', stored: raw };
  return { codec: packed === undefined ? 'brotli' : 'hex', stored };
}

/** Less than this is done at once: to hand it to the thread pool, and get it back, takes thirty times as long. */
const smallBytes = 4096;

async function compressed(bytes: Buffer): Promise<Buffer> {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return bytes.length < smallBytes
    ? brotliCompressSync(bytes, { params })
    : promisify(brotliCompress)(bytes, { params });
}

/** The raw bytes of a block, or what is wrong with the stored ones. Rejects as `unpackBlock`. */
export async function unpackChecked(stored: Buffer, block: BlockHeader): Promise<Buffer | Fault> {
  return storedFault(stored, block) ?? (await unpackBlock(stored, block));
}

/** What is wrong with the stored bytes of a block, by their CRC. */
export function storedFault(stored: Buffer, block: BlockHeader): Fault | undefined {
  const got = crcOf(stored);
  if (got === block.storedCrc) return undefined;
  return { message: 'checksum mismatch', got: hex32(got), expected: hex32(block.storedCrc) };
}

/**
 * The raw bytes of a block whose stored bytes matched their CRC. Never more than the header claims, which is within
 * bounds: a decompression bomb stops there. Rejects when the machine fails (no memory), which is not damage.
 */
async function unpackBlock(stored: Buffer, block: BlockHeader): Promise<Buffer | Fault> {
  if (block.codec === 'none') return stored;
  const bytes = await decompressed(stored, block);
  if (isFault(bytes)) return bytes;
  if (block.codec === 'hex') return unpackHex(bytes, block.rawLength);
  return bytes.length === block.rawLength ? bytes : lengthFault(`${bytes.length} bytes`, block);
}

/** Packed hex digits are shorter than the digits: no block decompresses to more than its raw length. */
async function decompressed(stored: Buffer, block: BlockHeader): Promise<Buffer | Fault> {
  // One byte of room more than needed: a full output buffer makes zlib allocate another one, to see that nothing
  // follows.
  const chunkSize = Math.max(Math.min(block.rawLength, blockRawMax) + 1, constants.Z_MIN_CHUNK);
  const options = { maxOutputLength: block.rawLength, chunkSize };
  try {
    if (block.rawLength < smallBytes) return brotliDecompressSync(stored, options);
    return await promisify(brotliDecompress)(stored, options);
  } catch (error) {
    const code = isError(error) && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_BUFFER_TOO_LARGE') return lengthFault(`more than ${block.rawLength} bytes`, block);
    if (code === 'Z_BUF_ERROR' || code.includes('FORMAT')) {
      return { message: 'the block cannot be decompressed', got: code };
    }
    throw error;
  }
}

function lengthFault(got: string, block: BlockHeader): Fault {
  return { message: 'the block decompresses to another length', got, expected: `${block.rawLength} bytes` };
}
