import type { AttemptOutcome, RunningAttempt } from './attempt-types.ts';

/** An attempt that begins when its turn comes. Told to end before that, it never begins, and nobody waits for it. */
export class WaitingAttempt implements RunningAttempt {
  readonly done: Promise<AttemptOutcome>;
  #resolve: (outcome: AttemptOutcome | Promise<AttemptOutcome>) => void = () => undefined;
  #running: RunningAttempt | undefined;
  #isOver = false;

  constructor(turn: Promise<unknown>, begin: () => RunningAttempt) {
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    void turn.then(() => {
      if (this.#isOver) return;
      this.#running = begin();
      this.#resolve(this.#running.done);
    });
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  kill(reason: string, now?: 'now'): void {
    if (this.#running !== undefined) {
      this.#running.kill(reason, now);
      return;
    }
    this.#isOver = true;
    this.#resolve({
      verdict: { kind: 'retry', reason: 'stopped', error: `ended by the runner: ${reason}` },
      pid: undefined,
      exitCode: null,
      signal: null,
      timedOut: false,
      killed: reason,
      durationMs: 0,
      output: { stdoutBytes: 0, stderrBytes: 0, tail: '' },
      ignoredLines: 0,
      leftovers: false,
    });
  }
}
