import { createHash } from 'node:crypto';
import type { Code } from '../../base/code.ts';
import type { Finding } from '../../base/finding.ts';
import { baseName } from '../../base/path.ts';
import type { ByteSource } from '../../base/source.ts';
import { preambleBytes } from '../preamble.ts';
import type { SnapshotCheck } from '../types.ts';
import { entryEnds, storedFault } from './block.ts';
import { type BlockHeader, type BlockWork, type Fault, isFault } from './block-types.ts';
import { Blocks } from './blocks.ts';
import type { SnapshotFooter, SnapshotHeader } from './codec.ts';
import {
  blockHeaderBytes,
  decodeBlockHeader,
  decodeFooter,
  decodeHeader,
  entryPrefixBytes,
  footerBytes,
  headerBytes,
  headerSeed,
  isFooterStart,
} from './codec.ts';
import { parseSnapshotFileName } from './name.ts';
import { preambleFault } from './preamble-fault.ts';
import { SequentialReader } from './sequential-reader.ts';

export interface ScanOptions {
  /**
   * How findings and the summary name the file. If its last part has the store's form, the seq in it must be the
   * header's.
   */
  file: string;
  /** The store that it must belong to (32 hex digits); unchecked when absent. */
  storeId?: string;
  /**
   * Takes each entry of each good block, in order, up to the first fault. The bytes are valid during the call only, and
   * only `summary` proves the whole: build a FRESH state from them and throw it away without one.
   */
  onEntry?: (entry: Uint8Array) => void;
  /** The same without a view for each: the entry is bytes[from, to). */
  onStretch?: (bytes: Buffer, from: number, to: number) => void;
  /** Who reads blocks back. Default: this thread. */
  blocks?: BlockWork;
  /**
   * Are these the bytes that were written? Each checksum and the SHA-256 of the file say so, in a tenth of the time;
   * that they make sense their writer saw. Nothing is handed out.
   */
  bytesOnly?: boolean;
}

/**
 * Reads a snapshot front to back and judges it: the one reader behind check, read, peek and the writer's own proof.
 * Memory is bounded by two blocks. Damage becomes findings; `summary` is there if and only if there are none. Errors of
 * the source and of `onEntry` reject unchanged.
 */
export async function scanSnapshot(source: ByteSource, options: ScanOptions): Promise<SnapshotCheck> {
  const scan = new Scan(source, options);
  const header = await scan.header();
  if (header !== undefined) await scan.blocksAndFooter();
  return scan.result(header);
}

/** The header alone, or what is wrong with it. */
export async function scanHeader(
  source: ByteSource,
  options: ScanOptions,
): Promise<{ header?: SnapshotHeader; findings: Finding[] }> {
  const scan = new Scan(source, options);
  const header = await scan.header();
  return header === undefined ? { findings: scan.findings } : { header, findings: scan.findings };
}

/** A block whose header is good and whose stored bytes are all there. */
interface PendingBlock {
  block: BlockHeader;
  /** Of the stored bytes. */
  offset: number;
  /** Undefined where only the stored bytes were looked at, and are good. */
  raw: Promise<Buffer | Fault | undefined>;
}

class Scan {
  readonly findings: Finding[] = [];
  readonly #source: ByteSource;
  readonly #reader: SequentialReader;
  readonly #blockWork: BlockWork;
  readonly #options: ScanOptions;
  readonly #fileHash = createHash('sha256');
  readonly #stateHash = createHash('sha256');
  #seed = 0;
  #blocks = 0;
  #entries = 0;
  #rawBytes = 0;
  /** False once a block could not be read: hashes then prove nothing more. */
  #contentGood = true;
  #footer: SnapshotFooter | undefined;

  constructor(source: ByteSource, options: ScanOptions) {
    this.#source = source;
    this.#options = options;
    this.#reader = new SequentialReader(source);
    this.#blockWork = options.blocks ?? new Blocks(undefined);
  }

