import { Exit, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { baseName, join } from '../base/path.ts';
import { type CommitStats, Committer } from './committer.ts';
import { createStore, isFresh } from './create.ts';
import { writeError } from './files.ts';
import { loadState } from './load.ts';
import { type StoreLock, takeLock } from './lock.ts';
import { type LogWriter, randomEpoch } from './log-writer.ts';
import { openLog, recover, refuseDamage } from './open.ts';
import { applyRetention, planRetention, type RetentionPlan } from './retention.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { writeSnapshot } from './snapshot/write.ts';
import { defaultKeepSnapshots, defaultSegmentBytes, type OpenOptions } from './store-options.ts';
import { surveyStore } from './survey.ts';
import type {
  ChainPoint,
  CheckpointResult,
  RecoveryReport,
  SnapshotSummary,
  StateMachine,
  StorageEnv,
  StoreObserver,
} from './types.ts';
import { varintPayload } from './wal/encode-frames.ts';
import { FrameType, segmentBytesMax } from './wal/format.ts';

/**
 * Opens a store for writing: lock, recover, make ready. Rejects with E_LOCKED (6); E_NO_STORE (1); with the code of
 * the worst finding when the log is damaged in a way no crash explains (3), and then no file but LOCK was changed;
 * E_READ, E_IO, E_NO_SPACE (74).
 */
export async function openStore<M extends StateMachine>(
  env: StorageEnv,
  storeDir: string,
  options: OpenOptions<M>,
): Promise<Store<M>> {
  const lock = options.lock ?? (await takeLock(env, storeDir, options));
  try {
    const started = env.clock.monotonic();
    let created = false;
    if (options.create && (await isFresh(env, storeDir))) {
      await createStore(env, storeDir);
      created = true;
    }
    const { survey, loaded } = await recover(env, storeDir, options.machine);
    const { writer, trimmed } = await openLog(env, storeDir, survey, loaded);
    const recovery: RecoveryReport = {
      ...(loaded.snapshot && { snapshot: loaded.snapshot }),
      replayed: loaded.replayed,
      seqLast: loaded.seq,
      findings: loaded.findings,
      ...(trimmed && { trimmed }),
      ms: env.clock.monotonic() - started,
    };
    return new Store(env, storeDir, survey.identity.id, lock, loaded.machine, writer, recovery, created, options);
  } catch (error) {
    await lock.release();
    throw writeError(storeDir, error);
  }
}

/** A store open for writing: the log, the state it drives, snapshots, cleaning. One per store at a time. */
export class Store<M extends StateMachine> {
  readonly dir: string;
  /** Store id, 32 hex digits. */
  readonly id: string;
  /** Random, 48 bits, of this opening. */
  readonly epoch: number;
  readonly machine: M;
  readonly recovery: RecoveryReport;
  /** This opening created the store. */
  readonly created: boolean;
  readonly #env: StorageEnv;
  readonly #lock: StoreLock;
  readonly #writer: LogWriter;
  readonly #committer: Committer;
  readonly #make: () => M;
  readonly #keep: number;
  readonly #observer: StoreObserver | undefined;
  #checkpointing: Promise<unknown> = Promise.resolve();
  #lastSnapshot: SnapshotSummary | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    env: StorageEnv,
    dir: string,
    id: string,
    lock: StoreLock,
    machine: M,
    writer: LogWriter,
    recovery: RecoveryReport,
    created: boolean,
    options: OpenOptions<M>,
  ) {
    this.#env = env;
    this.dir = dir;
    this.id = id;
    this.epoch = randomEpoch(env);
    this.machine = machine;
    this.recovery = recovery;
    this.created = created;
    this.#lock = lock;
    this.#writer = writer;
    this.#make = options.machine;
    this.#keep = Math.max(1, options.keepSnapshots ?? defaultKeepSnapshots);
    this.#lastSnapshot = recovery.snapshot;
    this.#observer = options.observer;
    const segmentBytes = Math.min(options.segmentBytes ?? defaultSegmentBytes, segmentBytesMax);
    const { epoch } = this;
    const { pid = 0, observer } = options;
    this.#committer = new Committer(env, writer, machine, { segmentBytes, epoch, pid, observer });
  }

  /** Last seq that is durable and applied. */
  get seqLast(): number {
    return this.#writer.seqNext - 1;
  }
  /** Set once the disk failed: nothing is written any more. */
  get poison(): WalqError | undefined {
    return this.#committer.poison;
  }
  get stats(): CommitStats {
    return this.#committer.stats;
  }
  get lastSnapshot(): SnapshotSummary | undefined {
    return this.#lastSnapshot;
  }

  /**
   * One atomic operation: all its records or none. Resolves with the first seq when they are on disk and applied.
   * Operations that wait together share one sync. Rejects with E_NO_SPACE (nothing happened, try again),
   * E_DURABILITY_UNKNOWN, E_POISONED, E_RECORD_SIZE, E_CLOSED.
   */
  append(records: readonly Uint8Array[]): Promise<number> {
    return this.#committer.append(records);
  }

  /** Closes the active segment and begins the next one. False when the disk has no room for it. */
  async rotate(): Promise<boolean> {
    let rotated = true;
    await this.#committer.control(async () => {
      if (!this.#writer.empty) rotated = await this.#writer.rotate();
    });
    return rotated;
  }

  /**
   * Writes a snapshot of the state as it is now, while appends go on, then cleans what it covers. A snapshot that
   * fails is not fatal and deletes nothing: E_SNAPSHOT_WRITE. One at a time; a second caller waits.
   */
  checkpoint(options: { keep?: number; clean?: boolean } = {}): Promise<CheckpointResult> {
    const run = this.#checkpointing.then(() => this.#checkpoint(options));
    this.#checkpointing = run.catch(() => undefined);
    return run;
  }

  async #checkpoint(options: { keep?: number; clean?: boolean }): Promise<CheckpointResult> {
    this.#refuseIfOver();
    const started = this.#env.clock.monotonic();
    const before = this.#lastSnapshot;
    const unchanged = before !== undefined && before.seq === this.seqLast;
    const snapshot = unchanged ? before : await this.#snapshot();
    const none = { removeSegments: [], removeSnapshots: [], reasons: [] };
    const plan =
      options.clean === false
        ? none
        : await this.#planRetention(options.keep ?? this.#keep, this.#writer.segmentOrdinal);
    if ('kept' in plan) await this.#clean(plan);
    return {
      snapshot,
      unchanged,
      removedSegments: plan.removeSegments,
      removedSnapshots: plan.removeSnapshots,
      reasons: plan.reasons,
      ms: this.#env.clock.monotonic() - started,
    };
  }

  /** Removes snapshots older than the `keep` newest good ones; the log stays. Not while a snapshot is being written. */
  pruneSnapshots(keep: number): Promise<RetentionPlan> {
    const run = this.#checkpointing.then(async () => {
      this.#refuseIfOver();
      // Ordinal 0 is below every segment: none of the log may go with the snapshots.
      const plan = await this.#planRetention(keep, 0);
      plan.findings.push(...(await this.#clean(plan)));
      return plan;
    });
    this.#checkpointing = run.catch(() => undefined);
    return run;
  }

  #planRetention(keep: number, activeOrdinal: number): Promise<RetentionPlan> {
    return planRetention(this.#env, this.dir, { storeId: this.id, keep, activeOrdinal });
  }

  async #clean(plan: RetentionPlan): Promise<Finding[]> {
    this.#refuseIfOver();
    try {
      return await applyRetention(this.#env, this.dir, plan);
    } catch (error) {
      throw this.#committer.fail(error);
    }
  }

  async #snapshot(): Promise<SnapshotSummary> {
    const started = this.#env.clock.monotonic();
    let point: ChainPoint | undefined;
    let entries: Iterable<Uint8Array> = [];
    // Between two batches the state is exactly what the log holds up to its end.
    await this.#committer.control(async () => {
      point = this.#writer.point;
      entries = this.machine.cut();
    });
    if (point === undefined) throw this.#over();
    const folder = join(this.dir, snapshotFolder);
    const summary = await writeSnapshot(this.#env, folder, { storeId: this.id, kind: 'checkpoint', point, entries });
    const snapshot = { ...summary, file: join(snapshotFolder, baseName(summary.file)) };
    this.#lastSnapshot = snapshot;
    const payload = Buffer.concat([varintPayload(summary.seq), Buffer.from(summary.sha256, 'hex')]);
    await this.#committer.control(() => this.#committer.writeControl({ type: FrameType.snapshot, payload }));
    this.#observer?.snapshotWritten(snapshot, this.#env.clock.monotonic() - started);
    return snapshot;
  }

  /**
   * A second, independent look: the state that the disk gives (newest snapshot and tail, in a fresh state machine)
   * beside the state in memory, both at the same seq. Appends wait meanwhile.
   */
  async reload(): Promise<{ disk: M; memory: Iterable<Uint8Array> }> {
    // A look that fails says nothing about what was written: it must not poison, so it is told apart inside.
    let look: Promise<{ disk: M; memory: Iterable<Uint8Array> }> = Promise.reject(this.#over());
    look.catch(() => undefined);
    await this.#committer.control(async () => {
      look = this.#look();
      await look.catch(() => undefined);
    });
    return await look;
  }

  async #look(): Promise<{ disk: M; memory: Iterable<Uint8Array> }> {
    const loaded = await loadState(this.#env, this.dir, await surveyStore(this.#env, this.dir), this.#make);
    refuseDamage(this.dir, loaded.findings);
    return { disk: loaded.machine, memory: this.machine.cut() };
  }

  /** Why nothing may be written or removed any more. */
  #over(): WalqError {
    return this.poison ?? new WalqError(Exit.bug, 'E_CLOSED', 'the store is closed');
  }
  #refuseIfOver(): void {
    if (this.#closing !== undefined || this.poison !== undefined) throw this.#over();
  }

  /**
   * Answers everything accepted, writes CLOSE if anything was written, and frees the lock. A snapshot under way is
   * finished; a cleaning not yet begun is left out. A second call gets the answer of the first.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#checkpointing;
    await this.#committer.drain();
    try {
      if (this.#committer.opened && this.poison === undefined) {
        await this.#writer.commit([{ type: FrameType.close, payload: varintPayload(this.#env.clock.now()) }]);
        await this.#writer.syncHead(true);
      }
    } catch (error) {
      const failure = writeError(this.dir, error);
      // A full disk has no room for CLOSE: the log is whole all the same, it just does not end in one.
      if (!(failure instanceof WalqError && failure.code === 'E_NO_SPACE')) throw failure;
    } finally {
      await this.#release();
    }
  }

  /** The lock goes free whatever the files say. */
  async #release(): Promise<void> {
    try {
      await this.#writer.close();
    } catch (error) {
      throw writeError(this.dir, error);
    } finally {
      await this.#lock.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
