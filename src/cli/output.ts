import type { Writable } from 'node:stream';
import { hasErrno, ioError } from '../base/errors.ts';
import { systemClock } from '../base/node-clock.ts';

/** The reader of our output is gone (EPIPE). Not a failure: `| head` has seen enough. */
export class OutputClosed extends Error {
  constructor() {
    super('the reader of the output has closed it');
    this.name = 'OutputClosed';
  }
}

/**
 * JSON may hold these as they are, and terminals obey some of them: C1 controls, DEL, marks that reorder text. An
 * escape means the same to whoever parses it. Our own sequences begin with ESC, which is not among them.
 */
const obeyed = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

const chunkChars = 64 * 1024;
const flushAfterMs = 100;

/**
 * One output stream, written in chunks. A chunk is handed over only when the one before was taken, so a slow or gone
 * reader stops the producer at once and nothing piles up in memory. Callers must await what `write` returns.
 */
export class Output {
  readonly isTerminal: boolean;
  readonly #stream: Writable;
  #pending: string[] = [];
  #chars = 0;
  #flushedAt = systemClock.monotonic();
  #failure: unknown;
  #begins: (() => void) | undefined;

  /** `begins` is called before the first text on a terminal. */
  constructor(stream: Writable & { isTTY?: boolean }, begins?: () => void) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.#begins = this.isTerminal ? begins : undefined;
    stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Queues text. Returns a promise only when a chunk is full or has waited long enough to be shown. */
  write(text: string): Promise<void> | undefined {
    if (this.#begins !== undefined) {
      this.#begins();
      this.#begins = undefined;
    }
    this.#pending.push(this.isTerminal ? text.replace(obeyed, jsonEscape) : text);
    this.#chars += text.length;
    if (this.#chars >= chunkChars || systemClock.monotonic() - this.#flushedAt > flushAfterMs) return this.flush();
    return undefined;
  }

  line(text: string): Promise<void> | undefined {
    return this.write(`${text}\n`);
  }

  /** Bytes that may be no text, behind what is queued. */
  async bytes(chunk: Uint8Array): Promise<void> {
    await this.flush();
    await this.#hand(chunk);
  }

  /** Hands over what is queued and waits until it is taken. Throws OutputClosed, or WalqError E_OUTPUT (exit 74). */
  async flush(): Promise<void> {
    this.#flushedAt = systemClock.monotonic();
    if (this.#failure !== undefined) throw outputError(this.#failure);
    if (this.#chars === 0) return;
    const text = this.#pending.join('');
    this.#pending = [];
    this.#chars = 0;
    await this.#hand(text);
  }

  async #hand(chunk: string | Uint8Array): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#stream.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    } catch (error) {
      this.#failure = error;
      throw outputError(error);
    }
    // A write to a pipe often ends without a trip through the event loop; give EPIPE and signals their chance.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#failure !== undefined) throw outputError(this.#failure);
  }
}

function outputError(error: unknown): Error {
  if (hasErrno(error, 'EPIPE', 'ERR_STREAM_DESTROYED') || isDestroyed(error)) return new OutputClosed();
  const reason = error instanceof Error ? error.message : String(error);
  return ioError('E_OUTPUT', `cannot write the output: ${reason}`, { cause: error });
}

function isDestroyed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_DESTROYED';
}

function jsonEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
