import { createHash } from 'node:crypto';
import { usageError, type WalqError } from '../base/errors.ts';
import { entryLine } from './entry-line.ts';
import { eventLine } from './event-line.ts';
import type { ExportCounts, ExportSink } from './export.ts';
import { type ExportHeader, headerLine, type LostLine, lineBytesMax, lostLine, trailerLine } from './export-form.ts';

/** Takes one line, without its end. */
export type PutLine = (line: string) => Promise<void> | undefined;

const hashedChars = 64 * 1024;

/** The form that `wal import` takes back (docs/export.md). */
export class ExportText implements ExportSink {
  readonly wantsState = true;
  /** Hex SHA-256 of all lines but the last one; once there is that. */
  sha256 = '';
  readonly #put: PutLine;
  readonly #hash = createHash('sha256');
  /** One call into the hash per line would cost more than the hashing. */
  #unhashed = '';
  #lines = 0;

  constructor(put: PutLine) {
    this.#put = put;
  }

  header(header: ExportHeader): Promise<void> | undefined {
    return this.#line(headerLine(header));
  }

  entry(entry: Uint8Array): Promise<void> | undefined {
    return this.#line(entryLine(entry));
  }

  record(seq: number, record: Uint8Array, commit: number): Promise<void> | undefined {
    return this.#line(eventLine(seq, record, commit));
  }

  lost(lost: LostLine): Promise<void> | undefined {
    return this.#line(lostLine(lost));
  }

  async end(counts: ExportCounts): Promise<void> {
    this.sha256 = this.#hash.update(this.#unhashed).digest('hex');
    await this.#put(trailerLine({ lines: this.#lines, ...counts, sha256: this.sha256 }));
  }

  #line(line: string): Promise<void> | undefined {
    this.#lines++;
    // A character takes up to three bytes.
    if (line.length > lineBytesMax / 3 && Buffer.byteLength(line) > lineBytesMax) throw tooLong(line);
    this.#unhashed += `${line}\n`;
    if (this.#unhashed.length >= hashedChars) {
      this.#hash.update(this.#unhashed);
      this.#unhashed = '';
    }
    return this.#put(line);
  }
}

/** Only what a newer walq writes can be so large. */
function tooLong(line: string): WalqError {
  const what = /^\{"(seq":\d+|base":"\w+")/.exec(line)?.[0].replace(/[{"]/g, '') ?? '';
  return usageError(
    'E_EXPORT_LINE',
    `a line of an export has at most ${lineBytesMax} bytes, and this one has more: ${what}`,
    {
      next: 'walq backup STORE DIR makes a copy of any store',
    },
  );
}
