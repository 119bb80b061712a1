import { firstAbove, type LaneField, laneFields, type Model, rising, states } from './model.ts';
import type { Counts } from './player.ts';
import type { Across, Scale } from './scale.ts';
import type { Stage } from './stage.ts';

/**
 * What the charts over time are drawn from: the events themselves where the page has all of them, else the points that
 * the report took of the whole log.
 */
export class HistoryData {
  readonly isWhole: boolean;
  readonly #model: Model;
  readonly #across: Record<Across, Float64Array>;
  readonly #lanes: Uint8Array;

  constructor({ model, seqs, times }: Stage) {
    const { facts, points, rows } = model;
    this.#model = model;
    this.isWhole = facts.sample.oneIn === 1;
    this.#across = this.isWhole ? { seq: seqs, time: times } : { seq: rising(points.seq), time: rising(points.atMs) };
    this.#lanes = Uint8Array.from(rows.type, (type) => laneOf(facts.typeNames[String(type)] ?? ''));
  }

  /** Jobs by state at a seq or time; undefined where they are not known. */
  at(across: Across, value: number): Counts | undefined {
    const index = firstAbove(this.#across[across], value) - 1;
    if (index < 0) return this.#model.facts.base;
    const table = this.isWhole ? this.#model.rows : this.#model.points;
    if (table.known[index] !== 1 || (this.isWhole && this.#isLost(across, index, value))) return undefined;
    const counts = states.map((state) => [state, table[state][index] ?? 0]);
    return Object.fromEntries(counts) as Counts;
  }

  /** Between two events of which the seqs are not neighbours: those between are lost. */
  #isLost(across: Across, index: number, value: number): boolean {
    const { seq } = this.#model.rows;
    const next = seq[index + 1];
    return next !== undefined && next > (seq[index] ?? 0) + 1 && value > (this.#across[across][index] ?? 0);
  }

  /** Events of each lane in each column of a chart. */
  bins(across: Across, scale: Scale): Float64Array[] {
    const columns = Math.ceil(scale.width);
    const lanes = laneFields.map(() => new Float64Array(columns));
    const column = this.#across[across];
    const place = (value: number): number =>
      Math.max(0, Math.min(columns - 1, Math.floor(scale.x(value) - scale.left)));
    if (this.isWhole) {
      for (let row = 0; row < column.length; row++) add(lanes[this.#lanes[row] ?? 0], place(column[row] ?? 0), 1);
      return lanes;
    }
    for (let point = 0; point < column.length; point++) {
      const to = place(column[point] ?? 0);
      const from = point === 0 ? 0 : Math.min(to, place(column[point - 1] ?? 0) + 1);
      for (const [lane, field] of laneFields.entries()) {
        const events = this.#grown(field, point) / (to - from + 1);
        if (events > 0) for (let at = from; at <= to; at++) add(lanes[lane], at, events);
      }
    }
    return lanes;
  }

  #grown(field: LaneField, point: number): number {
    const { points } = this.#model;
    return (points[field][point] ?? 0) - (point === 0 ? 0 : (points[field][point - 1] ?? 0));
  }
}

function add(bins: Float64Array | undefined, at: number, events: number): void {
  if (bins !== undefined) bins[at] = (bins[at] ?? 0) + events;
}

const laneTypes = ['ENQUEUE', 'DISPATCH', 'ACK', 'RETRY', 'TIMEOUT', 'DEAD'];

function laneOf(type: string): number {
  const lane = laneTypes.indexOf(type);
  return lane < 0 ? laneTypes.length : lane;
}

/** As the lanes are called, in their order. */
export const laneNames = [...laneTypes, 'others'];
