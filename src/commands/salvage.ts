import { usageError, WalqError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { decodeEvent, recordJobId } from '../queue/events/events.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { besideWriter } from '../storage/beside-writer.ts';
import { planSalvage, type SalvagePlan } from '../storage/salvage.ts';
import type { TakeItem } from '../storage/salvage-read.ts';
import type { SalvageSource } from '../storage/salvage-survey.ts';
import { writeSalvage } from '../storage/salvage-write.ts';
import { readSnapshot } from '../storage/snapshot/read.ts';
import { defaultSegmentBytes } from '../storage/store-options.ts';
import { forEachRecord } from '../storage/wal/records.ts';
import type { CommandContext } from './context.ts';
import { placeNewStore, roomFor, type Unfinished } from './import-place.ts';
import { openLog } from './log-source.ts';
import { bindPlan, planFileOf } from './plan-file.ts';
import { beforeBase, resolveSelector } from './resolve.ts';
import type { Selector } from './selector.ts';
import { type GoBackResult, goBack } from './snapshot-restore.ts';

export interface SalvageRequest {
  /** The damaged store; it is only read. */
  store: string;
  /** Folder of the new store: empty, or not there. */
  to: string;
  apply: boolean;
  /** A point in time: nothing after it goes over. */
  at?: Selector;
  /** Where the plan is kept, or was. */
  planFile?: string | undefined;
}

/** What the lost events may have meant for jobs. Only those after the newest snapshot that goes over matter. */
export interface TouchedJobs {
  /** Lost events whose effect is in a snapshot: gone from the history, not from the state. */
  covered: number;
  /** Lost events of which nothing is known. */
  unknown: number;
  /** Jobs that were not finished when events were lost: one of those may have been theirs. */
  open: string[];
  /** Events after the loss that do not apply and are skipped. */
  skipped: { seq: number; job: string; why: string }[];
}

export interface SalvageResult {
  plan: SalvagePlan;
  touched: TouchedJobs;
  /** Of the new store; absent in a dry run. */
  storeId?: string;
}

const salvaging: Unfinished = { suffix: '.salvaging', code: 'E_SALVAGE_LEFT', what: 'a salvage' };

/**
 * Plans a salvage and, with `apply`, writes the new store. Throws E_PLAN_STALE, E_PLACE, E_SALVAGE_LEFT (7),
 * E_IO (74), and what reading a store throws.
 */
export async function salvageStore(context: CommandContext, request: SalvageRequest): Promise<SalvageResult> {
  const { env } = context;
  // Before a long look at the log, and not only after it.
  await roomFor(context, request.to, salvaging);
  const until = request.at === undefined ? undefined : await seqOf(context, request.store, request.at);
  const { plan, jobs } = await besideWriter(env, request.store, async () => {
    const jobs = new JobWatch();
    const watch = (source: SalvageSource): Promise<TakeItem> => jobs.watch(request.store, source);
    return { jobs, plan: await planSalvage(env, request.store, isEvent, watch, until) };
  });
  if (until !== undefined && until < plan.seqFirst - 1) throw beforeBase(`seq ${until}`, plan.seqFirst - 1);
  if (until !== undefined && until > plan.seqLast) {
    const text = `seq ${until} is not in the log, which ends at ${plan.seqLast}`;
    throw usageError('E_SEQ_RANGE', text, { data: { until, seqLast: plan.seqLast } });
  }
  const touched = jobs.touched();
  const { sha256, seqFirst, seqLast, lost } = plan;
  await bindPlan(context, planFileOf(request), { sha256, seqFirst, seqLast, lost, until });
  if (!request.apply) return { plan, touched };
  const options = { readable: isEvent, segmentBytes: defaultSegmentBytes };
  const storeId = await placeNewStore(context, request.to, salvaging, (dir) => writeSalvage(env, plan, dir, options));
  return { plan, touched, storeId };
}

/** In place, at the end of an operation: what comes after is set aside. Throws as `goBack` does. */
export async function cutStore(
  context: CommandContext,
  store: string,
  at: Selector,
  apply: boolean,
  planFile?: string,
): Promise<GoBackResult> {
  return await goBack(context, store, { seq: await seqOf(context, store, at) }, apply, planFile);
}

function seqOf(context: CommandContext, store: string, at: Selector): Promise<number> {
  return resolveSelector(at, openLog(context, { kind: 'store', path: store }).look(), 'end');
}

/** Whether a record is one that a writer of ours writes. */
export function isEvent(record: Uint8Array): boolean {
  try {
    decodeEvent(record);
    return true;
  } catch {
    return false;
  }
}

/** Replays what goes over as the new store will, and notes what hangs on the holes. */
class JobWatch {
  readonly #machine = new QueueMachine();
  readonly #open = new Set<string>();
  readonly #skipped: TouchedJobs['skipped'] = [];
  #covered = 0;
  #unknown = 0;
  #from = 0;

  async watch(store: string, source: SalvageSource): Promise<TakeItem> {
    const newest = source.snapshots.at(-1);
    if (newest !== undefined) {
      await readSnapshot(source.view, join(store, newest.file), (entry) => this.#machine.load(entry));
      this.#from = newest.seq;
    }
    return (item) => {
      if (item.kind === 'records') this.#replay(item.seqFirst, item.payload);
      if (item.kind === 'lost') this.#lose(item.seqFirst, item.seqLast);
    };
  }

  #lose(seqFirst: number, seqLast: number): void {
    if (seqLast <= this.#from) {
      this.#covered += seqLast - seqFirst + 1;
      return;
    }
    this.#unknown += seqLast - seqFirst + 1;
    for (const job of this.#machine.jobs()) {
      if (job.state === 'pending' || job.state === 'in_flight') this.#open.add(job.id);
    }
  }

  #replay(seqFirst: number, payload: Uint8Array): void {
    forEachRecord(payload, (record, index) => {
      const seq = seqFirst + index;
      if (seq <= this.#from) return;
      try {
        this.#machine.apply(record, seq);
      } catch (error) {
        if (this.#unknown === 0 || !(error instanceof WalqError) || error.code !== 'E_APPLY') throw error;
        this.#skipped.push({ seq, job: recordJobId(record), why: error.message });
      }
    });
  }

  touched(): TouchedJobs {
    return { covered: this.#covered, unknown: this.#unknown, open: [...this.#open], skipped: this.#skipped };
  }
}
