import type { FrameView, RecordView } from '../storage/types.ts';
import { headOfRecord, rowOfLost, rowOfRecord } from './event-row.ts';
import type { AskedBounds, InspectResult, ShowRow } from './inspect-types.ts';
import type { LogSource } from './log-source.ts';
import { beforeBase } from './resolve.ts';
import type { RowFilter } from './row-filter.ts';

/** Oldest first. What lies behind the range, or the limit, is not read. Throws E_BEFORE_BASE (2). */
export async function inspectForward(
  log: LogSource,
  bounds: AskedBounds,
  filter: RowFilter,
  limit: number | undefined,
  show: ShowRow,
): Promise<Omit<InspectResult, 'target'> & { seqLast?: number }> {
  const view = new ForwardView(bounds, filter, limit, show);
  const visitor = {
    frame: (frame: FrameView) => view.frame(frame),
    record: (record: RecordView) => view.record(record),
  };
  const report = await log.scan(visitor, bounds.from);
  // No event came, so none has shown where the log begins: compaction may have left none.
  if (view.unchecked) view.check(await log.begins());
  const { shown, partial, seqLast } = view;
  // Stopped early: nothing is said about the rest, but a hole in what was read must not pass for a whole log.
  const silent = partial && report.findings.every((finding) => finding.severity === 'note');
  return {
    shown,
    partial,
    findings: silent ? [] : report.findings,
    ...(silent ? {} : { verdict: report.verdict, log: report }),
    ...(seqLast === undefined ? {} : { seqLast }),
  };
}

/** What is shown of a log while it is read. */
class ForwardView {
  shown = 0;
  /** The range or the limit ended the reading before the end of the log. */
  partial = false;
  /** Last seq that was read. */
  seqLast: number | undefined;
  /** Nothing has come yet that shows where the log begins. */
  unchecked: boolean;
  readonly #from: number;
  readonly #to: number;
  /** First seq asked for. */
  readonly #wanted: number | undefined;
  readonly #filter: RowFilter;
  readonly #limit: number;
  readonly #show: ShowRow;

  constructor({ from, to, unchecked }: AskedBounds, filter: RowFilter, limit: number | undefined, show: ShowRow) {
    this.unchecked = unchecked === true;
    this.#from = from ?? 0;
    this.#to = to ?? Number.POSITIVE_INFINITY;
    this.#wanted = from ?? to;
    this.#filter = filter;
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#show = show;
  }

  /** Throws E_BEFORE_BASE (2) where the log begins behind what was asked for. */
  check(first: number | undefined): void {
    if (first !== undefined && this.#wanted !== undefined && this.#wanted < first) {
      throw beforeBase(`seq ${this.#wanted}`, first);
    }
  }

  /** Of the frames, only those that stand for lost seqs are shown. */
  frame(frame: FrameView): undefined | Promise<undefined> {
    const { type, seqFirst, count } = frame;
    const seqLast = seqFirst + count - 1;
    if (type !== 'lost' || seqLast < this.#from || seqFirst > this.#to || this.shown >= this.#limit) return undefined;
    this.unchecked &&= (this.#wanted ?? seqFirst) < seqFirst;
    this.seqLast = seqLast;
    const row = rowOfLost(frame);
    if (!this.#filter.head(row) || !this.#filter.row(row)) return undefined;
    this.shown++;
    return this.#show(row)?.then(() => undefined);
  }

  record(record: RecordView): undefined | false | Promise<undefined | false> {
    const { seq, bytes, afterHole } = record;
    // A first record that stands behind a hole says nothing about where the log begins.
    if (this.unchecked && !afterHole) this.check(seq);
    this.unchecked = false;
    if (seq > this.#to || this.shown >= this.#limit) return this.#stop();
    this.seqLast = seq;
    if (seq < this.#from || !this.#filter.head(headOfRecord(bytes))) return undefined;
    const row = rowOfRecord(record);
    if (!this.#filter.row(row)) return undefined;
    this.shown++;
    const waiting = this.#show(row);
    // Known now, without reading on: nothing more can follow.
    const isLast = seq === this.#to;
    if (waiting === undefined) return isLast ? this.#stop() : undefined;
    return waiting.then(() => (isLast ? this.#stop() : undefined));
  }

  #stop(): false {
    this.partial = true;
    return false;
  }
}
