import { baseName, join } from '../base/path.ts';
import type { Committer } from './committer.ts';
import type { LogWriter } from './log-writer.ts';
import {
  applyRetention,
  planRetention,
  type RetentionPlan,
  type RetentionRequest,
  snapshotFaults,
} from './retention.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { persistAgain } from './snapshot/persist.ts';
import { writeSnapshot } from './snapshot/write.ts';
import { snapshotFrame } from './snapshot-frame.ts';
import type { CheckpointResult, SnapshotSummary, StateMachine, StorageEnv, StoreObserver } from './types.ts';
import { FrameType } from './wal/format.ts';

export interface CheckpointerParts {
  dir: string;
  storeId: string;
  machine: StateMachine;
  writer: LogWriter;
  committer: Committer;
  /** How many good snapshots stay, when a call does not say. */
  keep: number;
  /** The newest snapshot, as recovery found it. */
  last: SnapshotSummary | undefined;
  /** The log tells of it: its writer had synced it, and its folder. */
  lastIsTold: boolean;
  observer: StoreObserver | undefined;
  /** Throws when the store is closed, or its disk failed: then nothing is removed any more. */
  refuseIfOver(): void;
}

type Request = Omit<RetentionRequest, 'storeId' | 'ahead'>;

/** Snapshots of an open store, and the cleaning that they allow. One at a time: a second caller waits. */
export class Checkpointer {
  readonly #env: StorageEnv;
  readonly #parts: CheckpointerParts;
  #queue: Promise<unknown> = Promise.resolve();
  #last: SnapshotSummary | undefined;
  /** The file of the snapshot that this opening wrote, or wrote again, or that the log tells of: the disk has it. */
  #persisted: string | undefined;

  constructor(env: StorageEnv, parts: CheckpointerParts) {
    this.#env = env;
    this.#parts = parts;
    this.#last = parts.last;
    this.#persisted = parts.lastIsTold ? parts.last?.file : undefined;
  }

  get last(): SnapshotSummary | undefined {
    return this.#last;
  }

  /** See `Store.checkpoint`. */
  checkpoint(options: { keep?: number; clean?: boolean }): Promise<CheckpointResult> {
    return this.#inTurn(async () => {
      const { writer, keep } = this.#parts;
      const started = this.#env.clock.monotonic();
      const before = this.#last;
      const unchanged = before !== undefined && before.seq === writer.seqNext - 1 && (await this.#isWhole(before));
      const snapshot = unchanged ? before : await this.#snapshot();
      await this.#persist(snapshot.file);
      const request = { keep: options.keep ?? keep, activeOrdinal: writer.segmentOrdinal, justRead: snapshot.file };
      const plan = options.clean === false ? undefined : await this.#carryOut(request);
      return {
        snapshot,
        unchanged,
        removedSegments: plan?.removeSegments ?? [],
        removedSnapshots: plan?.removeSnapshots ?? [],
        reasons: plan?.reasons ?? [],
        ms: this.#env.clock.monotonic() - started,
      };
    });
  }

  /** See `Store.clean`. */
  clean(keep: number, newest: SnapshotSummary): Promise<RetentionPlan> {
    return this.#inTurn(() => {
      const { segmentOrdinal: activeOrdinal } = this.#parts.writer;
      return this.#carryOut({ keep, activeOrdinal, justRead: newest.file, seqMax: newest.seq });
    });
  }

  /** See `Store.pruneSnapshots`. */
  prune(keep: number): Promise<RetentionPlan> {
    // Ordinal 0 is below every segment: none of the log may go with the snapshots.
    return this.#inTurn(() => this.#carryOut({ keep, activeOrdinal: 0 }));
  }

  /** When what was asked for is done, or has failed. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => {
      this.#parts.refuseIfOver();
      return work();
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /** It may have been removed or damaged since it was written. */
  async #isWhole({ file }: SnapshotSummary): Promise<boolean> {
    const { dir, storeId } = this.#parts;
    return (await snapshotFaults(this.#env, dir, file, storeId))?.length === 0;
  }

  async #carryOut(request: Request): Promise<RetentionPlan> {
    const { dir, storeId, writer, committer, refuseIfOver } = this.#parts;
    const plan = await planRetention(this.#env, dir, { storeId, ...request });
    const [newest] = plan.kept;
    const removes = plan.removeSnapshots.length + plan.removeSegments.length > 0;
    // Whatever becomes of the others: with this one and the log after it nothing is lost.
    if (newest !== undefined && removes) await this.#persist(newest.file);
    refuseIfOver();
    try {
      return await applyRetention(this.#env, dir, plan, () => committer.control(() => writer.mustBeInPlace()));
    } catch (error) {
      throw committer.fail(error);
    }
  }

  /** The page cache shows what others left; what is removed on the word of a snapshot asks for more than that. */
  async #persist(file: string): Promise<void> {
    if (file === this.#persisted) return;
    await persistAgain(this.#env, join(this.#parts.dir, snapshotFolder), baseName(file));
    this.#persisted = file;
  }

  async #snapshot(): Promise<SnapshotSummary> {
    const { dir, storeId, machine, writer, committer, observer } = this.#parts;
    const started = this.#env.clock.monotonic();
    // Between two batches the state is exactly what the log holds up to its end.
    const cut = await committer.control(async () => {
      await writer.mustBeInPlace();
      return { point: writer.point, entries: machine.cut() };
    });
    const folder = join(dir, snapshotFolder);
    const summary = await writeSnapshot(this.#env, folder, { storeId, kind: 'checkpoint', ...cut });
    const last = { ...summary, file: join(snapshotFolder, baseName(summary.file)) };
    this.#last = last;
    this.#persisted = last.file;
    const payload = snapshotFrame(summary);
    await committer.control(() => committer.writeControl({ type: FrameType.snapshot, payload }));
    observer?.snapshotWritten(last, this.#env.clock.monotonic() - started);
    return last;
  }
}
