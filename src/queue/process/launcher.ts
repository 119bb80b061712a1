import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { isError } from '../../base/errors.ts';
import type { AttemptHooks, AttemptOutcome, RunningAttempt } from './attempt-types.ts';
import type { FromLauncher, ToLauncher } from './launcher-types.ts';
import type { AttemptOrder } from './order.ts';
import { startTimer, type Timer } from './timer.ts';
import type { AttemptVerdict } from './verdict.ts';

export interface LauncherOptions {
  /** Added to the environment of the launcher: it has to be found as a process of this runner. */
  variables: Readonly<Record<string, string>>;
  /** Ends what a launcher that died left running. Of these attempts, by their `lease`. */
  endLeft(leases: readonly string[]): Promise<void>;
  clock: Clock;
  /** Default: the node that runs this. */
  program?: string;
  /** Default: `launcherLimits`. */
  limits?: typeof launcherLimits;
}

/** One that keeps nobody waiting for longer lives: it may have been stopped, or stuck for want of memory or threads. */
const launcherLimits = {
  /** Until it is ready. */
  readyMs: 60_000,
  /** Until it says how an attempt ended that was to be killed at once. */
  killedMs: 10_000,
  /** Until it ends. */
  closeMs: 5000,
};

interface Entry {
  order: AttemptOrder;
  hooks: AttemptHooks;
  startedMs: number;
  pid: number | undefined;
  /** It was told to end, and has until then. */
  overdue: Timer | undefined;
  resolve(outcome: AttemptOutcome): void;
}

