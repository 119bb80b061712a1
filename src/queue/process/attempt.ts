import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { isError } from '../../base/errors.ts';
import type { AttemptHooks, AttemptOutcome, AttemptSpec, RunningAttempt } from './attempt-types.ts';
import { type Exit, failedStart, listen, oneLine, pipesOf, startChild } from './child.ts';
import { GroupEnder, killGroup, signalGroup } from './group.ts';
import { MessagePipe } from './message-pipe.ts';
import { type HandlerMessage, type NotUnderstood, parseHandlerLine } from './messages.ts';
import { type OutputSink, type OutputSummary, tailOnlyOutput } from './output.ts';
import { startTimer, type Timer } from './timer.ts';
import { type AttemptEnd, judgeAttempt } from './verdict.ts';

/** Of fd 3, after the exit; more than any pipe holds, so nothing a handler said is lost. */
const drainBytesMax = 512 * 1024;

/** Starts one attempt in a process group of its own. The contract with handlers is docs/handlers.md. */
export function runAttempt(spec: AttemptSpec, hooks: AttemptHooks = {}): RunningAttempt {
  const attempt = new Attempt(spec, hooks);
  return { pid: attempt.pid, done: attempt.run(), kill: (reason, now) => attempt.kill(reason, now) };
}

class Attempt {
  readonly #spec: AttemptSpec;
  readonly #hooks: AttemptHooks;
  readonly #output: OutputSink;
  readonly #startedMs: number;
  readonly #child: ChildProcess | undefined;
  readonly #exited: Promise<Exit>;
  readonly #ender: GroupEnder | undefined;
  #over = false;
  #timeout: Timer | undefined;
  #timedOut = false;
  #killed: string | undefined;
  #result: string | undefined;
  #asked: AttemptEnd['asked'];
  #messages: MessagePipe | undefined;
  #ignoredLines = 0;

