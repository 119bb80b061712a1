import type { Clock } from '../../base/clock.ts';
import { hasErrno } from '../../base/errors.ts';
import type { ProcessTable } from './process-table.ts';
import { startTimer, type Timer } from './timer.ts';

/**
 * Signals a whole process group; false when nothing is left in it. macOS answers EPERM for a group of zombies only,
 * and a group we started can otherwise turn EPERM only when its members changed their user: nothing we could do about
 * either.
 */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ESRCH', 'EPERM')) return false;
    throw error;
  }
}

/**
 * Ends what is left in a group and waits until nothing of it can run, at most `waitMs`: a process inside an
 * uninterruptible call stays for longer. A zombie stays too, until its new parent collects it (in a container that
 * may be never); only the process table tells the two apart, so without one the wait is short. False when it may
 * still live.
 */
export async function killGroup(
  groupId: number,
  clock: Clock,
  table: Pick<ProcessTable, 'groupLives'> | undefined,
  waitMs = table === undefined ? 50 : 2000,
): Promise<boolean> {
  if (!signalGroup(groupId, 'SIGKILL')) return true;
  const until = clock.monotonic() + waitMs;
  for (let pauseMs = 1; clock.monotonic() < until; pauseMs = Math.min(50, pauseMs * 2)) {
    await clock.sleep(pauseMs);
    if (!signalGroup(groupId, 0)) return true;
    if (pauseMs > 1 && table !== undefined && !(await mayLive(table, groupId))) return true;
  }
  return false;
}

/** A table that cannot be read says nothing. */
async function mayLive(table: Pick<ProcessTable, 'groupLives'>, groupId: number): Promise<boolean> {
  return await table.groupLives(groupId).catch(() => true);
}

/** Ends a process group: SIGTERM, and SIGKILL after `killAfterMs`; `now`, SIGKILL at once. */
export class GroupEnder {
  readonly #groupId: number;
  readonly #clock: Clock;
  readonly #killAfterMs: number;
  #timer: Timer | undefined;
  #cancelled = false;
  #ending = false;

  constructor(groupId: number, clock: Clock, killAfterMs: number) {
    this.#groupId = groupId;
    this.#clock = clock;
    this.#killAfterMs = killAfterMs;
  }

  /** It was told to end. */
  get ending(): boolean {
    return this.#ending;
  }

  end(now?: 'now'): void {
    if (this.#cancelled) return;
    const first = !this.#ending;
    this.#ending = true;
    if (now === 'now') signalGroup(this.#groupId, 'SIGKILL');
    else if (first) {
      this.#timer = startTimer(this.#clock, this.#killAfterMs, () => signalGroup(this.#groupId, 'SIGKILL'));
      signalGroup(this.#groupId, 'SIGTERM');
      // A stopped process handles no SIGTERM.
      signalGroup(this.#groupId, 'SIGCONT');
    }
  }

  /** The leader is gone: its number may be somebody else's soon. */
  cancel(): void {
    this.#cancelled = true;
    this.#timer?.cancel();
  }
}
