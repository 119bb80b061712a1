import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';
import { isError } from '../../base/errors.ts';
import type { AttemptHooks, RunningAttempt } from './attempt-types.ts';
import { type Exit, failedStart, listen, pipesOf } from './child.ts';
import { GroupEnder, killGroup, signalGroup } from './group.ts';
import { MessagePipe } from './message-pipe.ts';
import type { OutputStream } from './output.ts';
import type { ProcessTable } from './process-table.ts';
import { SpreadVerdict } from './spread-verdict.ts';
import { JobInHand, type StreamJob, type Unclear } from './stream-job.ts';
import { parseStreamLine, streamJob } from './stream-line.ts';
import { startTimer, type Timer } from './timer.ts';

export interface StreamChildSpec {
  /** Goes to `/bin/sh -c` as it is. */
  shell: string;
  /** Added to the environment of this process. */
  variables: Readonly<Record<string, string>>;
  /** It may have so many jobs in its hands at a time. */
  jobsMax: number;
  /** It ended by itself with this job in its hands, which may be the cause or not. */
  onUnclear(id: string, unclear: Unclear): void;
  killAfterMs: number;
  table: Pick<ProcessTable, 'groupLives'>;
  clock: Clock;
}

/** Bytes of one line on standard output. */
const lineBytesMax = 4 * 1024 * 1024;
/** How long an exit may come after the end of a pipe, and pipes may be read after the exit. */
const exitMs = 250;
/** Jobs whose time is up so close together were handed over together. */
const togetherMs = 10;
/** Kept of what is printed between two jobs. */
const looseBytesMax = 64 * 1024;
const newline = Buffer.from('\n');

/** One long-lived handler process. It gets job after job, `jobsMax` at a time, and answers in any order. */
export class StreamChild {
  readonly #spec: StreamChildSpec;
  readonly #child: ChildProcess | undefined;
  readonly #ender: GroupEnder | undefined;
  #exit: Exit | undefined;
  /** By the id of their job. */
  readonly #hands = new Map<string, JobInHand>();
  /** Why it is of no use any more although it lives, and whether the last job may not have reached it. */
  #trouble: { what: string; missed: boolean } | undefined;
  #closing: Timer | undefined;
  #closed = false;
  #answers = 0;
  /** Printed between two jobs: goes to the log of the next one. */
  #loose: { stream: OutputStream; chunk: Uint8Array }[] = [];
  #looseBytes = 0;
  readonly #spread = new SpreadVerdict();
  /** Resolves with how it ended, once its pipes are read and nothing of its group is left. */
  readonly gone: Promise<Exit>;