/**
 * Starts attempts from a small process. To start a child the system copies the tables of all memory that its parent
 * has, and the parent stands still meanwhile: 1 ms for a small one, 20 ms for a runner with a million jobs.
 *
 * It has a process group of its own, so that Ctrl-C reaches the runner alone. When the runner dies it ends at once;
 * what it had started is then found by the next runner, and so is the launcher itself, should it be slow. So a runner
 * that has something to end of an earlier one begins its own afterwards.
 */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #entries = new Map<number, Entry>();
  readonly #limits: typeof launcherLimits;
  #process: ChildProcess | undefined;
  /** Descriptors that Node could not use for a start it does not give back: a new one has all of them. */
  #isSpent = false;
  /** Runs until the process is ready. */
  #beginning: Timer | undefined;
  #number = 0;

  constructor(options: LauncherOptions) {
    this.#options = options;
    this.#limits = options.limits ?? launcherLimits;
  }

  /** Attempts under way. */
  get size(): number {
    return this.#entries.size;
  }

  /** Makes it ready before the first attempt comes. */
  begin(): void {
    try {
      this.#process ??= this.#fork();
    } catch (error) {
      // Too little memory, for one: thrown instead of reported.
      if (!isError(error)) throw error;
      setImmediate(() => this.#neverBegan(error));
    }
  }

  start(order: AttemptOrder, hooks: AttemptHooks): RunningAttempt {
    const number = ++this.#number;
    const entries = this.#entries;
    const startedMs = this.#options.clock.monotonic();
    const done = new Promise<AttemptOutcome>((resolve) => {
      entries.set(number, { order, hooks, startedMs, pid: undefined, overdue: undefined, resolve });
    });
    this.begin();
    this.#process?.ref();
    this.#tell({ kind: 'start', number, order });
    return {
      get pid() {
        return entries.get(number)?.pid;
      },
      done,
      kill: (reason, now) => this.#kill(number, reason, now),
    };
  }

  #kill(number: number, reason: string, now: 'now' | undefined): void {
    const entry = this.#entries.get(number);
    const child = this.#process;
    if (entry === undefined || child === undefined) return;
    this.#tell({ kind: 'kill', number, reason, now: now === 'now' });
    const waitMs = this.#limits.killedMs + (now === 'now' ? 0 : entry.order.killAfterMs);
    if (entry.overdue !== undefined && entry.overdue.leftMs() <= waitMs) return;
    entry.overdue?.cancel();
    entry.overdue = startTimer(this.#options.clock, waitMs, () => child.kill('SIGKILL'));
  }

  /** Does nothing while attempts are under way. */
  async close(): Promise<void> {
    const child = this.#process;
    if (child === undefined || this.#entries.size > 0) return;
    this.#process = undefined;
    this.#isSpent = false;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    if (child.connected) child.disconnect();
    const late = startTimer(this.#options.clock, this.#limits.closeMs, () => child.kill('SIGKILL'));
    await ended;
    late.cancel();
    this.#beginning?.cancel();
  }

  #fork(): ChildProcess {
    // The same file, as source or as built.
    const entry = new URL(`./launcher-entry${extname(import.meta.url)}`, import.meta.url);
    const child = fork(entry, {
      ...(this.#options.program !== undefined && { execPath: this.#options.program }),
      detached: true,
      env: { ...process.env, ...this.#options.variables },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (message: FromLauncher) => this.#onMessage(message));
    child.on('error', (error) => {
      if (child.pid === undefined && this.#process === child) this.#neverBegan(error);
    });
    child.on('exit', (code, signal) => void this.#onExit(child, signal ?? `exit ${code}`));
    this.#beginning = startTimer(this.#options.clock, this.#limits.readyMs, () => child.kill('SIGKILL'));
    this.#rest(child);
    return child;
  }

  #idle(): void {
    if (this.#isSpent) void this.close();
    else if (this.#process !== undefined) this.#rest(this.#process);
  }

  /** A launcher without work keeps nobody alive. */
  #rest(child: ChildProcess): void {
    child.unref();
    child.channel?.unref();
  }

  #tell(message: ToLauncher): void {
    // One that has just died is heard of by its exit, and one that could not be started has no way to be told.
    if (this.#process?.connected) this.#process.send(message, () => undefined);
  }

  #onMessage(message: FromLauncher): void {
    if (message.kind === 'ready') {
      this.#beginning?.cancel();
      this.#beginning = undefined;
      return;
    }
    const entry = this.#entries.get(message.number);
    if (entry === undefined) return;
    switch (message.kind) {
      case 'pid':
        entry.pid = message.pid;
        return;
      case 'progress':
        entry.hooks.onProgress?.(message.value);
        return;
      case 'extend':
        entry.hooks.onExtend?.(message.ms);
        return;
      case 'done':
        entry.overdue?.cancel();
        this.#entries.delete(message.number);
        this.#isSpent ||= isShortage(message.outcome);
        if (this.#entries.size === 0) this.#idle();
        entry.resolve(message.outcome);
    }
  }

  /** Killed, or out of memory: its attempts end with it, before their jobs may run again. */
  async #onExit(child: ChildProcess, how: string): Promise<void> {
    if (this.#process !== child) return;
    const wasReady = this.#beginning === undefined;
    const left = this.#takeAll();
    if (left.length === 0) return;
    const failed = await this.#options.endLeft(left.map(({ order }) => order.lease)).then(
      () => undefined,
      (error: unknown) => (isError(error) ? error.message : String(error)),
    );
    const error = `the process that starts jobs ended (${how})${failed === undefined ? '' : `; ${failed}`}`;
    const now = this.#options.clock.monotonic();
    for (const { startedMs, pid, resolve } of left) {
      if (!wasReady) resolve(noOutcome({ kind: 'retry', reason: 'resources', error, refund: true }));
      else resolve({ ...noOutcome({ kind: 'retry', reason: 'failed', error }), pid, durationMs: now - startedMs });
    }
  }

  /** Nor did any of its attempts. */
  #neverBegan({ message }: Error): void {
    const error = `no process could be started: ${message}`;
    for (const { resolve } of this.#takeAll()) {
      resolve(noOutcome({ kind: 'retry', reason: 'resources', error, refund: true }));
    }
  }

  /** What it was to do, now that it is gone. */
  #takeAll(): Entry[] {
    this.#process = undefined;
    this.#isSpent = false;
    this.#beginning?.cancel();
    this.#beginning = undefined;
    const left = [...this.#entries.values()];
    this.#entries.clear();
    for (const { overdue } of left) overdue?.cancel();
    return left;
  }
}

function isShortage({ verdict }: AttemptOutcome): boolean {
  return verdict.kind === 'retry' && verdict.reason === 'resources';
}

function noOutcome(verdict: AttemptVerdict): AttemptOutcome {
  return {
    verdict,
    pid: undefined,
    exitCode: null,
    signal: null,
    timedOut: false,
    durationMs: 0,
    output: { stdoutBytes: 0, stderrBytes: 0, tail: '' },
    ignoredLines: 0,
    leftovers: false,
  };
}
