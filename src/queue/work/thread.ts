import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Code } from '../../base/code.ts';
import { Exit, WalqError } from '../../base/errors.ts';
import type { AttemptHooks, RunningAttempt } from '../process/attempt-types.ts';
import type { OutputSink } from '../process/output.ts';
import type { AttemptVerdict } from '../process/verdict.ts';
import { errorText } from './error-text.ts';
import { type Said, TimedAttempt, type TimedPlace } from './timed-attempt.ts';
import type { PlainJob } from './work-job.ts';

export type ToThread = { kind: 'job'; job: PlainJob } | { kind: 'abort'; reason: string };

export type FromThread =
  | { kind: 'ready'; names: string[] | undefined }
  | { kind: 'no module'; code: Code; text: string; next: string | undefined }
  | { kind: 'extend'; ms: number }
  | { kind: 'progress'; share: number }
  | { kind: 'verdict'; verdict: AttemptVerdict };

interface Hand {
  attempt: TimedAttempt;
  output: OutputSink;
  say(said: Said): void;
}

/** One thread with the module of the user in it. It has one job at a time, so that ending it costs no other. */
export class WorkThread {
  readonly #worker: Worker;
  #hand: Hand | undefined;
  #over = false;
  /** Why the thread is going to end, or has. */
  #end: AttemptVerdict | 'given up' | undefined;
  /** Names that the module has functions for; undefined when it has one for all. Rejects with E_MODULE. */
  readonly ready: Promise<ReadonlySet<string> | undefined>;
  readonly gone: Promise<void>;

  constructor(module: string, variables: Readonly<Record<string, string>>) {
    // The same file, as source or as built.
    const entry = new URL(`./thread-entry${extname(import.meta.url)}`, import.meta.url);
    const env = { ...process.env, ...variables };
    this.#worker = new Worker(entry, { workerData: module, env, stdout: true, stderr: true });
    this.#worker.stdout.on('data', (chunk: Uint8Array) => this.#hand?.output.write('stdout', chunk));
    this.#worker.stderr.on('data', (chunk: Uint8Array) => this.#hand?.output.write('stderr', chunk));
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromThread) => {
        if (message.kind === 'ready') resolve(message.names && new Set(message.names));
        else if (message.kind === 'no module') {
          this.#end = { kind: 'broken', error: message.text };
          reject(noModule(message));
          // Something of it may be running, and would keep the thread.
          void this.terminate();
        } else this.#onMessage(message);
      });
      this.#worker.on('error', (error) => {
        this.#end ??= {
          kind: 'retry',
          reason: 'failed',
          error: `the thread of the handler ended: ${errorText(error)}`,
        };
        reject(noModule({ code: 'E_MODULE', text: `module ${module} cannot be loaded: ${errorText(error)}` }));
      });
      this.#worker.once('exit', (code) => {
        reject(
          noModule({ code: 'E_MODULE', text: `module ${module} ended its thread (exit ${code}) while it was loaded` }),
        );
      });
    });
    // Who has a job waiting learns it by the verdict of that job.
    this.ready.catch(() => undefined);
    this.gone = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#over = true;
        const text = `the handler ended its thread (exit ${code})`;
        this.#hand?.say(this.#end ?? { kind: 'retry', reason: 'failed', error: text });
        resolve();
      });
    });
  }

  get idle(): boolean {
    return this.#hand === undefined && this.#end === undefined && !this.#over;
  }

  /** Only while `idle`. */
  run(place: TimedPlace, job: PlainJob, timeoutMs: number, output: OutputSink, hooks: AttemptHooks): RunningAttempt {
    let say: (last: Said) => void = () => undefined;
    const said = new Promise<Said>((resolve) => {
      say = (last) => {
        this.#hand = undefined;
        resolve(last);
      };
    });
    const attempt = new TimedAttempt(place, timeoutMs, hooks, {
      said,
      abort: (reason) => this.#send({ kind: 'abort', reason }),
      giveUp: () => void this.terminate(),
      output: () => output.close(),
    });
    this.#hand = { attempt, output, say };
    this.#send({ kind: 'job', job });
    return attempt;
  }

  async terminate(): Promise<void> {
    this.#end ??= 'given up';
    await this.#worker.terminate();
  }

  #send(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #onMessage(message: Exclude<FromThread, { kind: 'ready' | 'no module' }>): void {
    const hand = this.#hand;
    if (hand === undefined) return;
    if (message.kind === 'extend') hand.attempt.extend(message.ms);
    else if (message.kind === 'progress') hand.attempt.progress(message.share);
    else hand.say(message.verdict);
  }
}

function noModule({ code, text, next }: { code: Code; text: string; next?: string | undefined }): WalqError {
  return new WalqError(Exit.failed, code, text, next === undefined ? {} : { next });
}
