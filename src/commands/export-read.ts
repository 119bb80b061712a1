import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type Finding, findingError } from '../base/finding.ts';
import type { ByteSource } from '../base/source.ts';
import { LineReader } from '../formats/lines.ts';
import { payloadBytesMax } from '../storage/wal/format.ts';
import { packedBytes } from '../storage/wal/records.ts';
import { parseEntryLine } from './entry-line.ts';
import { parseEventLine } from './event-line.ts';
import {
  type ExportHeader,
  type ExportTrailer,
  isLostLine,
  isTrailerLine,
  type LostLine,
  lineBytesMax,
  misplaced,
  parseHeaderLine,
  parseLostLine,
  parseTrailerLine,
} from './export-form.ts';
import { LineFault } from './line-members.ts';

/** What an export holds, in the order of its lines. `offset` is the first byte of the line. */
export type ExportItem =
  | { kind: 'header'; header: ExportHeader }
  | { kind: 'entry'; entry: Uint8Array }
  /** `commit`: of the first event of a write, how many events it was; 0 for the others. */
  | { kind: 'record'; seq: number; record: Uint8Array; commit: number; offset: number }
  | ({ kind: 'lost'; offset: number } & LostLine)
  | { kind: 'end'; trailer: ExportTrailer };

/**
 * Reads an export front to back, in flat memory, and checks it: every line has its one spelling, seqs run on without a
 * gap, the last line counts what came and has the SHA-256 of it. The states that it names are for the caller to hold
 * against. Rejects with E_EXPORT_LINE, E_EXPORT_CUT, E_EXPORT_SUM (3), which name line and column, E_NEWER_FORMAT (5),
 * and with what the source throws; what is sound before a fault has been handed out by then.
 */
export async function* readExport(
  source: ByteSource,
  file: string,
  progress: (bytes: number) => void = () => {},
): AsyncGenerator<ExportItem[]> {
  const lines = new LineReader(source, lineBytesMax);
  const check = new ExportCheck(file);
  while (await lines.fill()) {
    const items: ExportItem[] = [];
    const fault = check.take(lines, items);
    progress(lines.bytes);
    if (items.length > 0) yield items;
    if (fault !== undefined) throw fault;
  }
  check.finish(lines.bytes);
}

