import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { AttemptHooks, AttemptOutcome, RunningAttempt } from './attempt-types.ts';
import type { FromLauncher, ToLauncher } from './launcher-types.ts';
import type { AttemptOrder } from './order.ts';
import type { AttemptVerdict } from './verdict.ts';

export interface LauncherOptions {
  /** Added to the environment of the launcher: it has to be found as a process of this runner. */
  variables: Readonly<Record<string, string>>;
  /** Ends what a launcher that died left running. Of these attempts, by their `lease`. */
  endLeft(leases: readonly string[]): Promise<void>;
  clock: Clock;
  /** Default: the node that runs this. */
  program?: string;
}

interface Entry {
  order: AttemptOrder;
  hooks: AttemptHooks;
  startedMs: number;
  pid: number | undefined;
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
  #process: ChildProcess | undefined;
  #number = 0;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  /** Attempts under way. */
  get size(): number {
    return this.#entries.size;
  }

  /** Makes it ready before the first attempt comes. */
  begin(): void {
    this.#process ??= this.#fork();
  }

  start(order: AttemptOrder, hooks: AttemptHooks): RunningAttempt {
    const number = ++this.#number;
    const entries = this.#entries;
    const startedMs = this.#options.clock.monotonic();
    const done = new Promise<AttemptOutcome>((resolve) => {
      entries.set(number, { order, hooks, startedMs, pid: undefined, resolve });
    });
    this.begin();
    this.#process?.ref();
    this.#tell({ kind: 'start', number, order });
    return {
      get pid() {
        return entries.get(number)?.pid;
      },
      done,
      kill: (reason, now) => this.#tell({ kind: 'kill', number, reason, now: now === 'now' }),
    };
  }

  /** Does nothing while attempts are under way. */
  async close(): Promise<void> {
    const child = this.#process;
    if (child === undefined || this.#entries.size > 0) return;
    this.#process = undefined;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    if (child.connected) child.disconnect();
    await ended;
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
      if (child.pid === undefined) void this.#onExit(child, error);
    });
    child.on('exit', (code, signal) => void this.#onExit(child, signal ?? `exit ${code}`));
    this.#rest(child);
    return child;
  }

  /** A launcher without work keeps nobody alive. */
  #rest(child: ChildProcess): void {
    child.unref();
    child.channel?.unref();
  }

  #tell(message: ToLauncher): void {
    // One that has just died is heard of by its exit.
    this.#process?.send(message, () => undefined);
  }

  #onMessage(message: FromLauncher): void {
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
        this.#entries.delete(message.number);
        if (this.#entries.size === 0 && this.#process !== undefined) this.#rest(this.#process);
        entry.resolve(message.outcome);
    }
  }

  /**
   * Killed, or out of memory: its attempts end with it, before their jobs may run again. `how` is an Error when it
   * never began: then no attempt did either.
   */
  async #onExit(child: ChildProcess, how: string | Error): Promise<void> {
    if (this.#process !== child) return;
    this.#process = undefined;
    const left = [...this.#entries.values()];
    this.#entries.clear();
    if (left.length === 0) return;
    if (how instanceof Error) {
      const error = `no process could be started: ${how.message}`;
      for (const entry of left) entry.resolve(noOutcome({ kind: 'retry', reason: 'resources', error, refund: true }));
      return;
    }
    const failed = await this.#options.endLeft(left.map(({ order }) => order.lease)).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const error = `the process that starts jobs ended (${how})${failed === undefined ? '' : `; ${failed}`}`;
    const now = this.#options.clock.monotonic();
    for (const { startedMs, pid, resolve } of left) {
      resolve({ ...noOutcome({ kind: 'retry', reason: 'failed', error }), pid, durationMs: now - startedMs });
    }
  }
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
