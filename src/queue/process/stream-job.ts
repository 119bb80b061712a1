import type { Clock } from '../../base/clock.ts';
import type { AttemptHooks, AttemptOutcome } from './attempt-types.ts';
import type { Exit } from './child.ts';
import { type OutputSink, tailOnlyOutput } from './output.ts';
import { parseStreamLine, verdictOfLine } from './stream-line.ts';
import { startTimer, type Timer } from './timer.ts';
import { type AttemptVerdict, judgeAttempt, withTail } from './verdict.ts';

export interface StreamJob {
  id: string;
  name: string;
  payload?: string | undefined;
  attempt: number;
  attemptsMax: number;
  /** 0 = no limit. */
  timeoutMs: number;
  output?: OutputSink;
}

/** How a child ended that had a job in its hands. */
export interface ChildEnd extends Exit {
  /** Why it was of no use any more before it ended: words that follow 'the handler'. */
  trouble?: string;
  /** It may be that the job never reached it: it had done others before, and left of its own will. */
  missed: boolean;
}

/** Of the child that works on the job. */
export interface JobHost {
  clock: Clock;
  pid: number | undefined;
  /** SIGTERM to the child. */
  endChild(): void;
  /** The outcome is known: what the child prints from now on belongs to others. */
  release(): void;
}

/** The job that a child is working on, until its verdict. */
export class JobInHand {
  readonly output: OutputSink;
  readonly done: Promise<AttemptOutcome>;
  readonly #job: StreamJob;
  readonly #host: JobHost;
  readonly #hooks: AttemptHooks;
  readonly #startedMs: number;
  readonly #timeout: Timer | undefined;
  #resolve: (outcome: AttemptOutcome) => void = () => undefined;
  #over = false;
  #timedOut = false;
  #killed: string | undefined;
  /** The child has said something about it. */
  #begun = false;

  constructor(job: StreamJob, host: JobHost, hooks: AttemptHooks) {
    this.#job = job;
    this.#host = host;
    this.#hooks = hooks;
    this.#startedMs = host.clock.monotonic();
    this.output = job.output ?? tailOnlyOutput();
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (job.timeoutMs === 0) return;
    // After a long pause of this process the verdict may already be waiting behind this timer: let it come first.
    this.#timeout = startTimer(host.clock, job.timeoutMs, () => setImmediate(() => this.#onTimeout()));
  }

  /** True when the line was for us. */
  line(bytes: Uint8Array): boolean {
    if (this.#over) return false;
    const line = parseStreamLine(bytes);
    if (line?.id !== this.#job.id) return false;
    this.#begun = true;
    if (!line.over) {
      for (const message of line.messages) {
        if (message.kind === 'progress') this.#hooks.onProgress?.(message.value);
        else if (message.kind === 'extend') {
          this.#timeout?.atLeast(message.ms);
          this.#hooks.onExtend?.(message.ms);
        }
      }
      return true;
    }
    // Told to end because its time was up: what it says after that comes too late.
    if (this.#timedOut) return true;
    const durationMs = this.#end();
    // What it wrote to standard error before the verdict is read within this turn of the event loop.
    setImmediate(
      () => void this.#finish((tail) => verdictOfLine(line, tail), { code: null, signal: null }, durationMs),
    );
    return true;
  }

  /** The reason counts unless the time was up before. */
  killed(reason: string): void {
    if (!this.#timedOut) this.#killed ??= reason;
  }

  childGone(exit: ChildEnd): void {
    if (!this.#over) void this.#finish((tail) => this.#judge(exit, tail), exit, this.#end());
  }

  #onTimeout(): void {
    if (this.#over) return;
    if (this.#killed === undefined) this.#timedOut = true;
    this.#host.endChild();
  }

  #end(): number {
    this.#over = true;
    this.#timeout?.cancel();
    return this.#host.clock.monotonic() - this.#startedMs;
  }

  async #finish(verdictOf: (tail: string) => AttemptVerdict, exit: Exit, durationMs: number): Promise<void> {
    this.#host.release();
    const output = await this.output.close();
    this.#resolve({
      verdict: verdictOf(output.tail),
      pid: this.#host.pid,
      exitCode: exit.code,
      signal: exit.signal,
      timedOut: this.#timedOut,
      ...(this.#killed !== undefined && { killed: this.#killed }),
      durationMs,
      output,
      ignoredLines: 0,
      leftovers: false,
    });
  }

  /** The child ended with the job in its hands: an exit 0 is no ACK, because it said nothing. */
  #judge(exit: ChildEnd, tail: string): AttemptVerdict {
    const { code, signal, spawnError, trouble, missed } = exit;
    const toldToEnd = this.#timedOut || this.#killed !== undefined;
    if (spawnError !== undefined || toldToEnd || (code !== 0 && trouble === undefined)) {
      return judgeAttempt({
        owner: 'runner',
        // Ended on our word, well behaved: it is no success for that.
        exitCode: toldToEnd && code === 0 ? null : code,
        signal,
        timedOut: this.#timedOut,
        timeoutMs: this.#job.timeoutMs,
        tail,
        ...(spawnError !== undefined && { spawnError }),
        ...(this.#killed !== undefined && { killed: this.#killed }),
      });
    }
    const error = withTail(`the handler ${trouble ?? 'ended without a verdict (exit 0)'}`, tail);
    const refund = missed && !this.#begun;
    return refund ? { kind: 'retry', reason: 'handler', error, refund } : { kind: 'retry', reason: 'failed', error };
  }
}
