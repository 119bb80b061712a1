import type { Readable } from 'node:stream';
import { LineReader } from './lines.ts';

/** Lines handed out before everybody else has a turn. */
const linesPerTurn = 256;

/**
 * The lines of fd 3, a few per turn of the event loop: a handler that pours them in without end holds up neither the
 * timeouts nor the other attempts and clients of its runner. While it is behind, the pipe is not read, so that the
 * handler waits.
 */
export class MessagePipe {
  /** Resolves when the pipe is closed and every line of it was handed out. */
  readonly done: Promise<void>;
  /** Read so far. */
  bytes = 0;
  readonly #pipe: Readable;
  readonly #lines: LineReader;
  readonly #onLine: (line: Uint8Array | 'too-long') => void;
  #finish: () => void = () => undefined;
  /** Turns are under way; the pipe is paused. */
  #busy = false;
  #lookedEmpty = true;
  #closed = false;

  constructor(pipe: Readable, lineBytesMax: number, onLine: (line: Uint8Array | 'too-long') => void) {
    this.#pipe = pipe;
    this.#lines = new LineReader(lineBytesMax);
    this.#onLine = onLine;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    pipe.on('data', (chunk: Uint8Array) => {
      this.bytes += chunk.length;
      this.#lines.push(chunk);
      this.#turn();
    });
    pipe.on('error', () => {});
    pipe.once('close', () => {
      this.#closed = true;
      if (!this.#busy) this.#end();
    });
  }

  /** More may be waiting here, or unread in the pipe, than was handed out so far. */
  get behind(): boolean {
    return this.#busy || !this.#lookedEmpty;
  }

  #turn(): void {
    for (let count = 0; count < linesPerTurn; count++) {
      const line = this.#lines.next();
      if (line === undefined) {
        this.#caughtUp();
        return;
      }
      this.#onLine(line);
    }
    this.#busy = true;
    this.#lookedEmpty = false;
    this.#pipe.pause();
    setImmediate(() => this.#turn());
  }

  #caughtUp(): void {
    if (!this.#busy) return;
    this.#busy = false;
    if (this.#closed) {
      this.#end();
      return;
    }
    this.#pipe.resume();
    // The pipe is read within the next turn of the event loop, if there is anything.
    setImmediate(() =>
      setImmediate(() => {
        if (!this.#busy) this.#lookedEmpty = true;
      }),
    );
  }

  #end(): void {
    const rest = this.#lines.rest();
    if (rest !== undefined) this.#onLine(rest);
    this.#lookedEmpty = true;
    this.#finish();
  }
}
