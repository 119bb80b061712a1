import type { Clock } from '../../base/clock.ts';
import type { QueueEngine } from '../engine.ts';
import { startTimer } from '../process/timer.ts';

export const diskFullPauseMs = 1000;
/** The wall clock may step: a long wait for it is looked at again this often. */
const lookAgainMs = 60_000;

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

/** Sleeps until something happens, or may be due by the clock that was not at `lookedAt`. */
export async function sleepUntilDue(
  wakeUp: WakeUp,
  version: number,
  clock: Clock,
  engine: QueueEngine,
  lookedAt: number,
): Promise<void> {
  const dueAt = engine.nextDueAt();
  if (dueAt === undefined) return await wakeUp.sleep(version);
  const leftMs = dueAt - clock.now();
  // It became due since the look.
  if (leftMs <= 0 && dueAt > lookedAt) return;
  // Due and yet not given out: an outcome waits for room on the disk. No use to look every millisecond.
  await wakeUp.sleepFor(clock, leftMs > 0 ? Math.min(lookAgainMs, leftMs) : diskFullPauseMs, version);
}
