import { hasErrno, usageError, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { shellPath } from '../base/shell-word.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { raced, racesMax } from '../storage/beside-writer.ts';
import { noStoreId } from '../storage/store-file.ts';
import type { FrameView, LogReport, RecordView, Verdict } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { type ExportHeader, type LostLine, lostTime } from './export-form.ts';
import { type ExportPlan, planExport } from './export-plan.ts';
import { type LogSource, openLog } from './log-source.ts';
import { storeOf } from './replay.ts';
import type { SelectorRange } from './selector.ts';
import { StateWalk } from './state-walk.ts';
import { isForeign, nameOf, openTarget, type Target, type TargetName } from './target.ts';

export interface ExportRequest {
  path: string;
  range?: SelectorRange | undefined;
}

/** Takes what is exported, in order; a promise makes the reading wait for it. */
export interface ExportSink {
  /** It has a place for the base, and for the hash of the state at the end. */
  readonly wantsState: boolean;
  header(header: ExportHeader): Promise<void> | undefined;
  entry(entry: Uint8Array): Promise<void> | undefined;
  /** `commit`: so many events, this one first, were one write; 1 also for those that are not the first. */
  record(seq: number, record: Uint8Array, commit: number): Promise<void> | undefined;
  lost(lost: LostLine): Promise<void> | undefined;
  end(counts: ExportCounts): Promise<void>;
}

export interface ExportCounts {
  events: number;
  lost: number;
  seqLast: number;
  stateHash?: string;
}

export interface ExportResult extends ExportCounts {
  target: TargetName;
  storeId: string;
  seqFirst: number;
  base?: { seq: number; entries: number; stateHash: string };
  /** The first event that this version cannot apply: from there on the state is unknown. */
  stateUnknown?: { seq: number; why: string };
  verdict: Verdict;
  findings: Finding[];
  /** Of the whole log, whatever part of it was wanted. */
  log: LogReport;
}

/**
 * Hands out a log, or a part of it with the state before it, up to where it ended when this began. Read only, also
 * beside a live writer. Throws the damage of the log (3, 5), E_NO_BASE (3), E_BEFORE_BASE, E_SEQ_RANGE, E_WRONG_TARGET
 * (2), E_RACE (1), and what `openTarget` and the sink throw. Nothing was handed out then, but by the sink itself.
 */
export async function exportLog(
  context: CommandContext,
  request: ExportRequest,
  sink: ExportSink,
): Promise<ExportResult> {
  const target = await storeOf(context, await openTarget(context, request.path));
  refuseTarget(target);
  const log = openLog(context, target);
  for (let attempt = 1; attempt <= racesMax; attempt++) {
    const plan = await planBeside(context, target, log, request, sink, attempt);
    if (plan !== undefined) {
      const run = new ExportRun(plan, sink);
      await log.scan({ frame: (frame) => run.frame(frame), record: (record) => run.record(record) }, plan.seqFirst);
      // Else a cleaning has taken the beginning since the plan was made: nothing was handed out yet.
      if (!run.isRaced) return { target: nameOf(target), ...(await run.finish()) };
    }
    await context.env.clock.sleep(attempt);
  }
  throw raced(target.path);
}

const noBaseLooks = 3;

/** Undefined where a cleaning took a file that was listed: a later look has what took its place. */
async function planBeside(
  context: CommandContext,
  target: Target,
  log: LogSource,
  { range }: ExportRequest,
  { wantsState: wantsBase }: ExportSink,
  attempt: number,
): Promise<ExportPlan | undefined> {
  try {
    return await planExport(context, target, log, { range, wantsBase });
  } catch (error) {
    if (!(error instanceof WalqError) || attempt === racesMax) throw error;
    // Each look reads the whole log, and a log without a base mostly is one.
    const isRace = hasErrno(error.cause, 'ENOENT') || (error.code === 'E_NO_BASE' && attempt < noBaseLooks);
    if (!isRace) throw error;
    return undefined;
  }
}

function refuseTarget(target: Target): void {
  const { path, kind } = target;
  if (isForeign(target)) {
    throw usageError('E_WRONG_TARGET', `${path} is a ${target.format.kind} of another system`, {
      data: { file: path },
      next:
        target.format.kind === 'log'
          ? `walq wal import --from ${shellPath(path)} --store DIR, then walq wal export DIR`
          : `walq snapshot show ${shellPath(path)}`,
    });
  }
  if (kind === 'export' || kind === 'export-stream') {
    throw usageError('E_WRONG_TARGET', `${path} is an export already`, {
      data: { file: path },
      next: `walq wal import --from ${shellPath(path)} --store DIR makes a store of it`,
    });
  }
  if (kind === 'segment-stream' || kind === 'snapshot-stream') {
    throw usageError('E_WRONG_TARGET', 'an export reads the log twice, and standard input can be read only once', {
      next: 'save it to a file first: cat > FILE',
    });
  }
}

class ExportRun {
  readonly #plan: ExportPlan;
  readonly #sink: ExportSink;
  #walk: StateWalk<QueueMachine> | undefined;
  #begun = false;
  #next: number;
  #events = 0;
  #lost = 0;
  /** Of the frame at hand: its first event that is wanted, and how many are. */
  #commit = { seq: 0, events: 0 };

  constructor(plan: ExportPlan, sink: ExportSink) {
    this.#plan = plan;
    this.#sink = sink;
    this.#next = plan.seqFirst;
  }

  /** What the plan begins with is not there any more; asked once the log was read. */
  get isRaced(): boolean {
    return !this.#begun && this.#next <= this.#plan.seqLast;
  }

  frame(frame: FrameView): undefined | false | Promise<undefined | false> {
    const { seqFirst: first, seqLast: last } = this.#plan;
    if (frame.type !== 'data' && frame.type !== 'lost') return undefined;
    const end = frame.seqFirst + frame.count - 1;
    if (frame.seqFirst > last) return false;
    if (end < first) return undefined;
    if (frame.afterHole || frame.seqFirst > this.#next) return false;
    return this.#begun ? this.#frame(frame, end) : this.#begin().then(() => this.#frame(frame, end));
  }

  #frame(frame: FrameView, end: number): undefined | Promise<undefined> {
    const seqFirst = Math.max(frame.seqFirst, this.#plan.seqFirst);
    const seqLast = Math.min(end, this.#plan.seqLast);
    if (frame.type === 'data') {
      this.#commit = { seq: seqFirst, events: seqLast - seqFirst + 1 };
      return undefined;
    }
    const timeMs = lostTime(frame.payload);
    this.#next = seqLast + 1;
    this.#lost += seqLast - seqFirst + 1;
    this.#walk?.lost(seqLast);
    return this.#sink.lost({ seqFirst, seqLast, ...(timeMs === undefined ? {} : { timeMs }) })?.then(() => undefined);
  }

  record(record: RecordView): undefined | false | Promise<undefined> {
    const { seqFirst, seqLast } = this.#plan;
    const { seq } = record;
    if (seq < seqFirst) return undefined;
    if (seq > seqLast) return false;
    this.#next = seq + 1;
    this.#events++;
    this.#walk?.record(record);
    const commit = seq === this.#commit.seq ? this.#commit.events : 1;
    return this.#sink.record(seq, record.bytes, commit)?.then(() => undefined);
  }

  /** The header and the base, once it is known that the log is there. */
  async #begin(): Promise<void> {
    this.#begun = true;
    const { seqFirst } = this.#plan;
    const base = this.#base();
    await this.#sink.header({ store: this.#storeId, seqFirst, ...(base && { base }) });
    const start = this.#plan.base;
    if (start !== undefined) {
      for (const entry of start.machine.cut()) await this.#sink.entry(entry);
    }
    if (this.#sink.wantsState) this.#walk = new StateWalk(start ?? { machine: new QueueMachine(), seq: 0 });
  }

  get #storeId(): string {
    return this.#plan.report.storeId ?? noStoreId;
  }

  #base(): ExportResult['base'] {
    const { base } = this.#plan;
    if (base === undefined) return undefined;
    const { seq, entries, stateHash } = base;
    return { seq, entries, stateHash };
  }

  async finish(): Promise<Omit<ExportResult, 'target'>> {
    const base = this.#base();
    if (!this.#begun) await this.#begin();
    const { seqFirst, seqLast, report } = this.#plan;
    if (this.#next !== seqLast + 1) throw raced(`seq ${this.#next}`);
    const stateHash = this.#walk?.hash();
    const counts = {
      events: this.#events,
      lost: this.#lost,
      seqLast,
      ...(stateHash === undefined ? {} : { stateHash }),
    };
    await this.#sink.end(counts);
    const unknown = this.#walk?.unknown;
    return {
      storeId: this.#storeId,
      seqFirst,
      ...(base && { base }),
      ...counts,
      ...(unknown && { stateUnknown: unknown }),
      verdict: report.verdict,
      findings: report.findings,
      log: report,
    };
  }
}
