import type { Clock } from '../../src/base/clock.ts';

interface Sleeper {
  atMs: number;
  wake: () => void;
}

/**
 * A clock that stands still until `advance`. With `auto` every sleep moves it forward and returns at once, so that
 * code which polls ends in no time. The wall clock can be set apart from the monotonic one.
 */
export class FakeClock implements Clock {
  auto: boolean;
  #monotonicMs = 0;
  #wallMs: number;
  #sleepers: Sleeper[] = [];

  constructor(options: { startMs?: number; auto?: boolean } = {}) {
    this.#wallMs = options.startMs ?? Date.UTC(2024, 0, 1);
    this.auto = options.auto ?? false;
  }

  now(): number {
    return Math.floor(this.#wallMs);
  }
  monotonic(): number {
    return this.#monotonicMs;
  }
  async sleep(ms: number): Promise<void> {
    const atMs = this.#monotonicMs + Math.max(0, ms);
    if (this.auto) {
      this.#moveTo(atMs);
      await settle();
      return;
    }
    await new Promise<void>((wake) => this.#sleepers.push({ atMs, wake }));
  }

  /** How many sleeps wait. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves both clocks, and wakes each sleeper at its own time: what it then starts runs before the next one wakes. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (;;) {
      this.#sleepers.sort((left, right) => left.atMs - right.atMs);
      const next = this.#sleepers[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#sleepers.shift();
      this.#moveTo(next.atMs);
      next.wake();
      await settle();
    }
    this.#moveTo(endMs);
  }

  /** Sets the wall clock alone, as an administrator or NTP would. */
  setWall(nowMs: number): void {
    this.#wallMs = nowMs;
  }

  #moveTo(monotonicMs: number): void {
    const step = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += step;
    this.#wallMs += step;
  }
}

/** Lets everything run that can run without time passing. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
