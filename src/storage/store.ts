import { thenClose } from '../base/close-all.ts';
import { Exit, WalqError } from '../base/errors.ts';
import { writeError } from '../fs/failure.ts';
import { besideWriter } from './beside-writer.ts';
import { Checkpointer } from './checkpointer.ts';
import { firstSeq } from './commit-work.ts';
import { type CommitStats, Committer } from './committer.ts';
import { createStore } from './create.ts';
import { isFresh } from './folder.ts';
import { loadState } from './load.ts';
import { type StoreLock, takeLock } from './lock.ts';
import { randomEpoch } from './log-files.ts';
import type { LogWriter } from './log-writer.ts';
import { openLog, recover, refuseDamage } from './open.ts';
import type { RetentionPlan } from './retention.ts';
import { defaultAheadBytes, defaultKeepSnapshots, defaultSegmentBytes, type OpenOptions } from './store-options.ts';
import { surveyStore } from './survey.ts';
import type {
  CheckpointResult,
  CommitHooks,
  RecoveryReport,
  SnapshotSummary,
  StateMachine,
  StorageEnv,
} from './types.ts';
import { varintPayload } from './wal/encode-frames.ts';
import { FrameType, segmentBytesMax } from './wal/format.ts';
import type { PackedRecords } from './wal/records.ts';

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
    const { writer, trimmed } = await openLog(env, storeDir, survey, loaded, {
      aheadBytes: options.aheadBytes ?? defaultAheadBytes,
      segmentBytes: segmentBytesOf(options),
    });
    const recovery: RecoveryReport = {
      ...(loaded.snapshot && { snapshot: loaded.snapshot }),
      replayed: loaded.replayed,
      seqLast: loaded.seq,
      findings: loaded.findings,
      ...(trimmed && { trimmed }),
      ms: env.clock.monotonic() - started,
    };
    const { machine, snapshotIsTold } = loaded;
    const parts = { id: survey.identity.id, lock, machine, writer, recovery, snapshotIsTold, created };
    return new Store(env, storeDir, parts, options);
  } catch (error) {
    await lock.release();
    throw writeError(storeDir, error);
  }
}

function segmentBytesOf(options: { segmentBytes?: number }): number {
  return Math.min(options.segmentBytes ?? defaultSegmentBytes, segmentBytesMax);
}

interface StoreParts<M> {
  id: string;
  lock: StoreLock;
  machine: M;
  writer: LogWriter;
  recovery: RecoveryReport;
  snapshotIsTold: boolean;
  created: boolean;
}

interface Reloaded<M> {
  disk: M;
  memory: Iterable<Uint8Array>;
  snapshot: SnapshotSummary | undefined;
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
  readonly #checkpointer: Checkpointer;
  #closing: Promise<void> | undefined;

