import { WalqError } from '../../base/errors.ts';
import type { Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import { type InFlightJob, payloadText } from '../job.ts';
import type { QueueMachine } from '../machine.ts';
import { runAttempt } from '../process/attempt.ts';
import type { RunningAttempt } from '../process/attempt-types.ts';
import { platformProcesses } from '../process/child-notes.ts';
import { killOrphans, leaseOf } from '../process/orphans.ts';
import { fileOutput, logName } from '../process/output.ts';
import { startTimer, type Timer } from '../process/timer.ts';
import { type Lane, laneOf } from '../ready.ts';
import { Checkpoints } from './checkpoints.ts';
import type { RunnerOptions, RunSummary } from './runner-types.ts';
import { settle, type Verdict } from './settle.ts';
import { WakeUp } from './signal.ts';
import type { RunnerStatus } from './status.ts';

const diskFullPauseMs = 1000;
/** The wall clock may step: a long wait for it is looked at again this often. */
const lookAgainMs = 60_000;

/** Takes jobs of one open store, runs each as a child process, and writes down what came of it. */
export class Runner {
  readonly #env: StorageEnv;
  readonly #store: Store<QueueMachine>;
  readonly #engine: QueueEngine;
  readonly #options: RunnerOptions;
  readonly #lanes: readonly Lane[];
  readonly #processes: ReturnType<typeof platformProcesses>;
  readonly #active = new Map<number, RunningAttempt>();
  readonly #wakeUp = new WakeUp();
  readonly #checkpoints: Checkpoints;
  readonly #summary: RunSummary = { completed: 0, retried: 0, dead: 0, unwritten: 0, stopped: false };
  readonly #sinceMs: number;
  #stopping = false;
  #kill: 'no' | 'term' | 'now' = 'no';
  #grace: Timer | undefined;
  #due: Timer | undefined;

  constructor(env: StorageEnv, store: Store<QueueMachine>, engine: QueueEngine, options: RunnerOptions) {
    this.#env = env;
    this.#store = store;
    this.#engine = engine;
    this.#options = options;
    this.#lanes = [options.handler.kind === 'exec' ? 'handler' : 'command'];
    this.#processes = platformProcesses(env.fs, `${store.dir}/run`);
    this.#sinceMs = env.clock.now();
    this.#checkpoints = new Checkpoints(env.clock, store, {
      ...options,
      report: (event) => {
        options.report(event);
        this.checkLog();
      },
    });
  }

  status(): RunnerStatus {
    const { workers, handler, pid } = this.#options;
    return {
      pid,
      workers,
      running: this.#active.size,
      sinceMs: this.#sinceMs,
      handler: handler.kind === 'exec' ? handler.shell : 'commands of the jobs',
      stopping: this.#stopping,
    };
  }

  /**
   * Resolves when stopped, drained or failed; all attempts are then over and written down. Rejects only when the
   * start fails.
   */
  async run(): Promise<RunSummary> {
    await this.#takeOver();
    const unlisten = this.#engine.onCommit(() => {
      this.#checkpoints.noteSeq(this.#store.seqLast);
      this.#wakeUp.wake();
    });
    this.#checkpoints.start();
    try {
      await Promise.all(Array.from({ length: this.#options.workers }, () => this.#work()));
    } finally {
      unlisten();
      this.#grace?.cancel();
      this.#due?.cancel();
      await this.#checkpoints.stop();
    }
    return this.#summary;
  }

  /** First call: no new attempts, running ones have the grace time. Second: they are killed at once. */
  stop(): void {
    if (this.#summary.stopped) {
      this.#killAll('now');
      return;
    }
    this.#summary.stopped = true;
    this.#halt();
  }

  #halt(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    if (this.#active.size > 0) {
      this.#options.report({ kind: 'stopping', running: this.#active.size, graceMs: this.#options.graceMs });
      this.#grace = startTimer(this.#env.clock, this.#options.graceMs, () => this.#killAll('term'));
    }
    this.#wakeUp.wake();
  }

  #killAll(how: 'term' | 'now'): void {
    this.#kill = how;
    // Verdicts that wait for a full disk give up: the jobs stay in flight, and the next runner takes them back.
    void this.#engine.stop();
    for (const attempt of this.#active.values()) attempt.kill('stopped', ...(how === 'now' ? (['now'] as const) : []));
  }

  /** Jobs that a dead runner had in its hands: first its children go, then the jobs become pending again. */
  async #takeOver(): Promise<void> {
    const abandoned = this.#engine.abandoned();
    if (abandoned.length === 0) return;
    const seqs = new Set(abandoned.map((job) => job.dispatchSeq));
    let orphansKilled = 0;
    if (this.#options.orphans === 'kill') {
      const killed = await killOrphans({
        table: this.#processes.table,
        storeId: this.#store.id,
        includes: (seq) => seqs.has(seq),
        isOwnFolder: (path) => this.#isOwnFolder(path),
        clock: this.#env.clock,
        graceMs: this.#options.killAfterMs,
      });
      orphansKilled = killed.length;
    }
    const answers = await this.#engine.reclaim();
    const dead = answers.filter((answer) => answer.verdict === 'dead').length;
    this.#summary.dead += dead;
    this.#options.report({ kind: 'reclaimed', jobs: answers.length, dead, orphansKilled });
  }

  /** Also one that is gone: the store may have been moved. */
  async #isOwnFolder(path: string): Promise<boolean> {
    const { fs } = this.#env;
    const [own, other] = await Promise.all([fs.stat(this.#store.dir), fs.stat(path).catch(() => undefined)]);
    return own === undefined || other === undefined || (own.ino === other.ino && own.dev === other.dev);
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      const version = this.#wakeUp.version;
      let job: InFlightJob | undefined;
      try {
        job = await this.#engine.dispatch({ lanes: this.#lanes });
      } catch (error) {
        if (!(await this.#survives(error))) return;
        continue;
      }
      // Dispatched while the stop came: it has not begun, and does not begin.
      if (job && this.#stopping) await this.#giveBack(job);
      else if (job) await this.#attempt(job);
      else if (this.#options.drain && this.#drained()) return this.#wakeUp.wake();
      else await this.#sleep(version);
    }
  }

  async #giveBack(job: InFlightJob): Promise<void> {
    try {
      await this.#engine.giveBack({ id: job.id, dispatchSeq: job.dispatchSeq }, { reason: 'stopped' });
    } catch (error) {
      this.#unwritten(error);
    }
  }

  async #sleep(version: number): Promise<void> {
    const dueAt = this.#engine.machine.ready.nextDueAt();
    if (dueAt !== undefined) {
      const leftMs = dueAt - this.#env.clock.now();
      // Due and yet not given out: a verdict waits for room on the disk. No use to look every millisecond.
      const waitMs = leftMs > 0 ? Math.min(lookAgainMs, leftMs) : diskFullPauseMs;
      this.#due?.cancel();
      this.#due = startTimer(this.#env.clock, waitMs, () => this.#wakeUp.wake());
    }
    await this.#wakeUp.sleep(version);
  }

  /** Nothing runs here, and nothing pending could. */
  #drained(): boolean {
    if (this.#active.size > 0) return false;
    if (this.#engine.machine.counts.pending === 0) return true;
    for (const job of this.#engine.machine.jobs())
      if (job.state === 'pending' && this.#lanes.includes(laneOf(job))) return false;
    return true;
  }

  async #attempt(job: InFlightJob): Promise<void> {
    const { handler, killAfterMs, report } = this.#options;
    const seq = job.dispatchSeq;
    const lease = leaseOf(this.#store.id, seq);
    const timeoutMs = job.options.timeoutMs || this.#options.timeoutMs;
    const payload = payloadText(job);
    const command = handler.kind === 'exec' ? { shell: handler.shell } : { argv: job.options.command ?? [] };
    const attempt = runAttempt({
      command,
      owner: handler.kind === 'exec' ? 'runner' : 'job',
      job: { id: job.id, name: job.options.name, payload, attempt: job.attempt, attemptsMax: job.options.maxAttempts },
      store: this.#store.dir,
      lease,
      ...(timeoutMs > 0 && { timeoutMs }),
      killAfterMs,
      output: fileOutput(this.#env.fs, `${this.#store.dir}/logs`, logName(seq, job.attempt)),
      table: this.#processes.table,
      clock: this.#env.clock,
    });
    this.#active.set(seq, attempt);
    if (this.#kill !== 'no') attempt.kill('stopped', ...(this.#kill === 'now' ? (['now'] as const) : []));
    if (attempt.pid !== undefined) await this.#processes.notes.add(seq, lease, attempt.pid);
    report({ kind: 'started', job, pid: attempt.pid });
    const outcome = await attempt.done;
    await this.#processes.notes.remove(seq);
    try {
      if (outcome.verdict.kind === 'broken') this.#broken(outcome.verdict.error);
      const verdict = await settle(this.#engine, job, outcome);
      this.#count(verdict);
      report({ kind: 'finished', job, outcome, verdict });
    } catch (error) {
      this.#unwritten(error);
    } finally {
      this.#active.delete(seq);
      this.#wakeUp.wake();
    }
  }

  #count(verdict: Verdict): void {
    if (verdict.kind === 'completed') this.#summary.completed++;
    else if (verdict.kind === 'retry') this.#summary.retried++;
    else this.#summary.dead++;
  }

  /** The handler itself does not work: going on would only give every job back once. */
  #broken(error: string): void {
    if (this.#summary.broken === undefined) this.#options.report({ kind: 'broken', error });
    this.#summary.broken ??= error;
    this.#halt();
  }

  /** After a full disk the runner waits and goes on; after anything else that the log says, it stops. */
  async #survives(error: unknown): Promise<boolean> {
    if (!(error instanceof WalqError && error.code === 'E_NO_SPACE')) return this.#fail(error);
    this.#options.report({ kind: 'disk-full' });
    await this.#env.clock.sleep(diskFullPauseMs);
    return true;
  }

  /** An outcome waits for room as long as the runner lives: where it fails, that is the end. */
  #unwritten(error: unknown): void {
    this.#summary.unwritten++;
    this.#fail(error);
  }

  #fail(error: unknown): false {
    if (!(error instanceof WalqError)) throw error;
    if (this.#summary.failure === undefined) this.#options.report({ kind: 'failed', error });
    this.#summary.failure ??= error;
    this.#halt();
    return false;
  }

  /** The log may have failed in somebody else's hands: a runner at rest would not notice. */
  checkLog(): void {
    if (this.#store.poison !== undefined) this.#fail(this.#store.poison);
  }
}
