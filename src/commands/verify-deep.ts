import { Exit, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { LostGaps } from '../storage/lost-gaps.ts';
import { scanStore } from '../storage/read.ts';
import { hashEntries } from '../storage/snapshot/hash.ts';
import { readSnapshot } from '../storage/snapshot/read.ts';
import type { LostRange, RecordView, SnapshotCheck, SnapshotSummary } from '../storage/types.ts';
import type { CommandContext } from './context.ts';

export interface DeepLook {
  /** Events that were applied, one after another, each held against the rules of the queue. */
  applied: number;
  /** Imported events among those that did not fit and changed nothing, as in every replay. */
  leftOut: number;
  /** Events that were not, because neither the log nor a snapshot gives the state before them. */
  stateless: number;
  /** Seqs of the snapshots whose state the log was found to give. */
  proved: number[];
  findings: Finding[];
}

/**
 * What checksums cannot show: whether the events make sense one after another (no ACK without a DISPATCH, no second
 * worker on one job, no attempt that goes back...), and whether each snapshot holds the state that the log gives at its
 * seq. Read only; `snapshots` as `verifyStore` found them. Behind a hole, or an event that does not fit, it goes
 * on with the next snapshot. Rejects with E_READ, also when a writer takes one of them away meanwhile.
 */
export async function lookDeep(
  context: CommandContext,
  store: string,
  snapshots: readonly SnapshotCheck[],
): Promise<DeepLook> {
  const good = snapshots.flatMap(({ summary }) => summary ?? []).sort((a, b) => a.seq - b.seq);
  const replay = new DeepReplay(context, store, good);
  await scanStore(context.env, store, {
    lost: (range) => replay.lost(range),
    hole: () => replay.hole(),
    record: (record) => replay.take(record),
  });
  const { applied, leftOut, stateless, proved, findings } = replay;
  return { applied, leftOut, stateless, proved, findings };
}

class DeepReplay {
  applied = 0;
  leftOut = 0;
  stateless = 0;
  readonly proved: number[] = [];
  readonly findings: Finding[] = [];
  readonly #context: CommandContext;
  readonly #store: string;
  /** Those still to come, in the order of their seqs. */
  readonly #snapshots: SnapshotSummary[];
  /** Undefined while the state is not known: events are missing before here, or one did not fit. */
  #machine: QueueMachine | undefined = new QueueMachine();
  #seq = 0;
  #gaps = new LostGaps();

  constructor(context: CommandContext, store: string, snapshots: readonly SnapshotSummary[]) {
    this.#context = context;
    this.#store = store;
    this.#snapshots = [...snapshots];
  }

  lost({ seqFirst, seqLast }: LostRange): void {
    if (seqFirst > this.#seq + 1) this.#machine = undefined;
    this.#seq = Math.max(this.#seq, seqLast);
    this.#gaps.behind = true;
  }

  /** A fault lies here: what comes next may not be what came next. */
  hole(): void {
    this.#machine = undefined;
  }

  take(record: RecordView): undefined | Promise<undefined> {
    if (record.seq !== this.#seq + 1) this.#machine = undefined;
    const base = this.#machine === undefined ? this.#snapshotAt(record.seq - 1) : undefined;
    if (base === undefined) return this.#apply(record);
    const bytes = Uint8Array.from(record.bytes);
    return this.#load(base).then(() => this.#apply({ ...record, bytes }));
  }

  #snapshotAt(seq: number): SnapshotSummary | undefined {
    while ((this.#snapshots[0]?.seq ?? Number.POSITIVE_INFINITY) < seq) this.#snapshots.shift();
    return this.#snapshots[0]?.seq === seq ? this.#snapshots.shift() : undefined;
  }

  async #load(base: SnapshotSummary): Promise<undefined> {
    const machine = new QueueMachine();
    const load = (entry: Uint8Array): void => machine.load(entry);
    await readSnapshot(this.#context.env, `${this.#store}/${base.file}`, load, { file: base.file });
    this.#machine = machine;
    this.#seq = base.seq;
    this.#gaps = new LostGaps();
  }

  #apply(record: RecordView): undefined | Promise<undefined> {
    this.#seq = record.seq;
    if (this.#machine === undefined) this.stateless++;
    else this.#hold(this.#machine, record);
    const snapshot = this.#snapshotAt(record.seq);
    if (snapshot === undefined) return undefined;
    // What lost events did is in the snapshot alone.
    if (this.#machine === undefined || this.#gaps.behind) return this.#load(snapshot);
    return this.#compare(this.#machine, snapshot);
  }

  /** Against the rules of the queue. */
  #hold(machine: QueueMachine, record: RecordView): void {
    try {
      const { skipped } = machine.totals;
      machine.apply(record.bytes, record.seq);
      this.applied++;
      if (machine.totals.skipped > skipped) this.leftOut++;
    } catch (cause) {
      if (this.#gaps.skips(cause, record)) {
        this.stateless++;
        return;
      }
      if (!(cause instanceof WalqError)) throw cause;
      const { file, offset, seq } = record;
      const isNewer = cause.exit === Exit.newer;
      this.findings.push({
        code: isNewer ? cause.code : 'E_REPLAY',
        severity: isNewer ? 'newer' : 'corrupt',
        file,
        offset,
        seqFirst: seq,
        message: cause.message,
      });
      this.#machine = undefined;
    }
  }

  #compare(machine: QueueMachine, snapshot: SnapshotSummary): undefined {
    const got = hashEntries(machine.cut());
    if (got === snapshot.stateHash) {
      this.proved.push(snapshot.seq);
      return;
    }
    this.findings.push({
      code: 'E_SNAPSHOT_STATE',
      severity: 'degraded',
      file: snapshot.file,
      message: 'snapshot holds another state than the log gives at its seq',
      seqLast: snapshot.seq,
      got: snapshot.stateHash.slice(0, 12),
      expected: got.slice(0, 12),
    });
  }
}
