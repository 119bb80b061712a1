import type { Clock } from '../../base/clock.ts';
import { startTimer } from '../process/timer.ts';

/**
 * Wakes all sleepers. What happened between looking and sleeping is not missed: they sleep on the version they looked
 * at.
 */
export class WakeUp {
  #version = 0;
  #sleepers: (() => void)[] = [];

  get version(): number {
    return this.#version;
  }

  wake(): void {
    this.#version++;
    for (const resolve of this.#sleepers.splice(0)) resolve();
  }

  /** Resolves at the next `wake`, or at once when there was one since `version`. */
  sleep(version: number): Promise<void> {
    if (version !== this.#version) return Promise.resolve();
    return new Promise((resolve) => this.#sleepers.push(resolve));
  }

  /** The same for at most `ms` milliseconds; then all wake up. */
  async sleepFor(clock: Clock, ms: number, version: number): Promise<void> {
    const timer = startTimer(clock, ms, () => this.wake());
    await this.sleep(version);
    timer.cancel();
  }
}
