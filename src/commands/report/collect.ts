import type { QueueEvent } from '../../queue/events/event-types.ts';
import { recordType, recordTypeName } from '../../queue/events/events.ts';
import type { Job } from '../../queue/state/job.ts';
import type { QueueMachine } from '../../queue/state/machine.ts';
import type { FrameView, LostRange, RecordView } from '../../storage/types.ts';
import { StatsCollector } from '../stats/collect.ts';
import { FrameCells } from './cells.ts';
import { decoded, enqueuedAs, idOf, spanMs, stateAfter, timeOf } from './event-facts.ts';
import { eventText, isAboutSchedule } from './event-text.ts';
import { Points } from './points.ts';
import { Rows } from './rows.ts';
import { type Foothold, StateTrack, type Step } from './state-track.ts';
import { jobCodes, type LaneField, type ReportLimits, type RowField, rowFields } from './types.ts';

export interface CollectOptions {
  limits: ReportLimits;
  withPayloads: boolean;
  footholds: readonly Foothold[];
  /** Reads the state out of a snapshot; undefined when it is damaged, or gone by now. */
  load(foothold: Foothold): Promise<QueueMachine | undefined>;
}

const noCounts = { pending: 0, in_flight: 0, completed: 0, dead: 0 };
const laneOfType = {
  ENQUEUE: 'enqueued',
  DISPATCH: 'dispatched',
  ACK: 'acked',
  RETRY: 'retried',
  TIMEOUT: 'timedOut',
  DEAD: 'died',
} as const;

