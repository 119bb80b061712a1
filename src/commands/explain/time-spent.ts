import { isBlocked, type Job } from '../../queue/state/job.ts';

/** What a job spent its time on, ms. */
export interface TimeSpent {
  /** For other jobs to complete. */
  blockedMs: number;
  /** For its time, before the first attempt or after a change by hand. */
  delayedMs: number;
  /** For the next attempt, after one that failed. */
  backoffMs: number;
  /** Held back by a pause, when nothing else did. */
  pausedMs: number;
  /** For a worker, or a place among those of its group. */
  readyMs: number;
  /** In the hands of a runner or a holder outside. */
  inFlightMs: number;
  /** It lay dead, until somebody called it back. */
  deadMs: number;
  /** What the log does not tell of: its begin was cleaned away, or a part of it cannot be read. */
  untoldMs: number;
  /** From its ENQUEUE, or the first event that there is, to its end, or to now. */
  totalMs: number;
}

/** A time in which no worker had the job. */
interface Waiting {
  /** An attempt has failed before. */
  again: boolean;
  /** The last of its parents completed then. */
  freeMs: number;
  /** When it was to run, and since when that was so. */
  readonly stretches: { sinceMs: number; runAt: number }[];
}

/** Divides the life of a job: told what happens as it happens, ms since the epoch. A clock that steps back costs nothing. */
export class TimeAccount {
  readonly spent: TimeSpent = {
    blockedMs: 0,
    delayedMs: 0,
    backoffMs: 0,
    pausedMs: 0,
    readyMs: 0,
    inFlightMs: 0,
    deadMs: 0,
    untoldMs: 0,
    totalMs: 0,
  };
  /** Scopes of the pauses in force that hold the job, and since when there is any. */
  readonly #pauses = new Set<string>();
  #pausedMs = 0;
  /** Stretches in which there was one, that are over. */
  readonly #paused: [fromMs: number, toMs: number][] = [];
  #waiting: Waiting | undefined;
  #runningMs: number | undefined;
  #deadSinceMs: number | undefined;
  #endMs: number | undefined;

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  get isRunning(): boolean {
    return this.#runningMs !== undefined;
  }

  /** It became pending. */
  wait(atMs: number, runAt: number, again: boolean): void {
    if (this.#deadSinceMs !== undefined) this.spent.deadMs += Math.max(0, atMs - this.#deadSinceMs);
    this.#close(atMs);
    this.#waiting = { again, freeMs: atMs, stretches: [{ sinceMs: atMs, runAt }] };
    this.#endMs = atMs;
  }

  /** Somebody changed when it is to run; undefined: something else. */
  postpone(atMs: number, runAt: number | undefined): void {
    if (runAt !== undefined) this.#waiting?.stretches.push({ sinceMs: atMs, runAt });
  }

  /** A parent completed: until then it waited for that one. */
  freed(atMs: number): void {
    if (this.#waiting !== undefined) this.#waiting.freeMs = Math.max(this.#waiting.freeMs, atMs);
  }

  begin(atMs: number): void {
    this.#close(atMs);
    this.#runningMs = atMs;
  }

  over(atMs: number): void {
    this.#close(atMs);
    this.#endMs = atMs;
  }

  die(atMs: number): void {
    this.over(atMs);
    this.#deadSinceMs = atMs;
  }

  pause(atMs: number, scope: string): void {
    if (this.#pauses.size === 0) this.#pausedMs = atMs;
    this.#pauses.add(scope);
  }

  resume(atMs: number, scope: string): void {
    if (this.#pauses.delete(scope) && this.#pauses.size === 0) this.#paused.push([this.#pausedMs, atMs]);
  }

  /**
   * What it does now has lasted until `now`. The state knows best: events that led to it may be gone. `firstMs`: its
   * first event, where the state does not know when it was enqueued.
   */
  settle(job: Job | undefined, now: number, firstMs: number | undefined): TimeSpent {
    if (job !== undefined) this.#settleState(job, now);
    const first = job?.createdAt || firstMs;
    if (first === undefined) return this.spent;
    this.spent.totalMs = Math.max(0, (this.#endMs ?? first) - first);
    const { totalMs, untoldMs: _untold, ...told } = this.spent;
    this.spent.untoldMs = Math.max(0, totalMs - Object.values(told).reduce((sum, each) => sum + each, 0));
    return this.spent;
  }

  #settleState(job: Job, now: number): void {
    switch (job.state) {
      case 'pending': {
        const sinceMs = job.setback?.at ?? job.createdAt;
        const known = this.#waiting?.stretches[0];
        if (known === undefined || known.sinceMs < sinceMs) {
          this.#forget(undefined);
          this.wait(sinceMs, job.runAt, job.setback !== undefined);
        }
        if (isBlocked(job)) this.freed(Number.POSITIVE_INFINITY);
        this.over(now);
        return;
      }
      case 'in_flight':
        if (this.#runningMs !== job.startedAt) this.#forget(job.startedAt);
        this.over(now);
        return;
      default:
        if (this.#endMs === job.endedAt && !this.isWaiting && !this.isRunning) return;
        // How it came to its end is not told: the last attempt is all that is known.
        this.#forget(job.state === 'completed' ? job.startedAt : undefined);
        this.over(job.endedAt);
    }
  }

  #forget(runningMs: number | undefined): void {
    this.#waiting = undefined;
    this.#deadSinceMs = undefined;
    this.#runningMs = runningMs;
  }

  #close(atMs: number): void {
    if (this.#waiting !== undefined) this.#divide(this.#waiting, atMs);
    if (this.#runningMs !== undefined) this.spent.inFlightMs += Math.max(0, atMs - this.#runningMs);
    this.#forget(undefined);
  }

  /** In the order in which phases stand in each other's way. */
  #divide({ again, freeMs, stretches }: Waiting, atMs: number): void {
    const { spent } = this;
    stretches.forEach(({ sinceMs, runAt }, index) => {
      const end = Math.max(sinceMs, stretches[index + 1]?.sinceMs ?? atMs);
      const free = Math.min(end, Math.max(sinceMs, freeMs));
      const due = Math.min(end, Math.max(free, runAt));
      const paused = this.#pausedBetween(due, end);
      spent.blockedMs += free - sinceMs;
      if (again) spent.backoffMs += due - free;
      else spent.delayedMs += due - free;
      spent.pausedMs += paused;
      spent.readyMs += end - due - paused;
    });
  }

  #pausedBetween(from: number, to: number): number {
    const stretches = this.#pauses.size === 0 ? this.#paused : [...this.#paused, [this.#pausedMs, to] as const];
    return stretches.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
  }
}
