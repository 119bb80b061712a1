import { openBrackets } from './loose-object.ts';
import { beginsObject } from './messages.ts';
import { parseStreamLine, type StreamLine } from './stream-line.ts';

const bytesMax = 64 * 1024;
const newline = Buffer.from('\n');

/**
 * Finds a verdict that a handler wrote over several lines, as many a library prints JSON. Who wrote it believes to have
 * answered, and would not answer again.
 */
export class SpreadVerdict {
  #lines: Uint8Array[] = [];
  #bytes = 0;
  #open = 0;

  /** The next line that is no verdict by itself. Answers with one that it is the end of, as one that is wrong. */
  push(line: Uint8Array): StreamLine | undefined {
    if (this.#lines.length === 0 && !beginsObject(line)) return undefined;
    this.#lines.push(line, newline);
    this.#bytes += line.length + 1;
    this.#open += openBrackets(Buffer.from(line).toString());
    if (this.#open > 0 && this.#bytes <= bytesMax) return undefined;
    const isSpread = this.#open === 0 && this.#lines.length > 2;
    const said = isSpread ? parseStreamLine(Buffer.concat(this.#lines)) : undefined;
    this.clear();
    return said?.over ? { ...said, wrong: said.wrong ?? 'it is written over several lines' } : undefined;
  }

  clear(): void {
    this.#lines = [];
    this.#bytes = 0;
    this.#open = 0;
  }
}
