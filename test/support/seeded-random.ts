import type { Random } from '../../src/base/clock.ts';

/** A small generator of 32-bit integers, the same sequence for the same seed. */
export function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}

/** Bytes for `StorageEnv.random`. */
export function seededRandom(seed: number): Random {
  const next = splitmix32(seed);
  return (buffer) => {
    for (let at = 0; at < buffer.length; at++) buffer[at] = next() & 0xff;
  };
}

/** Choices for a test: one seed, one run. */
export class Prng {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = splitmix32(seed);
  }

  /** An integer from 0 up to, not including, `end`. */
  below(end: number): number {
    return this.#next() % end;
  }
  chance(probability: number): boolean {
    return this.#next() < probability * 2 ** 32;
  }
  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = this.#next() & 0xff;
    return bytes;
  }
}
