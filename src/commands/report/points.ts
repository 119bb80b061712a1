import { Columns } from './columns.ts';
import { type LaneField, laneFields, type PointField, pointFields } from './types.ts';

type Point = Record<PointField, number>;

/** The state after every event, or every second, fourth, ... one: as many points as a chart has use for. */
export class Points {
  readonly points = new Columns<PointField>(pointFields);
  readonly #most: number;
  #every = 1;
  #taken = 0;
  /** The last event, which may have no point of its own. */
  readonly #last = Object.fromEntries(pointFields.map((field) => [field, 0])) as Point;

  constructor(most: number) {
    this.#most = most;
  }

  /** An event, and how many there were of each kind by now. */
  take(
    row: Readonly<Record<Exclude<PointField, LaneField>, number>>,
    lanes: Readonly<Record<LaneField, number>>,
  ): void {
    this.#taken++;
    const last = this.#last;
    for (const field of stateFields) last[field] = row[field];
    for (const field of laneFields) last[field] = lanes[field];
    if (this.#taken % this.#every !== 0) return;
    this.points.push(last);
    if (this.points.length < this.#most) return;
    this.#every *= 2;
    this.points.keep((index) => index % 2 === 1);
  }

  /** The last event has a point in any case. */
  done(): Columns<PointField> {
    if (this.#taken % this.#every !== 0) this.points.push(this.#last);
    return this.points;
  }
}

const stateFields = pointFields.filter((field): field is Exclude<PointField, LaneField> => {
  const lanes: readonly string[] = laneFields;
  return !lanes.includes(field);
});
