import type { Clock } from '../../base/clock.ts';

/** What a timer needs of the runtime; tests pass their own. */
export interface TimerHost {
  set(fire: () => void, ms: number): unknown;
  clear(handle: unknown): void;
}

const nodeTimers: TimerHost = {
  set: (fire, ms) => setTimeout(fire, ms),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** setTimeout fires at once for anything longer. */
const waitMsMax = 2 ** 31 - 1;

export interface Timer {
  /** Milliseconds left, on the monotonic clock; 0 when it fired or is due. */
  leftMs(): number;
  /** Moves the end to `ms` from now if that is later than it stands. Nothing happens once it fired or was cancelled. */
  atLeast(ms: number): void;
  cancel(): void;
}

/** Calls `fire` once, `ms` milliseconds from now on the monotonic clock, however long that is; never early. */
export function startTimer(clock: Clock, ms: number, fire: () => void, host: TimerHost = nodeTimers): Timer {
  let dueMs = clock.monotonic() + ms;
  let live = true;
  let handle: unknown;
  const wait = () => {
    handle = host.set(wake, Math.min(waitMsMax, Math.max(0, Math.ceil(dueMs - clock.monotonic()))));
  };
  const wake = () => {
    if (!live) return;
    if (clock.monotonic() < dueMs) return wait();
    live = false;
    fire();
  };
  wait();
  return {
    leftMs: () => (live ? Math.max(0, dueMs - clock.monotonic()) : 0),
    atLeast(laterMs) {
      const later = clock.monotonic() + laterMs;
      if (!live || later <= dueMs) return;
      dueMs = later;
      host.clear(handle);
      wait();
    },
    cancel() {
      live = false;
      host.clear(handle);
    },
  };
}
