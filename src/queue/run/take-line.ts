import type { Clock } from '../../base/clock.ts';
import type { QueueEngine } from '../engine.ts';
import { startTimer, type Timer } from '../process/timer.ts';

/** Something is due and yet not given out, because the disk is full: no use to look all the time. */
const lookAgainMs = 1000;

interface Waiter {
  /** Those that came later have higher ones. */
  readonly place: number;
  wake(call?: Call): void;
}

/** To look for jobs that may have come; for those who waited when they did. */
export interface Call {
  readonly placeMax: number;
}

/**
 * Consumers that wait for jobs, in the order they came. An operation calls as many of them as it has events, which is
 * nearly always as many as it can make jobs ready; the clock calls one. Whoever was called passes the call on, found it
 * a job or not: there may be more, or others may want what it does not. So a job finds its consumer however many wait,
 * and they do not all get up for each event.
 */
export class TakeLine {
  /** In the order they came. */
  readonly #waiters = new Set<Waiter>();
  readonly #engine: QueueEngine;
  readonly #clock: Clock;
  #placeLast = 0;
  #version = 0;
  /** When a job becomes due, as far as it is known, while somebody waits. */
  #dueAt: number | undefined;
  #due: Timer | undefined;
  /** What was due when the clock called last. */
  #calledFor: number | undefined;
  #later: Timer | undefined;

  constructor(engine: QueueEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    engine.onCommit((events) => {
      this.#version++;
      if (this.#waiters.size === 0) return;
      this.call(this.#all(), events.length);
      this.#arm();
    });
  }

  /** To be read before looking for jobs, so that what comes after it is not missed. */
  get version(): number {
    return this.#version;
  }

  /** Somebody waits, or has waited and may again in a moment. */
  get isUsed(): boolean {
    return this.#placeLast > 0;
  }

  /** A look failed, and what it might have found is there for others: one of them is called in a moment. */
  callLater(): void {
    this.#later ??= startTimer(this.#clock, lookAgainMs, () => {
      this.#later = undefined;
      this.call(this.#all(), 1);
    });
  }

  /** Calls so many of those who still wait since then, first come first. */
  call(call: Call, count: number): void {
    let left = count;
    for (const waiter of this.#waiters) {
      if (left-- <= 0 || waiter.place > call.placeMax) return;
      waiter.wake(call);
    }
  }

  /**
   * Resolves when this consumer is called, with the call; without one after `ms`, when `signal` fires, and at once when
   * something happened since `version`.
   */
  wait(version: number, ms: number, signal: AbortSignal): Promise<Call | undefined> {
    if (version !== this.#version || signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const wake = (call?: Call): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', giveUp);
        timer.cancel();
        if (this.#waiters.size === 0) this.#disarm();
        resolve(call);
      };
      const giveUp = () => wake();
      const waiter = { place: ++this.#placeLast, wake };
      const timer = startTimer(this.#clock, ms, giveUp);
      signal.addEventListener('abort', giveUp);
      this.#waiters.add(waiter);
      this.#arm();
    });
  }

  #all(): Call {
    return { placeMax: this.#placeLast };
  }

  #arm(): void {
    if (this.#waiters.size === 0) return;
    const dueAt = this.#engine.nextDueAt();
    if (dueAt === this.#dueAt) return;
    this.#disarm();
    this.#dueAt = dueAt;
    if (dueAt === undefined) return;
    const leftMs = dueAt - this.#clock.now();
    const isOverdue = leftMs <= 0 && dueAt === this.#calledFor;
    this.#due = startTimer(this.#clock, isOverdue ? lookAgainMs : Math.max(1, leftMs), () => {
      this.#dueAt = undefined;
      this.#calledFor = dueAt;
      this.call(this.#all(), 1);
      this.#arm();
    });
  }

  #disarm(): void {
    this.#due?.cancel();
    this.#due = undefined;
    this.#dueAt = undefined;
  }
}
