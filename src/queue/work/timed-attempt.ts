import type { Clock } from '../../base/clock.ts';
import type { AttemptHooks, AttemptOutcome, RunningAttempt } from '../process/attempt-types.ts';
import type { OutputSummary } from '../process/output.ts';
import { startTimer, type Timer } from '../process/timer.ts';
import type { AttemptVerdict } from '../process/verdict.ts';

/** What the clock and the runner do to a function at work. */
export interface WorkEnds {
  /** A word to the function: it should end. */
  abort(reason: string): void;
  /** It did not: nobody waits for it any longer. */
  giveUp(): void;
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
export class TimedAttempt {
  readonly #place: TimedPlace;
  readonly #timeoutMs: number;
  readonly #ends: WorkEnds;
  readonly #hooks: AttemptHooks;
  readonly #startedMs: number;
  readonly #timeout: Timer | undefined;
  #patience: Timer | undefined;
  #timedOut = false;
  #killed: string | undefined;
  #over = false;

  constructor(place: TimedPlace, timeoutMs: number, hooks: AttemptHooks, ends: WorkEnds) {
    this.#place = place;
    this.#timeoutMs = timeoutMs;
    this.#ends = ends;
    this.#hooks = hooks;
    this.#startedMs = place.clock.monotonic();
    if (timeoutMs > 0) this.#timeout = startTimer(place.clock, timeoutMs, () => setImmediate(() => this.#onTimeout()));
  }

  /** Runs what gives the verdict; what was printed meanwhile comes from `output`. */
  running(said: Promise<Said>, output?: () => Promise<OutputSummary>): RunningAttempt {
    return { pid: undefined, done: this.#outcome(said, output), kill: (reason, now) => this.kill(reason, now) };
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
    if (now === 'now') this.#ends.giveUp();
  }

  #onTimeout(): void {
    if (this.#over) return;
    if (this.#killed === undefined) this.#timedOut = true;
    this.#end('the time of this attempt is up');
  }

  #end(reason: string): void {
    this.#ends.abort(reason);
    this.#patience ??= startTimer(this.#place.clock, this.#place.killAfterMs, () => this.#ends.giveUp());
  }

  async #outcome(said: Promise<Said>, output: (() => Promise<OutputSummary>) | undefined): Promise<AttemptOutcome> {
    const last = await said;
    this.#over = true;
    this.#timeout?.cancel();
    this.#patience?.cancel();
    return {
      verdict: this.#judge(last),
      pid: undefined,
      exitCode: null,
      signal: null,
      timedOut: this.#timedOut,
      ...(this.#killed !== undefined && { killed: this.#killed }),
      durationMs: this.#place.clock.monotonic() - this.#startedMs,
      output: output === undefined ? noOutput : await output(),
      ignoredLines: 0,
      leftovers: false,
    };
  }

  /** Success is believed even after an abort: the function had the time to finish. A timeout is not taken back. */
  #judge(said: Said): AttemptVerdict {
    if (this.#timedOut) return { kind: 'timeout', error: `timed out after ${this.#timeoutMs} ms` };
    if (said !== 'given up' && (said.kind === 'ack' || this.#killed === undefined)) return said;
    return { kind: 'retry', reason: 'stopped', error: `ended by the runner: ${this.#killed}` };
  }
}
