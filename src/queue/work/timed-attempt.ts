import type { Clock } from '../../base/clock.ts';
import type { AttemptHooks, AttemptOutcome, RunningAttempt } from '../process/attempt-types.ts';
import type { OutputSummary } from '../process/output.ts';
import { startTimer, type Timer } from '../process/timer.ts';
import type { AttemptVerdict } from '../process/verdict.ts';

/** A function at work, and what the clock and the runner do to it. */
export interface Work {
  /** What it comes to. */
  readonly said: Promise<Said>;
  /** A word to the function: it should end. */
  abort(reason: string): void;
  /** It did not: nobody waits for it any longer. */
  giveUp(): void;
  /** What was printed meanwhile, when it is over. */
  output?(): Promise<OutputSummary>;
}

export interface TimedPlace {
  clock: Clock;
  /** How long a function may go on after its signal was aborted, until its attempt is given up. */
  killAfterMs: number;
}

/** Said by a function, or that nobody waits for it any longer. */
export type Said = AttemptVerdict | 'given up';

const noOutput: OutputSummary = { stdoutBytes: 0, stderrBytes: 0, tail: '' };

/** The time of one attempt of a function: timeout, extensions, and the end of patience. */
export class TimedAttempt implements RunningAttempt {
  readonly pid = undefined;
  readonly done: Promise<AttemptOutcome>;
  readonly #place: TimedPlace;
  readonly #timeoutMs: number;
  readonly #work: Work;
  readonly #hooks: AttemptHooks;
  readonly #startedMs: number;
  readonly #timeout: Timer | undefined;
  #patience: Timer | undefined;
  #timedOut = false;
  #killed: string | undefined;
  #over = false;

  constructor(place: TimedPlace, timeoutMs: number, hooks: AttemptHooks, work: Work) {
    this.#place = place;
    this.#timeoutMs = timeoutMs;
    this.#work = work;
    this.#hooks = hooks;
    this.#startedMs = place.clock.monotonic();
    if (timeoutMs > 0) this.#timeout = startTimer(place.clock, timeoutMs, () => setImmediate(() => this.#onTimeout()));
    this.done = this.#outcome();
  }

  extend(ms: number): void {
    if (this.#over || this.#patience !== undefined) return;
    this.#timeout?.atLeast(ms);
    this.#hooks.onExtend?.(ms);
  }

  progress(share: number): void {
    if (!this.#over) this.#hooks.onProgress?.(share);
  }

  kill(reason: string, now?: 'now'): void {
    if (this.#over) return;
    if (!this.#timedOut) this.#killed ??= reason;
    this.#end(`ended by the runner: ${reason}`);
    if (now === 'now') this.#work.giveUp();
  }

  #onTimeout(): void {
    if (this.#over) return;
    if (this.#killed === undefined) this.#timedOut = true;
    this.#end('the time of this attempt is up');
  }

  #end(reason: string): void {
    this.#work.abort(reason);
    this.#patience ??= startTimer(this.#place.clock, this.#place.killAfterMs, () => this.#work.giveUp());
  }

  async #outcome(): Promise<AttemptOutcome> {
    const last = await this.#work.said;
    this.#over = true;
    this.#timeout?.cancel();
    this.#patience?.cancel();
    const outcome: AttemptOutcome = {
      verdict: this.#judge(last),
      pid: undefined,
      exitCode: null,
      signal: null,
      timedOut: this.#timedOut,
      durationMs: this.#place.clock.monotonic() - this.#startedMs,
      output: this.#work.output === undefined ? noOutput : await this.#work.output(),
      ignoredLines: 0,
      leftovers: false,
    };
    if (this.#killed !== undefined) outcome.killed = this.#killed;
    return outcome;
  }

  /** Success is believed even after an abort: the function had the time to finish. A timeout is not taken back. */
  #judge(said: Said): AttemptVerdict {
    if (this.#timedOut) return { kind: 'timeout', error: `timed out after ${this.#timeoutMs} ms` };
    if (said !== 'given up' && (said.kind === 'ack' || this.#killed === undefined)) return said;
    return { kind: 'retry', reason: 'stopped', error: `ended by the runner: ${this.#killed}` };
  }
}
