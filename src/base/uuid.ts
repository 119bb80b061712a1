import { putHex } from './bytes.ts';
import type { Random } from './clock.ts';

const idBytes = 16;

/**
 * UUIDv7 (RFC 9562): 48 bits of milliseconds, then 74 random bits. Ids of one source ascend strictly as text: within
 * one millisecond, and when the clock steps back, the time of the last id is kept and its random part grows by a random
 * step (method 2 of section 6.2).
 */
export class UuidSource {
  readonly #random: Random;
  #lastMs = -1;
  readonly #id = new Uint8Array(idBytes);
  readonly #tail = this.#id.subarray(6);
  readonly #add = new Uint8Array(4);

  constructor(random: Random) {
    this.#random = random;
  }

  /** 36 characters, lower case. `now`: whole ms since the epoch. */
  next(now: number): string {
    if (now > this.#lastMs) this.#fresh(now);
    else if (!this.#step()) this.#fresh(this.#lastMs + 1);
    return format(this.#id);
  }

  #fresh(ms: number): void {
    this.#lastMs = ms;
    const id = this.#id;
    this.#random(this.#tail);
    for (let at = 5, rest = ms; at >= 0; at--, rest = Math.floor(rest / 256)) id[at] = rest % 256;
    id[6] = 0x70 | ((id[6] ?? 0) & 0x0f);
    id[8] = 0x80 | ((id[8] ?? 0) & 0x3f);
  }

  /**
   * Adds 1..2^32 to the 74 random bits; false when they overflow. Version and variant bits sit in the middle and are
   * stepped over.
   */
  #step(): boolean {
    const id = this.#id;
    const add = this.#add;
    this.#random(add);
    let carry = 1;
    for (let at = 15; at >= 6; at--) {
      const step = at >= 12 ? (add[at - 12] ?? 0) : 0;
      const fixed = at === 8 ? 0x80 : at === 6 ? 0x70 : 0;
      const bits = at === 8 ? 0x3f : at === 6 ? 0x0f : 0xff;
      const sum = ((id[at] ?? 0) & bits) + step + carry;
      id[at] = fixed | (sum & bits);
      carry = sum > bits ? 1 : 0;
    }
    return carry === 0;
  }
}

const text = Buffer.alloc(36, '-');
/** Where in the text the hex digits of each byte go. */
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

/** One buffer and one decode: twenty small texts joined would cost six times as much. */
function format(id: Uint8Array): string {
  for (let at = 0; at < idBytes; at++) {
    putHex(text, places[at] ?? 0, id[at] ?? 0);
  }
  return text.toString('latin1', 0, 36);
}
