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
  /** The last time it was 'missed'. */
  missedBefore?: boolean;
}

/** How a child ended that had a job in its hands. */
export interface ChildEnd extends Exit {
  /** Why it was of no use any more before it ended: words that follow 'the handler'. */
  trouble?: string;
  /** It may be that the job never reached it: it had done others before, and left of its own will. */
  missed: boolean;
  /** It had other jobs in its hands. */
  company: boolean;
}

/**
 * The job may not have reached the child that ended; or it is one that may be the cause: of several in its hands, or
 * because it was missed twice.
 */
export type Unclear = 'missed' | 'suspect';

/** What the end of a child with the job in its hands is put down to. */
type Fault = Unclear | 'told to end' | 'handler' | 'this job';

/** Of the child that works on the job. */
export interface JobHost {
  clock: Clock;
  pid: number | undefined;
  /** Its exit was not seen yet. */
  lives(): boolean;
  /** A job is out of time: this one, or an older one that is so too. */
  timeUp(): void;
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

  /** Its time is up within so many milliseconds. */
  isDue(withinMs: number): boolean {
    return !this.#over && this.#timeout !== undefined && this.#timeout.leftMs() <= withinMs;
  }

  outOfTime(): void {
    if (this.#killed === undefined) this.#timedOut = true;
  }

  /** The child ends on account of another of its jobs. */
  endedWith(id: string): void {
    if (!this.#timedOut) this.#endedWith ??= id;
  }

  /** Answers with what is not clear about the end of the child, if it is not. */
  childGone(exit: ChildEnd): Unclear | undefined {
    if (this.#over) return undefined;
    const fault = this.#faultOf(exit);
    void this.#finish((tail) => this.#judge(exit, fault, tail), exit, this.#end());
    return fault === 'missed' || fault === 'suspect' ? fault : undefined;
  }

  #onTimeout(): void {
    // What it might have done in the time that its child takes to end, nobody knows.
    if (this.#over || this.#endedWith !== undefined || !this.#host.lives()) return;
    this.#host.timeUp();
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

  #faultOf({ code, spawnError, trouble, missed, company }: ChildEnd): Fault {
    if (this.#timedOut || this.#ended().killed !== undefined) return 'told to end';
    if (spawnError !== undefined || ((code === 126 || code === 127) && trouble === undefined)) return 'handler';
    if (missed && !this.#begun) return this.#job.missedBefore ? 'suspect' : 'missed';
    return company ? 'suspect' : 'this job';
  }

  #judge(exit: ChildEnd, fault: Fault, tail: string): AttemptVerdict {
    const verdict = this.#judgeEnd(exit, fault === 'told to end', tail);
    if (verdict.kind === 'ack' || (fault !== 'missed' && fault !== 'suspect')) return verdict;
    const error = exit.company ? `with other jobs in the same process: ${verdict.error}` : verdict.error;
    return { kind: 'retry', reason: 'handler', error, refund: true };
  }

  /** The child ended with the job in its hands: an exit 0 is no ACK, because it said nothing. */
  #judgeEnd({ code, signal, spawnError, trouble }: ChildEnd, toldToEnd: boolean, tail: string): AttemptVerdict {
    const what = trouble ?? (code === 0 ? 'ended without a verdict (exit 0)' : undefined);
    if (what !== undefined && !toldToEnd && spawnError === undefined) {
      return { kind: 'retry', reason: 'failed', error: withTail(`the handler ${what}`, tail) };
    }
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
}
