import { randomFillSync } from 'node:crypto';
import type { Clock, Random } from './clock.ts';

export const systemClock: Clock = {
  // What is written down has no sign: before 1970 a wrong clock stands still.
  now: () => Math.max(0, Date.now()),
  // Not `performance`, which is loaded when it is first asked for: a whole part of Node for one number.
  monotonic() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** A call for new bytes costs as much as a hundred of them, so what is small is cut from these. */
const pool = new Uint8Array(1024);
let poolAt = pool.length;

export const systemRandom: Random = (buffer) => {
  const { length } = buffer;
  if (length > 64) {
    randomFillSync(buffer);
    return;
  }
  if (poolAt + length > pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  // Not by a view of the pool: making one costs more than so few bytes.
  for (let at = 0; at < length; at++) buffer[at] = pool[poolAt++] ?? 0;
};
