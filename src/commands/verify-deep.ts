import { Exit, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { LostGaps } from '../storage/lost-gaps.ts';
import { scanStore } from '../storage/read.ts';
import { hashEntries } from '../storage/snapshot/hash.ts';
import { readSnapshot } from '../storage/snapshot/read.ts';
import type { RecordView, SnapshotCheck, SnapshotSummary } from '../storage/types.ts';
import type { CommandContext } from './context.ts';

export interface DeepLook {
  /** Events that were applied, one after another, each held against the rules of the queue. */
  applied: number;
  /** Seqs of the snapshots whose state the log was found to give. */
  proved: number[];
  findings: Finding[];
}

/**
 * What checksums cannot show: whether the events make sense one after another (no ACK without a DISPATCH, no second
 * worker on one job, no attempt that goes back...), and whether each snapshot holds the state that the log gives at its
 * seq. Read only; `snapshots` as `verifyStore` found them. Stops at the first event that does not apply. Rejects with
 * E_READ.
 */
export async function lookDeep(
  context: CommandContext,
  store: string,
  snapshots: readonly SnapshotCheck[],
): Promise<DeepLook> {
  const good = snapshots.flatMap(({ summary }) => summary ?? []).sort((a, b) => a.seq - b.seq);
  const replay = new DeepReplay(context, store, good);
  await scanStore(context.env, store, {
    lost: ({ afterHole, seqLast }) => {
      if (!afterHole) replay.lost(seqLast);
    },
    record: (record) => replay.take(record),
  });
  return { applied: replay.applied, proved: replay.proved, findings: replay.findings };
}

class DeepReplay {
  applied = 0;
  readonly proved: number[] = [];
  readonly findings: Finding[] = [];
  readonly #context: CommandContext;
  readonly #store: string;
  /** Those still to come, in the order of their seqs. */
  readonly #snapshots: SnapshotSummary[];
  #machine = new QueueMachine();
  #seq = 0;
  #gaps = new LostGaps();

  constructor(context: CommandContext, store: string, snapshots: readonly SnapshotSummary[]) {
    this.#context = context;
    this.#store = store;
    this.#snapshots = [...snapshots];
  }

  lost(seqLast: number): void {
    this.#seq = Math.max(this.#seq, seqLast);
    this.#gaps.behind = true;
  }

  /** False to stop. Damage is what the other look is for: behind a hole nothing can be said. */
  take(record: RecordView): undefined | false | Promise<undefined | false> {
    if (record.afterHole) return false;
    if (record.seq !== this.#seq + 1) return this.#beginAt(record);
    return this.#apply(record);
  }

  /** The log begins here: with the state of the snapshot that stands before it. */
  async #beginAt(record: RecordView): Promise<undefined | false> {
    const bytes = Uint8Array.from(record.bytes);
    const base = this.#snapshots.find(({ seq }) => seq >= record.seq - 1);
    if (base === undefined || this.#seq > 0) return this.#seq >= record.seq ? undefined : false;
    await this.#load(base);
    return record.seq === this.#seq + 1 ? this.#apply({ ...record, bytes }) : undefined;
  }

  async #load(base: SnapshotSummary): Promise<void> {
    this.#machine = new QueueMachine();
    const load = (entry: Uint8Array): void => this.#machine.load(entry);
    await readSnapshot(this.#context.env, `${this.#store}/${base.file}`, load, { relativeName: base.file });
    this.#seq = base.seq;
    this.#gaps = new LostGaps();
    while ((this.#snapshots[0]?.seq ?? Number.POSITIVE_INFINITY) <= base.seq) this.#snapshots.shift();
  }

  #apply(record: RecordView): undefined | false | Promise<undefined> {
    this.#seq = record.seq;
    try {
      this.#machine.apply(record.bytes, record.seq);
      this.applied++;
    } catch (cause) {
      if (!this.#gaps.skips(cause, record)) {
        if (!(cause instanceof WalqError)) throw cause;
        const { file, offset, seq } = record;
        const isNewer = cause.exit === Exit.newer;
        const finding: Finding = {
          code: isNewer ? cause.code : 'E_REPLAY',
          severity: isNewer ? 'newer' : 'corrupt',
          file,
          offset,
          seqFirst: seq,
          message: cause.message,
        };
        this.findings.push(finding);
        return false;
      }
    }
    const [next] = this.#snapshots;
    return next?.seq === record.seq ? this.#compare(next) : undefined;
  }

  async #compare(snapshot: SnapshotSummary): Promise<undefined> {
    this.#snapshots.shift();
    // What lost events did is in the snapshot alone.
    if (this.#gaps.behind) {
      await this.#load(snapshot);
      return;
    }
    const got = hashEntries(this.#machine.cut());
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