class ExportCheck {
  readonly #file: string;
  readonly #hash = createHash('sha256');
  #lines = 0;
  #header: ExportHeader | undefined;
  #entries = 0;
  #events = 0;
  #lost = 0;
  #seqNext = 1;
  /** Events of the write under way that are still to come, and bytes of those that came. */
  #commitRest = 0;
  #commitBytes = 0;
  #ended = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** The lines in memory. What is wrong with one comes back as the error to throw. */
  take(lines: LineReader, items: ExportItem[]): unknown {
    let hashed = -1;
    try {
      while (lines.next()) {
        if (hashed < 0) hashed = lines.start;
        if (lines.kind === 'line' && lines.terminated && lines.length <= lineBytesMax) {
          const text = textOf(lines.buffer, lines.start, lines.end);
          if (this.#header !== undefined && !this.#ended && isTrailerLine(text)) {
            this.#hash.update(lines.buffer.subarray(hashed, lines.start));
            hashed = lines.end + 1;
            items.push(this.#trailer(text));
            continue;
          }
          items.push(this.#item(text, lines.offset));
        } else this.#refuse(lines);
        this.#lines++;
      }
    } catch (error) {
      return error instanceof LineFault ? this.#error(error, lines) : error;
    }
    if (hashed >= 0 && !this.#ended) this.#hash.update(lines.buffer.subarray(hashed, lines.end + 1));
    return undefined;
  }

  finish(bytes: number): void {
    if (this.#ended) return;
    const message = `the export ends after line ${this.#lines}, without its last line`;
    throw findingError([this.#finding('E_EXPORT_CUT', message, { offset: bytes, end: bytes })]);
  }

  #item(text: string, offset: number): ExportItem {
    if (this.#ended) throw misplaced('follows the last line of the export');
    if (this.#header === undefined) {
      const header = parseHeaderLine(text, this.#file);
      this.#header = header;
      this.#seqNext = header.seqFirst;
      return { kind: 'header', header };
    }
    if (this.#entries < (this.#header.base?.entries ?? 0)) {
      this.#entries++;
      return { kind: 'entry', entry: parseEntryLine(text) };
    }
    return isLostLine(text) ? this.#lostItem(text, offset) : this.#record(text, offset);
  }

  #record(text: string, offset: number): ExportItem {
    const { seq, record, commit } = parseEventLine(text);
    if (seq !== this.#seqNext) throw misplaced(`has seq ${seq}, and ${this.#seqNext} must follow`);
    if (record.length === 0 || record[0] === 0) throw misplaced('holds no record');
    const inside = this.#commitRest > 0;
    if (commit < 1 || (inside && commit > 1)) throw misplaced('has a "commit" that does not fit');
    this.#commitRest = (inside ? this.#commitRest : commit) - 1;
    this.#commitBytes = (inside ? this.#commitBytes : 0) + packedBytes([record]);
    if (this.#commitBytes > payloadBytesMax) throw misplaced('belongs to a write that is larger than a log can hold');
    this.#seqNext++;
    this.#events++;
    if (seq === this.#header?.base?.seq && this.#commitRest > 0) throw misplaced('the base lies inside a write');
    return { kind: 'record', seq, record, commit: inside ? 0 : commit, offset };
  }

  #lostItem(text: string, offset: number): ExportItem {
    const lost = parseLostLine(text);
    if (lost.seqFirst !== this.#seqNext) throw misplaced(`has seq ${lost.seqFirst}, and ${this.#seqNext} must follow`);
    if (this.#commitRest > 0) throw misplaced('lies inside a write');
    const base = this.#header?.base?.seq ?? 0;
    if (base >= lost.seqFirst && base < lost.seqLast) throw misplaced('the base lies inside of it');
    this.#seqNext = lost.seqLast + 1;
    this.#lost += lost.seqLast - lost.seqFirst + 1;
    return { kind: 'lost', offset, ...lost };
  }

  #trailer(text: string): ExportItem {
    const trailer = parseTrailerLine(text);
    const base = this.#header?.base;
    const counts: [string, number, number][] = [
      ['lines', trailer.lines, this.#lines],
      ['events', trailer.events, this.#events],
      ['lost', trailer.lost, this.#lost],
      ['last', trailer.seqLast, this.#seqNext - 1],
    ];
    for (const [name, stated, found] of counts) {
      if (stated !== found) throw misplaced(`states ${stated} as "${name}", and it is ${found}`);
    }
    if (this.#entries < (base?.entries ?? 0)) throw misplaced('comes before the base is complete');
    if (this.#commitRest > 0) throw misplaced('comes in the middle of a write');
    if ((base?.seq ?? 0) >= this.#seqNext) throw misplaced('comes before the seq of the base');
    const sha256 = this.#hash.digest('hex');
    if (sha256 !== trailer.sha256) {
      const message = 'the text is not the one that was exported: its SHA-256 is another one';
      const [got, expected] = [sha256.slice(0, 12), trailer.sha256.slice(0, 12)];
      const finding = { severity: 'corrupt', file: this.#file, message, got, expected } as const;
      throw findingError([{ code: 'E_EXPORT_SUM', ...finding }]);
    }
    this.#ended = true;
    this.#lines++;
    return { kind: 'end', trailer };
  }

  #refuse({ kind, terminated, length }: LineReader): never {
    if (kind === 'zeros') throw misplaced('is zeros');
    if (kind === 'oversized' || length > lineBytesMax) throw misplaced('is longer than any line of an export');
    throw misplaced(terminated ? 'is none' : 'has no line end');
  }

  #error({ message, at }: LineFault, { offset, length, terminated, kind }: LineReader): unknown {
    const line = this.#lines + 1;
    const where = { offset, end: offset + length };
    if (kind === 'line' && !terminated && !this.#ended) {
      return findingError([this.#finding('E_EXPORT_CUT', `the export ends in the middle of line ${line}`, where)]);
    }
    const text = `line ${line}, column ${at + 1}: ${message}`;
    return findingError([this.#finding('E_EXPORT_LINE', text, where)]);
  }

  #finding(code: 'E_EXPORT_LINE' | 'E_EXPORT_CUT' | 'E_EXPORT_SUM', message: string, where: Partial<Finding>): Finding {
    return { code, severity: 'corrupt', file: this.#file, ...where, seqFirst: this.#seqNext, message };
  }
}

function textOf(buffer: Buffer, start: number, end: number): string {
  if (!isUtf8(buffer.subarray(start, end))) throw new LineFault('is no UTF-8', 0);
  return buffer.toString('utf8', start, end);
}
