import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Aim } from './aim.js';
import { bundledChild } from './child-bundle.ts';

/** What a process is to do with a store, and which of its calls are hit meanwhile. */
export interface Task {
  store: string;
  work: string;
  aim?: Aim;
}

/** What came of a task. */
export interface Done {
  /** All that the process wrote, and all that strace did. */
  output: string;
  log: string;
  /** How it ended, if it did: else 0 and null. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The child in a process that stays: to start one takes ten times as long as most tasks do. */
export class Resident {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #output = '';
  #log = '';
  /** Called when it waits for a task, or has ended. */
  #stands = () => {};
  #standing = this.#nextStand();

  /** In a shell that sets limits first; under strace, if that is given. */
  static async start(limits = ':', strace: readonly string[] = []): Promise<Resident> {
    // One whose input is a socket believes that somebody logs in.
    const shell = ['bash', '--norc', '-c', `${limits}; exec "$@" 2>&1`, 'bash'];
    return new Resident([...strace, ...shell, process.execPath, await bundledChild()]);
  }

  private constructor([command = '', ...args]: readonly string[]) {
    const env = { PATH: process.env.PATH ?? '', UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };
    this.#process = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    // It may be gone.
    this.#process.stdin.on('error', () => {});
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      if (/(^|\n)idle \d+\n$/.test(this.#output)) this.#stands();
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
    this.#process.on('close', () => this.#stands());
  }

  #nextStand(): Promise<void> {
    return new Promise((resolve) => {
      this.#stands = resolve;
    });
  }

  async does(task: Task): Promise<Done> {
    await this.#standing;
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      [this.#output, this.#log, this.#standing] = ['', '', this.#nextStand()];
      this.#process.stdin.write(`${JSON.stringify(task)}\n`);
      await this.#standing;
    }
    // What strace said before comes by another pipe.
    await setImmediate();
    const { exitCode, signalCode } = this.#process;
    return { output: this.#output, log: this.#log, code: signalCode ? null : (exitCode ?? 0), signal: signalCode };
  }

  end(): void {
    this.#process.stdin.end();
  }
}
