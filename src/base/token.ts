import { putHex } from './bytes.ts';
import type { Random } from './clock.ts';

const tokenBytes = 16;

/** Names of 128 random bits, 32 hex digits: nobody has the same. */
export class TokenSource {
  readonly #random: Random;
  readonly #bytes = new Uint8Array(tokenBytes);
  readonly #text = Buffer.alloc(2 * tokenBytes);

  constructor(random: Random) {
    this.#random = random;
  }

  next(): string {
    this.#random(this.#bytes);
    for (let at = 0; at < tokenBytes; at++) putHex(this.#text, 2 * at, this.#bytes[at] ?? 0);
    return this.#text.toString('latin1', 0, 2 * tokenBytes);
  }
}