  constructor(spec: StreamChildSpec) {
    this.#spec = spec;
    const child = startStream(spec);
    if (isError(child)) {
      this.#exit = failedStart(child);
      this.gone = Promise.resolve(this.#exit);
      return;
    }
    this.#child = child;
    if (child.pid !== undefined) this.#ender = new GroupEnder(child.pid, spec.clock, spec.killAfterMs);
    child.stdin?.on('error', () => this.#pipeClosed('closed its standard input', true));
    const { stdout } = child;
    const lines =
      stdout === null || stdout === undefined
        ? undefined
        : new MessagePipe(stdout, lineBytesMax, (line) => this.#onLine(line));
    const errors = listen(child.stderr, (chunk) => this.#print('stderr', chunk));
    void lines?.done.then(() => this.#pipeClosed('closed its standard output', false));
    this.gone = this.#watch(child, lines, errors);
  }

  /** Jobs in its hands. */
  get jobs(): number {
    return this.#hands.size;
  }

  /** It is on its way out: no more jobs. */
  get leaving(): boolean {
    return this.#closed || this.#exit !== undefined || this.#closing !== undefined || this.#ender?.ending === true;
  }

  /** This job may be handed over: there is room, and an older attempt of it is not still here. */
  takes(id: string): boolean {
    return !this.leaving && this.#hands.size < this.#spec.jobsMax && !this.#hands.has(id);
  }

  /** Hands over one job that it `takes`, or right after a start that failed: then that is the outcome. */
  run(job: StreamJob, hooks: AttemptHooks = {}): RunningAttempt {
    const pid = this.#child?.pid;
    const hand = new JobInHand(
      job,
      {
        clock: this.#spec.clock,
        pid,
        lives: () => this.#exit === undefined,
        timeUp: () => this.#timeUp(),
        release: () => this.#hands.delete(job.id),
      },
      hooks,
    );
    this.#hands.set(job.id, hand);
    for (const { stream, chunk } of this.#loose) hand.output.write(stream, chunk);
    this.#loose = [];
    this.#looseBytes = 0;
    if (this.#child === undefined) {
      void this.gone.then((exit) => hand.childGone({ ...exit, missed: false, company: false }));
    } else this.#write(streamJob(job));
    return {
      pid,
      done: hand.done,
      kill: (reason, now) => {
        // Its verdict is known, or how the child has ended: the others need not suffer for it.
        if (hand.isOver || this.#exit !== undefined) return;
        hand.killed(reason);
        this.#endFor(job.id, now);
      },
    };
  }

  /** No more jobs: its standard input ends, and it has `killAfterMs` to leave; `now`: it is killed. */
  async close(now?: 'now'): Promise<void> {
    this.#closed = true;
    this.#child?.stdin?.end();
    if (now === 'now') this.#ender?.end('now');
    const timer = startTimer(this.#spec.clock, this.#spec.killAfterMs, () => this.#ender?.end());
    await this.gone;
    timer.cancel();
  }

  /** Jobs that come in one turn of the event loop go out together. */
  #write(line: string): void {
    const stdin = this.#child?.stdin;
    if (!stdin) return;
    if (stdin.writableCorked === 0) {
      stdin.cork();
      process.nextTick(() => stdin.uncork());
    }
    stdin.write(line);
  }

  /** Of jobs that were handed over together the first is meant: the others may have waited for it. */
  #timeUp(): void {
    for (const [id, hand] of this.#hands) {
      if (!hand.isDue(togetherMs)) continue;
      hand.outOfTime();
      this.#endFor(id);
      return;
    }
  }

  /** Ends on account of one job; the others can do nothing for it. */
  #endFor(id: string, now?: 'now'): void {
    for (const [other, hand] of this.#hands) if (other !== id) hand.endedWith(id);
    this.#ender?.end(now);
  }

  async #watch(child: ChildProcess, lines: MessagePipe | undefined, errors: Promise<void>): Promise<Exit> {
    const exit = await new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(failedStart(error));
      });
    });
    this.#exit = exit;
    this.#closing?.cancel();
    this.#ender?.cancel();
    const leftovers = child.pid !== undefined && signalGroup(child.pid, 0);
    const pipes = Promise.all([lines?.done, errors]);
    if (exit.spawnError === undefined) await this.#drain(pipes, lines);
    for (const pipe of pipesOf(child)) pipe?.destroy();
    if (child.pid !== undefined && leftovers) await killGroup(child.pid, this.#spec.clock, this.#spec.table);
    const trouble = this.#trouble;
    const missed = this.#answers > 0 && (trouble?.missed ?? exit.code === 0);
    const company = [...this.#hands.values()].filter((hand) => !hand.isOver).length > 1;
    const end = { ...exit, missed, company, ...(trouble && { trouble: trouble.what }) };
    for (const [id, hand] of this.#hands) {
      const unclear = hand.childGone(end);
      if (unclear !== undefined) this.#spec.onUnclear(id, unclear);
    }
    return exit;
  }

  async #drain(pipes: Promise<unknown>, lines: MessagePipe | undefined): Promise<void> {
    do {
      let timer: Timer | undefined;
      const late = new Promise<void>((resolve) => {
        timer = startTimer(this.#spec.clock, exitMs, resolve);
      });
      await Promise.race([pipes, late]);
      timer?.cancel();
      // A verdict that it gave before its exit counts, also when this side is slow to read it.
    } while (lines?.behind && this.#hands.size > 0);
  }

  /** It may just be on its way out; if not, it can do no more jobs. */
  #pipeClosed(what: string, missed: boolean): void {
    if (this.#exit !== undefined) return;
    this.#closing ??= startTimer(this.#spec.clock, exitMs, () => this.#giveUp({ what, missed }));
  }

  #giveUp(trouble: { what: string; missed: boolean }): void {
    this.#trouble ??= trouble;
    this.#ender?.end();
  }

  #onLine(line: Uint8Array | 'too-long'): void {
    if (line === 'too-long') {
      const limit = `a line of more than ${lineBytesMax / 2 ** 20} MiB`;
      this.#print('stdout', Buffer.from(`[walq: ${limit} was left out]\n`));
      // It may have been the verdict: nobody can wait for another one.
      this.#giveUp({ what: `wrote ${limit} to its standard output`, missed: false });
      return;
    }
    const said = this.#hands.size === 0 ? undefined : parseStreamLine(line);
    const hand = said === undefined ? undefined : this.#handOf(said.id);
    if (said?.wrong !== undefined) hand?.output.write('stdout', Buffer.concat([line, newline]));
    if (said === undefined || hand?.said(said) !== true) this.#noVerdict(line);
    else {
      if (said.over) this.#answers++;
      this.#spread.clear();
    }
  }

  #noVerdict(line: Uint8Array): void {
    this.#print('stdout', Buffer.concat([line, newline]));
    if (this.#hands.size === 0) this.#spread.clear();
    const said = this.#hands.size === 0 ? undefined : this.#spread.push(line);
    if (said !== undefined && this.#handOf(said.id)?.said(said) === true) this.#answers++;
  }

  /** Of a verdict without an id: the only one that it can be about. */
  #handOf(id: string | undefined): JobInHand | undefined {
    if (id !== undefined) return this.#hands.get(id);
    return this.#hands.size === 1 ? [...this.#hands.values()][0] : undefined;
  }

  /** Nothing says which of several jobs it is about. */
  #print(stream: OutputStream, chunk: Uint8Array): void {
    for (const hand of this.#hands.values()) hand.output.write(stream, chunk);
    if (this.#hands.size > 0) return;
    if (this.#looseBytes + chunk.length <= looseBytesMax) {
      this.#looseBytes += chunk.length;
      this.#loose.push({ stream, chunk: Buffer.from(chunk) });
    }
  }
}

function startStream({ shell, variables }: StreamChildSpec): ChildProcess | Error {
  try {
    const env = { ...process.env, ...variables };
    return spawn('/bin/sh', ['-c', shell], { detached: true, env, stdio: ['pipe', 'pipe', 'pipe'], shell: false });
  } catch (error) {
    if (isError(error)) return error;
    throw error;
  }
}
