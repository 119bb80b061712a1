import type { Clock } from '../../base/clock.ts';
import type { QueueEngine } from '../engine.ts';

/** Sweeps when the clock says so: one at a time, and whoever comes meanwhile waits for what it finds. */
export class Sweeper {
  readonly #clock: Clock;
  readonly #engine: QueueEngine;
  readonly #upSinceMs: number;
  #sweeping: Promise<void> | undefined;

  constructor(clock: Clock, engine: QueueEngine, upSinceMs: number) {
    this.#clock = clock;
    this.#engine = engine;
    this.#upSinceMs = upSinceMs;
  }

  /** Undefined when nothing is due. Rejects with what the log says. */
  whenDue(): Promise<void> | undefined {
    const dueAt = this.#engine.sweepAt();
    if (this.#sweeping === undefined && (dueAt === undefined || dueAt > this.#clock.now())) return undefined;
    this.#sweeping ??= this.#sweep();
    return this.#sweeping;
  }

  async #sweep(): Promise<void> {
    try {
      await this.#engine.sweep(this.#upSinceMs);
    } finally {
      this.#sweeping = undefined;
    }
  }
}
