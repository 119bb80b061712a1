import type { Clock } from '../../base/clock.ts';
import type { AttemptHooks, AttemptOutcome } from './attempt-types.ts';
import type { Exit } from './child.ts';
import { type OutputSink, tailOnlyOutput } from './output.ts';
import { type StreamLine, verdictOfLine } from './stream-line.ts';
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
  /** Its exit was not seen yet. */
  lives(): boolean;
  /** On account of this job: SIGTERM to the child. */
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
  /** The job on whose account the child was ended. */
  #endedWith: string | undefined;
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

  /** What became of it is known. */
  get isOver(): boolean {
    return this.#over;
  }

  /** A line with our id. False when the job is over: the line is output like any other. */
  said(line: StreamLine): boolean {
    if (this.#over) return false;
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
    const finish = () =>
      void this.#finish((tail) => verdictOfLine(line, tail), { code: null, signal: null }, durationMs);
    // What it wrote to standard error before the verdict is read within the next turn of the event loop, not always
    // in this one: the verdict may have come after this turn had asked what there is to read.
    setImmediate(() => setImmediate(finish));
    return true;
  }

  /** The reason counts unless the time was up before. */
  killed(reason: string): void {
    if (!this.#timedOut) this.#killed ??= reason;
  }

  /** The child ends on account of another of its jobs. */
  endedWith(id: string): void {
    if (!this.#timedOut) this.#endedWith ??= id;
  }

  childGone(exit: ChildEnd): void {
    if (!this.#over) void this.#finish((tail) => this.#judge(exit, tail), exit, this.#end());
  }

  #onTimeout(): void {
    // What it might have done in the time that its child takes to end, nobody knows.
    if (this.#over || this.#endedWith !== undefined || !this.#host.lives()) return;
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
      ...this.#ended(),
      durationMs,
      output,
      ignoredLines: 0,
      leftovers: false,
    });
  }

  /** Why it is no fault of this job that its child ended, if it is none. */
  #ended(): { killed?: string } {
    if (this.#killed !== undefined) return { killed: this.#killed };
    return this.#endedWith === undefined ? {} : { killed: `job ${this.#endedWith} of the same process` };
  }

  /** The child ended with the job in its hands: an exit 0 is no ACK, because it said nothing. */
  #judge(exit: ChildEnd, tail: string): AttemptVerdict {
    const { code, signal, spawnError, trouble, missed } = exit;
    const toldToEnd = this.#timedOut || this.#ended().killed !== undefined;
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
        ...this.#ended(),
      });
    }
    const error = withTail(`the handler ${trouble ?? 'ended without a verdict (exit 0)'}`, tail);
    const refund = missed && !this.#begun;
    return refund ? { kind: 'retry', reason: 'handler', error, refund } : { kind: 'retry', reason: 'failed', error };
  }
}