  async header(): Promise<SnapshotHeader | undefined> {
    const bytes = await this.#reader.take(headerBytes);
    if (bytes.length === 0) {
      return this.#report('E_SNAPSHOT_EMPTY', 0, 0, {
        message: 'empty file',
        got: '0 bytes',
        expected: `at least ${headerBytes + footerBytes} bytes`,
      });
    }
    const fault = preambleFault(bytes);
    if (fault !== undefined) return this.#report(fault.code, 0, Math.min(preambleBytes, bytes.length), fault);
    if (bytes.length < headerBytes) return this.#cut('the header', bytes.length, headerBytes);
    const header = decodeHeader(bytes);
    if (isFault(header)) return this.#report('E_SNAPSHOT_HEADER', 0, headerBytes, header);
    this.#seed = headerSeed(bytes);
    this.#fileHash.update(bytes);
    this.#checkOwner(header);
    return header;
  }

  /** A misnamed or foreign snapshot is still read: its other faults count too. */
  #checkOwner(header: SnapshotHeader): void {
    const { seq } = header.point;
    const seqInName = parseSnapshotFileName(baseName(this.#options.file));
    if (seqInName !== undefined && seqInName !== seq) {
      const message = 'the name says another seq than the header';
      this.#report('E_SNAPSHOT_NAME', 32, 40, { message, got: `seq ${seqInName}`, expected: `seq ${seq}` });
    }
    const { storeId } = this.#options;
    if (storeId !== undefined && storeId !== header.storeId) {
      const message = 'the snapshot belongs to another store';
      this.#report('E_SNAPSHOT_STORE', 16, 32, { message, got: header.storeId, expected: storeId });
    }
  }

  /** One block is decompressed, in the thread pool, while the entries of the one before are taken. */
  async blocksAndFooter(): Promise<void> {
    let pending: PendingBlock | undefined;
    for (;;) {
      const next = await this.#nextBlock();
      if (pending !== undefined) await this.#finish(pending);
      if (typeof next === 'function') return next();
      pending = next;
    }
  }

  /** The next block, or what is to be done where none follows. */
  async #nextBlock(): Promise<PendingBlock | (() => void | Promise<void>)> {
    const start = this.#reader.position;
    const bytes = Buffer.from(await this.#reader.take(blockHeaderBytes));
    if (isFooterStart(bytes)) return () => this.#readFooter(bytes, start);
    if (bytes.length === 0) {
      const message = 'the file ends before its footer';
      const fault = { message, got: '0 bytes', expected: `${footerBytes} bytes` };
      return () => this.#report('E_SNAPSHOT_CUT', start, start, fault);
    }
    const index = this.#blocks;
    if (bytes.length < blockHeaderBytes) {
      return () => this.#cut(`the header of block ${index}`, bytes.length, blockHeaderBytes);
    }
    const block = decodeBlockHeader(bytes, this.#seed, index);
    if (isFault(block)) {
      // Where the next block starts is not known: nothing behind can be judged.
      return () => this.#report('E_SNAPSHOT_BLOCK', start, start + blockHeaderBytes, blockFault(block, index));
    }
    const stored = await this.#reader.take(block.storedLength);
    if (stored.length < block.storedLength) return () => this.#cut(`block ${index}`, stored.length, block.storedLength);
    this.#blocks++;
    this.#entries += block.entries;
    this.#rawBytes += block.rawLength;
    this.#fileHash.update(bytes).update(stored);
    // Copied, because the reader's buffer moves on.
    const raw = this.#options.bytesOnly
      ? Promise.resolve(storedFault(stored, block))
      : this.#blockWork.unpack(Buffer.from(stored), block);
    // Awaited later, or never when something else fails first: then its failure is nobody's.
    raw.catch(() => {});
    return { block, offset: start + blockHeaderBytes, raw };
  }

  async #finish({ block, offset, raw }: PendingBlock): Promise<void> {
    const bytes = await raw;
    if (bytes === undefined) return;
    if (!isFault(bytes)) this.#stateHash.update(bytes);
    const ends = isFault(bytes) ? bytes : entryEnds(bytes, block.entries);
    if (isFault(ends)) {
      this.#contentGood = false;
      this.#report('E_SNAPSHOT_BLOCK', offset, offset + block.storedLength, blockFault(ends, block.index));
    } else if (!isFault(bytes) && this.findings.length === 0) {
      this.#handOut(bytes, ends);
    }
  }

  #handOut(bytes: Buffer, ends: readonly number[]): void {
    const { onEntry, onStretch } = this.#options;
    let from = entryPrefixBytes;
    for (const end of ends) {
      onStretch?.(bytes, from, end);
      onEntry?.(bytes.subarray(from, end));
      from = end + entryPrefixBytes;
    }
  }

  async #readFooter(start: Buffer, offset: number): Promise<void> {
    const rest = await this.#reader.take(footerBytes - start.length);
    const bytes = Buffer.concat([start, rest]);
    if (bytes.length < footerBytes) {
      this.#cut('the footer', bytes.length, footerBytes);
      return;
    }
    const footer = decodeFooter(bytes, this.#seed);
    if (isFault(footer)) {
      this.#report('E_SNAPSHOT_FOOTER', offset, offset + footerBytes, footer);
    } else {
      this.#footer = footer;
      this.#checkTotals(footer, offset);
      if (this.#contentGood) this.#checkHashes(footer, offset);
    }
    const trailing = await this.#reader.drain();
    if (trailing > 0) {
      const end = offset + footerBytes;
      const message = 'bytes after the footer';
      this.#report('E_SNAPSHOT_TRAILING', end, end + trailing, { message, got: `${trailing} bytes`, expected: 'none' });
    }
  }

  #checkTotals(footer: SnapshotFooter, offset: number): void {
    const rows: [string, number, number][] = [
      ['blocks', footer.blocks, this.#blocks],
      ['entries', footer.entries, this.#entries],
      ['raw bytes', footer.rawBytes, this.#rawBytes],
      ['bytes before the footer', footer.offset, offset],
    ];
    for (const [what, stated, found] of rows) {
      if (stated === found) continue;
      const fault = { message: `the footer counts other ${what}`, got: `${found}`, expected: `${stated}` };
      this.#report('E_SNAPSHOT_FOOTER', offset, offset + footerBytes, fault);
    }
  }

  #checkHashes(footer: SnapshotFooter, offset: number): void {
    const rows: [string, string, string][] = [['file', footer.sha256, this.#fileHash.digest('hex')]];
    if (!this.#options.bytesOnly) rows.push(['state', footer.stateHash, this.#stateHash.digest('hex')]);
    for (const [what, expected, got] of rows) {
      if (got !== expected)
        this.#report('E_SNAPSHOT_HASH', 0, offset, { message: `${what} hash mismatch`, got, expected });
    }
  }

  #cut(what: string, got: number, expected: number): undefined {
    const end = this.#reader.position;
    const message = `the file ends inside ${what}`;
    return this.#report('E_SNAPSHOT_CUT', end - got, end, {
      message,
      got: `${got} bytes`,
      expected: `${expected} bytes`,
    });
  }

  #report(code: Code, offset: number, end: number, fault: Fault): undefined {
    const severity = code === 'E_NEWER_FORMAT' ? 'newer' : 'degraded';
    const { message, got, expected } = fault;
    const finding: Finding = { code, severity, file: this.#options.file, offset, end, message };
    if (got !== undefined) finding.got = got;
    if (expected !== undefined) finding.expected = expected;
    this.findings.push(finding);
  }

  result(header: SnapshotHeader | undefined): SnapshotCheck {
    const { file } = this.#options;
    const bytes = this.#source.size ?? this.#reader.position;
    if (header === undefined || this.#footer === undefined || this.findings.length > 0) {
      return { file, bytes, findings: this.findings };
    }
    const { storeId, kind, point, createdMs } = header;
    const { rawBytes, entries, sha256, stateHash } = this.#footer;
    const seq = point.seq;
    const summary = { file, seq, kind, bytes, rawBytes, entries, createdMs, sha256, stateHash, storeId, point };
    return { file, bytes, summary, findings: this.findings };
  }
}

function blockFault(fault: Fault, index: number): Fault {
  return { ...fault, message: `block ${index}: ${fault.message}` };
}