  constructor(spec: AttemptSpec, hooks: AttemptHooks) {
    this.#spec = spec;
    this.#hooks = hooks;
    this.#output = spec.output ?? tailOnlyOutput();
    this.#startedMs = spec.clock.monotonic();
    const started = startChild(spec);
    if (isError(started)) {
      this.#exited = Promise.resolve(failedStart(started));
      return;
    }
    this.#child = started;
    if (started.pid !== undefined) this.#ender = new GroupEnder(started.pid, spec.clock, spec.killAfterMs);
    this.#exited = new Promise((resolve) => {
      started.once('exit', (code, signal) => resolve({ code, signal }));
      started.on('error', (error) => {
        if (started.pid === undefined) resolve(failedStart(error));
      });
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async run(): Promise<AttemptOutcome> {
    const { clock, timeoutMs } = this.#spec;
    const pipesClosed = this.#connect();
    if (this.pid !== undefined && timeoutMs !== undefined) {
      this.#timeout = startTimer(clock, timeoutMs, () => this.#onTimeout());
    }
    const exit = await this.#exited;
    const durationMs = clock.monotonic() - this.#startedMs;
    this.#over = true;
    this.#timeout?.cancel();
    this.#ender?.cancel();
    // Only a group that still has members keeps its number; an empty one may already be somebody else's later.
    const leftovers = this.pid !== undefined && signalGroup(this.pid, 0);
    await this.#drain(pipesClosed, exit.spawnError === undefined ? (this.#spec.drainMs ?? 250) : 0);
    if (this.pid !== undefined && leftovers) await killGroup(this.pid, clock, this.#spec.table);
    const output = await this.#output.close();
    return { ...this.#outcome(exit, output), pid: this.pid, durationMs, output, leftovers };
  }

  kill(reason: string, now?: 'now'): void {
    if (this.#over || this.pid === undefined) return;
    if (!this.#timedOut) this.#killed ??= reason;
    this.#ender?.end(now);
  }

  #onTimeout(): void {
    // After a long pause of this process the exit may already be waiting behind this timer: let it come first.
    setImmediate(() => {
      if (this.#over) return;
      if (this.#killed === undefined) this.#timedOut = true;
      this.#ender?.end();
    });
  }

  /** Connects all pipes; resolves when the reading ones have ended. */
  async #connect(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    // A handler need not read its payload: EPIPE and the like are its own choice.
    child.stdin?.on('error', () => {});
    const { payload } = this.#spec.job;
    child.stdin?.end(payload === undefined ? '' : `${oneLine(payload)}\n`);
    await Promise.all([
      listen(child.stdout, (chunk) => this.#output.write('stdout', chunk)),
      listen(child.stderr, (chunk) => this.#output.write('stderr', chunk)),
      this.#connectMessages(pipesOf(child)[3]),
    ]);
  }

  async #connectMessages(pipe: Readable | Writable | null | undefined): Promise<void> {
    if (pipe === null || pipe === undefined || !('read' in pipe)) return;
    this.#messages = new MessagePipe(pipe, this.#spec.lineBytesMax ?? 1024 * 1024, (line) => this.#onLine(line));
    await this.#messages.done;
  }

  #onLine(line: Uint8Array | 'too-long'): void {
    if (line.length === 0) return;
    const said = line === 'too-long' ? { why: 'it is too long', asked: false } : parseHandlerLine(line);
    if (Array.isArray(said)) for (const message of said) this.#onMessage(message);
    else this.#notUnderstood(said);
  }

  #notUnderstood({ why, asked }: NotUnderstood): void {
    if (asked) this.#asked = { kind: 'unclear', why };
    // Each would be a line in the log, and somebody may pour garbage in.
    if (this.#ignoredLines++ > 0) return;
    this.#output.write('stdout', Buffer.from(`[walq: a message was not understood: ${why}]\n`));
  }

  #onMessage(message: HandlerMessage): void {
    switch (message.kind) {
      case 'result':
        this.#result = message.json;
        return;
      case 'retry':
      case 'dead':
        this.#asked = message;
        return;
      case 'progress':
        if (!this.#over) this.#hooks.onProgress?.(message.value);
        return;
      case 'extend':
        if (this.#over || this.#ender?.ending) return;
        this.#timeout?.atLeast(message.ms);
        this.#hooks.onExtend?.(message.ms);
    }
  }

  async #drain(pipesClosed: Promise<void>, drainMs: number): Promise<void> {
    const bytesMax = (this.#messages?.bytes ?? 0) + drainBytesMax;
    do {
      let timer: Timer | undefined;
      const late = new Promise<void>((resolve) => {
        timer = startTimer(this.#spec.clock, drainMs, resolve);
      });
      await Promise.race([pipesClosed, late]);
      timer?.cancel();
      // What it said before its exit counts, also when this side is slow to read it.
    } while (this.#messages?.behind && this.#messages.bytes < bytesMax);
    if (this.#child !== undefined) for (const pipe of pipesOf(this.#child)) pipe?.destroy();
    await pipesClosed;
  }

  #outcome(exit: Exit, output: OutputSummary): Omit<AttemptOutcome, 'pid' | 'durationMs' | 'output' | 'leftovers'> {
    const { timeoutMs } = this.#spec;
    const end: AttemptEnd = {
      owner: this.#spec.owner,
      exitCode: exit.code,
      signal: exit.signal,
      timedOut: this.#timedOut,
      tail: output.tail,
      ...(exit.spawnError === undefined ? {} : { spawnError: exit.spawnError }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(this.#killed === undefined ? {} : { killed: this.#killed }),
      ...(this.#result === undefined ? {} : { result: this.#result }),
      ...(this.#asked === undefined ? {} : { asked: this.#asked }),
    };
    return {
      verdict: judgeAttempt(end),
      exitCode: exit.code,
      signal: exit.signal,
      timedOut: this.#timedOut,
      ignoredLines: this.#ignoredLines,
      ...(this.#killed === undefined ? {} : { killed: this.#killed }),
    };
  }
}
