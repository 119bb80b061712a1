import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';
import type { AttemptOutcome, RunningAttempt } from './attempt-types.ts';
import { type Exit, failedStart, listen } from './child.ts';
import { GroupEnder, killGroup } from './group.ts';
import { LineReader } from './lines.ts';
import { type OutputSink, tailOnlyOutput } from './output.ts';
import type { ProcessTable } from './process-table.ts';
import { parseStreamLine, streamJob, verdictOfLine } from './stream-line.ts';
import { startTimer, type Timer } from './timer.ts';
import { type AttemptEnd, type AttemptVerdict, judgeAttempt } from './verdict.ts';

export interface StreamChildSpec {
  /** Goes to `/bin/sh -c` as it is. */
  shell: string;
  /** Added to the environment of this process. */
  variables: Readonly<Record<string, string>>;
  killAfterMs: number;
  table: Pick<ProcessTable, 'groupLives'>;
  clock: Clock;
}

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

/** Bytes of one line on standard output. */
const lineBytesMax = 4 * 1024 * 1024;

/** One long-lived handler process. It has one job at a time: a hanging one holds up no other. */
export class StreamChild {
  readonly #spec: StreamChildSpec;
  readonly #child: ChildProcess | undefined;
  readonly #lines = new LineReader(lineBytesMax);
  readonly #ender: GroupEnder | undefined;
  #exit: Exit | undefined;
  #job: JobInHand | undefined;
  /** Resolves with how it ended, once its pipes are read and nothing of its group is left. */
  readonly gone: Promise<Exit>;

  constructor(spec: StreamChildSpec) {
    this.#spec = spec;
    const child = startStream(spec);
    if (child instanceof Error) {
      this.#exit = failedStart(child);
      this.gone = Promise.resolve(this.#exit);
      return;
    }
    this.#child = child;
    if (child.pid !== undefined) this.#ender = new GroupEnder(child.pid, spec.clock, spec.killAfterMs);
    child.stdin?.on('error', () => {});
    const pipes = Promise.all([
      listen(child.stdout, (chunk) => this.#onOutput(chunk)),
      listen(child.stderr, (chunk) => this.#job?.output.write('stderr', chunk)),
    ]);
    this.gone = this.#watch(child, pipes);
  }

  /** It may be given a job. */
  get idle(): boolean {
    return this.#exit === undefined && this.#job === undefined && this.#ender?.ending !== true;
  }

  /** Hands over one job. Only while `idle`, or right after a start that failed: then that is the outcome. */
  run(job: StreamJob): RunningAttempt {
    const hand = new JobInHand(job, this.#spec.clock, () => this.#ender?.end());
    this.#job = hand;
    void this.gone.then((exit) => hand.childGone(exit));
    this.#child?.stdin?.write(streamJob(job));
    const done = hand.done.finally(() => {
      if (this.#job === hand) this.#job = undefined;
    });
    return {
      pid: this.#child?.pid,
      done,
      kill: (reason, now) => {
        hand.killed(reason);
        this.#ender?.end(now);
      },
    };
  }

  /** No more jobs: its standard input ends. It has `killAfterMs` to leave. */
  async close(): Promise<void> {
    this.#child?.stdin?.end();
    const timer = startTimer(this.#spec.clock, this.#spec.killAfterMs, () => this.#ender?.end());
    await this.gone;
    timer.cancel();
  }

  async #watch(child: ChildProcess, pipes: Promise<unknown>): Promise<Exit> {
    const exit = await new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(failedStart(error));
      });
    });
    this.#exit = exit;
    this.#ender?.cancel();
    const late = this.#spec.clock.sleep(exit.spawnError === undefined ? 250 : 0);
    await Promise.race([pipes, late]);
    for (const pipe of child.stdio ?? []) pipe?.destroy();
    if (child.pid !== undefined) await killGroup(child.pid, this.#spec.clock, this.#spec.table);
    return exit;
  }

  #onOutput(chunk: Uint8Array): void {
    this.#lines.push(chunk);
    for (let line = this.#lines.next(); line !== undefined; line = this.#lines.next()) {
      if (line === 'too-long' || this.#job?.line(line) !== true) this.#job?.output.write('stdout', asLine(line));
    }
  }
}

function asLine(line: Uint8Array | 'too-long'): Uint8Array {
  if (line === 'too-long') return Buffer.from('[walq: a line too long was left out]\n');
  return Buffer.concat([line, Buffer.from('\n')]);
}

/** The job that a child is working on, until its verdict. */
class JobInHand {
  readonly output: OutputSink;
  readonly done: Promise<AttemptOutcome>;
  readonly #job: StreamJob;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #timeout: Timer | undefined;
  #resolve: (outcome: AttemptOutcome) => void = () => undefined;
  #over = false;
  #timedOut = false;
  #killed: string | undefined;

  constructor(job: StreamJob, clock: Clock, endChild: () => void) {
    this.#job = job;
    this.#clock = clock;
    this.#startedMs = clock.monotonic();
    this.output = job.output ?? tailOnlyOutput();
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (job.timeoutMs === 0) return;
    this.#timeout = startTimer(clock, job.timeoutMs, () => {
      if (this.#over) return;
      if (this.#killed === undefined) this.#timedOut = true;
      endChild();
    });
  }

  /** True when the line was for us. */
  line(bytes: Uint8Array): boolean {
    const line = parseStreamLine(bytes);
    if (line === undefined || line.id !== this.#job.id || this.#over) return false;
    for (const message of line.messages) if (message.kind === 'extend') this.#timeout?.atLeast(message.ms);
    // Told to end because its time was up: what it says after that comes too late.
    if (line.ok !== undefined && !this.#timedOut) void this.#finish(verdictOfLine(line), { code: null, signal: null });
    return true;
  }

  killed(reason: string): void {
    if (!this.#timedOut) this.#killed ??= reason;
  }

  childGone(exit: Exit): void {
    if (!this.#over) void this.#finish(undefined, exit);
  }

  async #finish(said: AttemptVerdict | undefined, exit: Exit): Promise<void> {
    this.#over = true;
    this.#timeout?.cancel();
    const durationMs = this.#clock.monotonic() - this.#startedMs;
    const output = await this.output.close();
    this.#resolve({
      verdict: said ?? this.#judge(exit, output.tail),
      pid: undefined,
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

  /** The process ended with the job in its hands: an exit 0 is no ACK, because it said nothing. */
  #judge(exit: Exit, tail: string): AttemptVerdict {
    const end: AttemptEnd = {
      owner: 'runner',
      exitCode: exit.code,
      signal: exit.signal,
      timedOut: this.#timedOut,
      timeoutMs: this.#job.timeoutMs,
      tail,
      ...(exit.spawnError !== undefined && { spawnError: exit.spawnError }),
      ...(this.#killed !== undefined && { killed: this.#killed }),
    };
    const verdict = judgeAttempt(end);
    if (verdict.kind !== 'ack') return verdict;
    if (this.#killed !== undefined) return judgeAttempt({ ...end, exitCode: null, signal: 'SIGTERM' });
    return { kind: 'retry', reason: 'failed', error: 'the handler ended without a verdict (exit 0)' };
  }
}

function startStream({ shell, variables }: StreamChildSpec): ChildProcess | Error {
  try {
    const env = { ...process.env, ...variables };
    return spawn('/bin/sh', ['-c', shell], { detached: true, env, stdio: ['pipe', 'pipe', 'pipe'], shell: false });
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