/** Gathers what a report shows while a log goes by, once, from its first frame to its last. */
export class ReportCollector {
  readonly rows: Rows;
  readonly cells: FrameCells;
  readonly points: Points;
  readonly stats = new StatsCollector();
  readonly typeNames: Record<number, string> = {};
  readonly segmentFiles: string[] = [];
  base: { seq: number; counts: typeof noCounts } | undefined;
  eventsOf = 0;
  jobsOf = 0;
  readonly #options: CollectOptions;
  readonly #state: StateTrack;
  readonly #lanes: Record<LaneField, number> = {
    enqueued: 0,
    dispatched: 0,
    acked: 0,
    retried: 0,
    timedOut: 0,
    died: 0,
    others: 0,
  };
  #lastMs = 0;
  /** A fault lies before the first event. */
  #holed = false;
  /** The event at hand. One for all: objects by the million keep the collector of garbage busy. */
  readonly #row = Object.fromEntries(rowFields.map((field) => [field, 0])) as Record<RowField, number>;

  constructor(options: CollectOptions) {
    this.#options = options;
    this.rows = new Rows(options.limits);
    this.cells = new FrameCells(options.limits.cells);
    this.points = new Points(options.limits.points);
    this.#state = new StateTrack(options.footholds);
  }

  frame(frame: FrameView): undefined {
    this.cells.take(frame, this.#segment(frame.file));
  }

  lost({ seqFirst, seqLast }: LostRange): void {
    if (this.eventsOf === 0 && seqFirst === 1 && !this.#holed) this.#begin();
    this.#state.lost({ seqFirst, seqLast });
  }

  hole(): void {
    this.#state.hole();
    this.#holed = true;
  }

  record(record: RecordView): undefined | Promise<undefined> {
    if (this.eventsOf === 0 && record.seq === 1 && this.#state.seq === 0 && !this.#holed) this.#begin();
    const { seq, file, offset } = record;
    const place = { seq, segment: this.#segment(file), offset, afterHole: record.afterHole ? 1 : 0 };
    const foothold = this.#state.before(seq);
    if (foothold === undefined) return this.#take(record.bytes, place);
    const bytes = Uint8Array.from(record.bytes);
    return this.#load(foothold).then(() => this.#take(bytes, place));
  }

  /** A log without an event: its state is that of the newest snapshot. */
  async end(): Promise<void> {
    const newest = this.#options.footholds.toSorted((a, b) => b.seq - a.seq);
    for (const foothold of this.eventsOf === 0 ? newest : []) {
      await this.#load(foothold);
      if (this.#state.machine !== undefined) break;
    }
    this.#state.machine = undefined;
    this.rows.end();
  }

  #begin(): void {
    this.#state.beginEmpty();
    this.base = { seq: 0, counts: noCounts };
  }

  #segment(file: string): number {
    if (this.segmentFiles.at(-1) !== file) this.segmentFiles.push(file);
    return this.segmentFiles.length - 1;
  }

  #take(bytes: Uint8Array, place: Place): undefined | Promise<undefined> {
    const type = recordType(bytes);
    this.typeNames[type] ??= recordTypeName(bytes);
    const event = decoded(bytes);
    this.stats.count(bytes, event, place.seq);
    this.eventsOf++;
    const step = this.#state.apply(event, place.seq);
    const job = this.#jobOf(event, bytes, step);
    const at = event?.at ?? timeOf(bytes) ?? this.#lastMs;
    this.#lastMs = at;
    const state = job === undefined ? jobCodes.absent : stateAfter(event, step, this.rows.jobs.stateOf(job));
    const text = event === undefined ? 'not understood by this version' : eventText(event, this.#options.withPayloads);
    const row = this.#row;
    row.seq = place.seq;
    row.segment = place.segment;
    row.offset = place.offset;
    row.afterHole = place.afterHole;
    row.atMs = at;
    row.type = type;
    row.job = job ?? -1;
    row.state = state;
    row.attempt = step?.after?.attempt ?? (event?.type === 'DISPATCH' ? event.attempt : -1);
    if (job !== undefined) this.rows.jobs.becomes(job, state, row.attempt);
    row.ms = spanMs(event, step);
    row.laterMs = event?.type === 'ENQUEUE' || event?.type === 'RETRY' ? Math.max(0, event.runAt - at) : 0;
    row.text = this.rows.textNumber(text);
    const pruned = event?.type === 'PRUNE' ? (event.ids ?? 'by seq') : undefined;
    const foothold = this.#state.after(place.seq);
    if (foothold === undefined) {
      this.#push(event?.type);
      if (pruned !== undefined) this.#forget(pruned);
      return undefined;
    }
    return this.#read(foothold).then((machine) => {
      this.#push(event?.type);
      if (machine !== undefined) this.#adopt(machine);
      return undefined;
    });
  }

  /** The row at hand, with the state after it. */
  #push(type: string | undefined): void {
    const { machine } = this.#state;
    const row = this.#row;
    row.known = machine === undefined ? 0 : 1;
    const { pending, in_flight, completed, dead } = machine?.counts ?? noCounts;
    row.pending = pending;
    row.in_flight = in_flight;
    row.completed = completed;
    row.dead = dead;
    this.#lanes[laneOf(type)]++;
    this.points.take(row, this.#lanes);
    this.rows.push(row);
  }

  #jobOf(event: QueueEvent | undefined, bytes: Uint8Array, step: Step | undefined): number | undefined {
    const id = event === undefined ? idOf(bytes) : isAboutSchedule(event) ? '' : event.id;
    if (id === '') return undefined;
    const { jobs, texts } = this.rows;
    const begins = event?.type === 'ENQUEUE';
    const known = jobs.find(id);
    if (begins) this.jobsOf++;
    if (known !== undefined && !(begins && jobs.stateOf(known) === jobCodes.gone)) return known;
    const told = event?.type === 'ENQUEUE' ? enqueuedAs(event) : undefined;
    return jobs.add(id, step?.after ?? step?.before ?? told, begins, texts);
  }

  /** Those that a PRUNE took away. */
  #forget(which: readonly string[] | 'by seq'): void {
    const { jobs, rows } = this.rows;
    const { machine } = this.#state;
    if (machine === undefined) return;
    const named = which === 'by seq' ? [] : which.flatMap((id) => jobs.find(id) ?? []);
    const gone = which === 'by seq' ? [...jobs.ended()].filter(([id]) => machine.get(id) === undefined) : [];
    for (const place of [...named, ...gone.map(([, each]) => each)]) jobs.patch(rows.length, place, jobCodes.gone, 0);
  }

  async #load(foothold: Foothold): Promise<undefined> {
    const machine = await this.#read(foothold);
    if (machine === undefined) return;
    if (this.eventsOf === 0) this.base = { seq: foothold.seq, counts: { ...machine.counts } };
    this.#adopt(machine);
  }

  async #read(foothold: Foothold): Promise<QueueMachine | undefined> {
    const machine = await this.#options.load(foothold);
    if (machine !== undefined) this.#state.load(foothold, machine);
    return machine;
  }

  /** The jobs as a snapshot has them, where no event says so. */
  #adopt(machine: QueueMachine): void {
    const { rows, jobs } = this.rows;
    for (const job of machine.jobs()) this.#place(job);
    // Those that the lost events took away.
    for (const [id, place] of jobs.present()) {
      if (machine.get(id) === undefined) jobs.patch(rows.length, place, jobCodes.gone, 0);
    }
    this.rows.settle();
  }

  /** As a snapshot has it, where no event says so. */
  #place(job: Job): void {
    const { jobs, rows, texts } = this.rows;
    const known = jobs.find(job.id);
    if (known === undefined) this.jobsOf++;
    if (known === undefined && !this.rows.takesJob(job.id)) return;
    const place = known ?? jobs.add(job.id, job, false, texts);
    jobs.patch(rows.length, place, jobCodes[job.state], job.attempt);
  }
}

interface Place {
  seq: number;
  segment: number;
  offset: number;
  afterHole: number;
}

function laneOf(type: string | undefined): LaneField {
  return type !== undefined && type in laneOfType ? laneOfType[type as keyof typeof laneOfType] : 'others';
}
