import { thenClose } from '../../base/close-all.ts';
import { WalqError } from '../../base/errors.ts';
import { unlessAborted } from '../../base/signals.ts';
import type { Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import type { QueueEvent } from '../events/event-types.ts';
import type { AttemptOutcome } from '../process/attempt-types.ts';
import type { platformProcesses } from '../process/child-notes.ts';
import { leaseOf } from '../process/orphans.ts';
import { startTimer, type Timer } from '../process/timer.ts';
import type { InFlightJob } from '../state/job.ts';
import type { QueueMachine } from '../state/machine.ts';
import { ActiveAttempts } from './active.ts';
import { askAhead } from './ask-ahead.ts';
import { Checkpoints } from './checkpoints.ts';
import { deathsIn } from './deaths.ts';
import { countIn, drainAnswer, leftAtEnd, leftovers, newSummary } from './drained.ts';
import type { Handler } from './handler.ts';
import type { DrainAnswer } from './operations.ts';
import type { RunnerOptions, RunSummary } from './runner-types.ts';
import { type Settlement, settle } from './settle.ts';
import { Shortage } from './shortage.ts';
import type { RunnerStatus } from './status.ts';
import { Sweeper } from './sweeper.ts';
import { takeOver } from './take-over.ts';
import { diskFullPauseMs, sleepUntilDue, WakeUp } from './wake-up.ts';

/** Takes jobs of one open store, has each run by a handler, and writes down what came of it. */
export class Runner {
  readonly #env: StorageEnv;
  readonly #store: Store<QueueMachine>;
  readonly #engine: QueueEngine;
  readonly #handler: Handler;
  readonly #processes: ReturnType<typeof platformProcesses>;
  readonly #options: RunnerOptions;
  readonly wanted: Pick<Handler, 'lanes' | 'names'>;
  readonly #active: ActiveAttempts;
  readonly #wakeUp = new WakeUp();
  readonly #checkpoints: Checkpoints;
  readonly #summary: RunSummary = newSummary();
  /** Since when it works, ms since the epoch. */
  readonly sinceMs: number;
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  #drain: boolean;
  /** Jobs that died of their attempts here. */
  #failed = 0;
  #startFailure: { error: unknown } | undefined;
  #stopping = false;
  #pausing = false;
  #grace: Timer | undefined;
  readonly #sweeper: Sweeper;
  readonly #shortage: Shortage;

  constructor(
    parts: {
      env: StorageEnv;
      store: Store<QueueMachine>;
      engine: QueueEngine;
      handler: Handler;
      processes: ReturnType<typeof platformProcesses>;
    },
    options: RunnerOptions,
  ) {
    this.#env = parts.env;
    this.#store = parts.store;
    this.#engine = parts.engine;
    this.#handler = parts.handler;
    this.#processes = parts.processes;
    this.#options = options;
    this.#active = new ActiveAttempts(parts.engine.machine);
    this.#drain = options.drain;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const { lanes, names } = parts.handler;
    this.wanted = { lanes, ...(names !== undefined && { names }) };
    this.sinceMs = parts.env.clock.now();
    this.#sweeper = new Sweeper(parts.env.clock, parts.engine, this.sinceMs);
    this.#shortage = new Shortage(parts.env.clock);
    this.#checkpoints = new Checkpoints(parts.env.clock, parts.store, options);
  }

  status(): RunnerStatus {
    const { workers, pid } = this.#options;
    const { title, lanes, names } = this.#handler;
    const stopping = this.#stopping || this.#drain;
    const taken = { handler: title, lanes, ...(names && { names: [...names] }), ...this.#engine.holds };
    const active = this.#active.list();
    const { epoch } = this.#store;
    return { pid, epoch, workers, running: active.length, active, sinceMs: this.sinceMs, ...taken, stopping };
  }

  /**
   * Resolves when stopped, drained or failed; all attempts are then over and written down. Rejects only when the
   * start fails.
   */
  async run(): Promise<RunSummary> {
    const { machine } = this.#engine;
    const uncount = this.#engine.onCommit((events) => {
      this.#summary.dead += deathsIn(events, machine, [this.wanted]);
    });
    try {
      await this.#takeOver();
      await this.#workUntilEnd();
      Object.assign(this.#summary, leftAtEnd(machine, this.wanted));
      return this.#summary;
    } catch (error) {
      this.#startFailure = { error };
      throw error;
    } finally {
      uncount();
      this.#end();
    }
  }

  async #workUntilEnd(): Promise<void> {
    const unlisten = this.#engine.onCommit((events) => this.#onCommit(events));
    // Perhaps in the hands of somebody else: a runner at rest would not notice.
    const { failed } = this.#store;
    const fail = () => void this.#fail(failed.reason);
    failed.addEventListener('abort', fail);
    if (failed.aborted) fail();
    this.#checkpoints.start();
    await thenClose(
      async () => await Promise.all(Array.from({ length: this.#options.workers }, () => this.#work())),
      unlisten,
      () => failed.removeEventListener('abort', fail),
      () => this.#grace?.cancel(),
      () => this.#checkpoints.stop(),
      () => this.#handler.close?.(this.#active.now),
    );
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

  /** Works off what is there and ends. Resolves when it has, or early on `signal`; rejects as `run` does. */
  async drain(signal?: AbortSignal): Promise<DrainAnswer> {
    const before = { ...this.#summary };
    this.#drain = true;
    this.#wakeUp.wake();
    await unlessAborted(this.#ended, signal);
    if (this.#startFailure) throw this.#startFailure.error;
    return drainAnswer(before, this.#summary);
  }

  #onCommit(events: readonly Pick<QueueEvent, 'type' | 'id'>[]): void {
    this.#checkpoints.noteSeq(this.#store.seqLast);
    for (const event of events) if (event.type === 'CANCEL') this.#active.endCancelled(event.id);
    this.#wakeUp.wake();
  }

  #halt(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    const { graceMs, report } = this.#options;
    const { running, size } = this.#active;
    if (running > 0) report({ kind: 'stopping', running, graceMs });
    if (size > 0) this.#grace = startTimer(this.#env.clock, graceMs, () => this.#killAll('term'));
    this.#wakeUp.wake();
  }

  #killAll(how: 'term' | 'now'): void {
    // Outcomes that wait for a full disk give up: the jobs stay in flight, and the next runner takes them back.
    void this.#engine.stop();
    this.#active.stop(how);
    // It may be closing already, and wait for children that stand idle.
    if (how === 'now') void this.#handler.close?.('now');
  }

  /** Jobs that a dead runner had in its hands. */
  async #takeOver(): Promise<void> {
    const { orphans, killAfterMs } = this.#options;
    const { table } = this.#processes;
    const taken = await takeOver(this.#env, this.#store, this.#engine, table, { orphans, killAfterMs });
    if (taken === undefined) return;
    this.#options.report({ kind: 'reclaimed', ...taken });
  }

  async #work(): Promise<void> {
    let next: InFlightJob | undefined;
    while (!this.#stopping || next !== undefined) {
      const { version } = this.#wakeUp;
      const lookedAt = this.#env.clock.now();
      try {
        if (next === undefined) await this.#sweeper.whenDue();
        const job = next ?? (await this.#engine.dispatch(this.wanted));
        next = undefined;
        // Dispatched while the stop came: it has not begun, and does not begin.
        if (job && this.#stopping)
          await this.#engine.giveBack(job, { reason: 'stopped' }).catch((error) => this.#unwritten(error));
        else if (job) next = await this.#attempt(job);
        else if (this.#drain && this.#drained()) return this.#wakeUp.wake();
        else await sleepUntilDue(this.#wakeUp, version, this.#env.clock, this.#engine, lookedAt);
      } catch (error) {
        if (!(await this.#survives(error))) return;
      }
    }
  }

  /** Nothing runs here, and nothing that this handler could run is going to become due. */
  #drained(): boolean {
    return this.#active.size === 0 && leftovers(this.#engine.machine, this.wanted).coming === 0;
  }

  /** Answers the job that comes next where it is known already. */
  async #attempt(job: InFlightJob): Promise<InFlightJob | undefined> {
    const seq = job.dispatchSeq;
    const attempt = this.#active.start(job, this.#handler, job.options.timeoutMs || this.#options.timeoutMs);
    try {
      if (attempt.pid !== undefined) await this.#processes.notes.add(seq, leaseOf(this.#store.id, seq), attempt.pid);
      this.#options.report({ kind: 'started', job, pid: attempt.pid });
      const outcome = await attempt.done;
      if (attempt.pid !== undefined) await this.#processes.notes.remove(seq);
      const { verdict } = outcome;
      const broken = verdict.kind === 'broken' ? verdict.error : this.#shortage.lasting(verdict);
      if (broken !== undefined) {
        this.#active.neverRan(seq);
        await this.#broken(broken);
      }
      const settled = this.#settle(job, outcome);
      const goesOn = verdict.kind === 'ack' && !this.#stopping;
      const asked = goesOn ? askAhead(this.#engine, job, this.wanted, this.#env.clock.now()) : undefined;
      await settled;
      const next = await asked;
      this.#active.delete(seq);
      await this.#shortage.pause(verdict, () => this.#stopping);
      return next;
    } finally {
      this.#active.delete(seq);
      this.#wakeUp.wake();
    }
  }

  async #settle(job: InFlightJob, outcome: AttemptOutcome): Promise<void> {
    const { report, haltAfterDead } = this.#options;
    let settlement: Settlement;
    try {
      settlement = await settle(this.#engine, job, outcome);
    } catch (error) {
      this.#unwritten(error);
      return;
    }
    countIn(this.#summary, settlement, outcome);
    report({ kind: 'finished', job, outcome, settlement });
    if (settlement.kind !== 'dead' || ++this.#failed !== haltAfterDead) return;
    this.#summary.halted = true;
    report({ kind: 'halted', dead: this.#failed });
    this.#halt();
  }

  /**
   * The handler itself does not work: going on would only give every job back. The queue is paused until somebody has
   * mended it; a runner that was to drain it ends.
   */
  async #broken(error: string): Promise<void> {
    const isPaused = this.#pausing || this.#engine.machine.settings.pauseOf({}) !== undefined;
    if (this.#summary.broken !== undefined && (this.#stopping || isPaused)) return;
    this.#options.report({ kind: 'broken', error, paused: !this.#drain });
    this.#summary.broken = error;
    if (this.#drain) return this.#halt();
    this.#pausing = true;
    // The job still has to go back, so this is not the place to give up.
    await this.#engine.pause({}, `handler: ${error}`).catch((failure) => this.#fail(failure));
    this.#pausing = false;
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
    // Somebody else decided about the attempt first: nothing is lost.
    if (error instanceof WalqError && error.code === 'E_ATTEMPT_OVER') return;
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
}
