import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';

/** Longest run without a turn of the event loop while entries are walked. */
const runMsMax = 4;

/** Turns of the event loop during a long walk: the log beside us has promises to keep. */
export class Pauses {
  readonly #clock: Clock;
  #endedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endedAt = clock.monotonic();
  }

  get isDue(): boolean {
    return this.#clock.monotonic() - this.#endedAt >= runMsMax;
  }

  /** Lets everything else that is ready run. */
  async take(): Promise<void> {
    await eventLoopTurn();
    this.#endedAt = this.#clock.monotonic();
  }
}