  constructor(env: StorageEnv, dir: string, parts: StoreParts<M>, options: OpenOptions<M>) {
    const { id, machine, writer } = parts;
    this.#env = env;
    this.dir = dir;
    this.id = id;
    this.epoch = randomEpoch(env);
    this.machine = machine;
    this.recovery = parts.recovery;
    this.created = parts.created;
    this.#lock = parts.lock;
    this.#writer = writer;
    this.#make = options.machine;
    const segmentBytes = segmentBytesOf(options);
    const { epoch } = this;
    const { pid = 0, observer, overlap } = options;
    this.#committer = new Committer(env, writer, machine, { segmentBytes, epoch, pid, observer, overlap });
    this.#checkpointer = new Checkpointer(env, {
      dir,
      storeId: id,
      machine,
      writer,
      committer: this.#committer,
      keep: Math.max(1, options.keepSnapshots ?? defaultKeepSnapshots),
      last: parts.recovery.snapshot,
      lastIsTold: parts.snapshotIsTold,
      observer,
      refuseIfOver: () => {
        if (this.#closing !== undefined || this.poison !== undefined) throw this.#over();
      },
    });
  }

  /** Last seq that is durable and applied. */
  get seqLast(): number {
    return this.#committer.seqLast;
  }
  /** Set once the disk failed: nothing is written any more. */
  get poison(): WalqError | undefined {
    return this.#committer.poison;
  }
  /** Fires then, with that. */
  get failed(): AbortSignal {
    return this.#committer.failed;
  }
  /** Those who append are other processes and threads: a commit waits a few turns for more of them. Default false. */
  set askedFromOutside(fromOutside: boolean) {
    this.#committer.askedFromOutside = fromOutside;
  }
  get stats(): CommitStats {
    return this.#committer.stats;
  }
  get lastSnapshot(): SnapshotSummary | undefined {
    return this.#checkpointer.last;
  }

  /**
   * One atomic operation: all its records or none. Resolves with the first seq when they are on disk and applied.
   * Operations that wait together share one sync. Rejects with E_NO_SPACE (nothing happened, try again),
   * E_DURABILITY_UNKNOWN, E_POISONED, E_RECORD_SIZE, E_CLOSED. With `hooks`, resolves with what that answers.
   * `known`: what each of the records says, where the state machine need not read them.
   */
  append(records: PackedRecords): Promise<number>;
  append<T>(records: PackedRecords, hooks: CommitHooks<T>, known?: readonly unknown[]): Promise<T>;
  append(records: PackedRecords, hooks: CommitHooks<unknown> = firstSeq, known?: readonly unknown[]): Promise<unknown> {
    return this.#committer.append(records, hooks, known);
  }

  /** Closes the active segment and begins the next one. False when the disk has no room for it. */
  async rotate(): Promise<boolean> {
    return await this.#committer.control(async () => this.#writer.empty || (await this.#writer.rotate()));
  }

  /**
   * Writes a snapshot of the state as it is now, while appends go on, then cleans what it covers. A snapshot that
   * fails is not fatal and deletes nothing: E_SNAPSHOT_WRITE. One at a time; a second caller waits.
   */
  checkpoint(options: { keep?: number; clean?: boolean } = {}): Promise<CheckpointResult> {
    return this.#checkpointer.checkpoint(options);
  }

  /** Removes what the `keep` newest good snapshots up to `newest`, which was just read back, make superfluous. */
  clean(keep: number, newest: SnapshotSummary): Promise<RetentionPlan> {
    return this.#checkpointer.clean(keep, newest);
  }

  /** Removes snapshots older than the `keep` newest good ones; the log stays. Not while a snapshot is being written. */
  pruneSnapshots(keep: number): Promise<RetentionPlan> {
    return this.#checkpointer.prune(keep);
  }

  /**
   * A second, independent look: the state that the disk gives (newest snapshot and tail, in a fresh state machine)
   * beside the state in memory, both at the same seq. Appends wait meanwhile. `snapshot`: the one it began with.
   */
  async reload(): Promise<Reloaded<M>> {
    // A look that fails says nothing about what was written: it must not poison, so its failure is passed out.
    const look = await this.#committer.control(async () => {
      const [settled] = await Promise.allSettled([this.#look()]);
      return settled;
    });
    if (look.status === 'rejected') throw look.reason;
    return look.value;
  }

  async #look(): Promise<Reloaded<M>> {
    const loaded = await besideWriter(this.#env, this.dir, async () =>
      loadState(this.#env, this.dir, await surveyStore(this.#env, this.dir), this.#make),
    );
    refuseDamage(this.dir, loaded.findings);
    const { machine: disk, snapshot } = loaded;
    return { disk, memory: this.machine.cut(), snapshot };
  }

  /** Before files of the store are removed by their paths: rejects with E_MOVED where those are of another one by now. */
  async mustBeInPlace(): Promise<void> {
    await this.#committer.control(() => this.#writer.mustBeInPlace());
  }

  /** Why nothing may be written or removed any more. */
  #over(): WalqError {
    return this.poison ?? new WalqError(Exit.bug, 'E_CLOSED', 'the store is closed');
  }

  /**
   * Answers everything accepted, writes CLOSE if anything was written, and frees the lock. A snapshot under way is
   * finished; a cleaning not yet begun is left out. A second call gets the answer of the first.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The lock goes free whatever the files say. */
  async #close(): Promise<void> {
    const lastWords = async () => {
      await this.#checkpointer.idle();
      await this.#committer.drain();
      await this.#writeClose();
    };
    const close = thenClose(
      lastWords,
      () => this.#writer.close(),
      () => this.#lock.release(),
    );
    await close.catch((error: unknown) => {
      throw writeError(this.dir, error);
    });
  }

  async #writeClose(): Promise<void> {
    if (!this.#committer.opened || this.poison !== undefined) return;
    try {
      await this.#writer.trim();
      await this.#writer.commit([{ type: FrameType.close, payload: varintPayload(this.#env.clock.now()) }]);
      await this.#writer.syncHead(true);
    } catch (error) {
      const failure = writeError(this.dir, error);
      // A full disk has no room for CLOSE: the log is whole all the same, it just does not end in one.
      if (!(failure instanceof WalqError && failure.code === 'E_NO_SPACE')) throw failure;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
