import type { Clock } from '../../base/clock.ts';
import type { AttemptVerdict } from '../process/verdict.ts';

/** So long nothing could be started at all: somebody has to look. */
const lastingMs = 60_000;
const pauseMsMin = 1000;
const pauseMsMax = 15_000;
const stepMs = 100;

/** Times at which the machine has too few processes, file descriptors or memory to start anything. */
export class Shortage {
  readonly #clock: Clock;
  /** Since when every start failed, by the monotonic clock. */
  #sinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Told how each attempt ended. Answers with the error of this one when nothing has begun for long. */
  lasting(verdict: AttemptVerdict): string | undefined {
    if (!isShortage(verdict)) {
      this.#sinceMs = undefined;
      return undefined;
    }
    this.#sinceMs ??= this.#clock.monotonic();
    return this.#lastedMs >= lastingMs ? verdict.error : undefined;
  }

  /** After an attempt that could not be started: else its worker would take jobs and give them back without end. */
  async pause(verdict: AttemptVerdict, isOver: () => boolean): Promise<void> {
    if (!isShortage(verdict)) return;
    const pauseMs = Math.min(pauseMsMax, Math.max(pauseMsMin, this.#lastedMs / 2));
    for (let passedMs = 0; passedMs < pauseMs && !isOver(); passedMs += stepMs) await this.#clock.sleep(stepMs);
  }

  get #lastedMs(): number {
    return this.#sinceMs === undefined ? 0 : this.#clock.monotonic() - this.#sinceMs;
  }
}

function isShortage(verdict: AttemptVerdict): verdict is Extract<AttemptVerdict, { kind: 'retry' }> {
  return verdict.kind === 'retry' && verdict.reason === 'resources';
}
