import { usageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { eventNames } from '../queue/events/events.ts';
import { type EventRow, lostType, type RowHead, rowText } from './event-row.ts';
import { compileWhere } from './where/compile.ts';
import { EventView, eventFieldsOf } from './where/event-fields.ts';

export interface FilterRequest {
  /** Event types; case does not matter. */
  types?: readonly string[];
  jobs?: readonly string[];
  /** Part of the text form of an event. */
  grep?: string;
  /** An expression (docs/expressions.md). */
  where?: string;
}

/** Filters in two steps, so that most records are dropped before they are decoded. */
export interface RowFilter {
  head(head: RowHead): boolean;
  row(row: EventRow): boolean;
}

/**
 * Throws E_USAGE (exit 2) for a type that no log of ours can hold, E_WHERE (2) for an expression. `isForeign` lets any
 * type pass: other systems have their own, and fewer fields. `nowMs` is for "5m ago".
 */
export function rowFilter(request: FilterRequest, isForeign: boolean, nowMs: number): RowFilter {
  const types = request.types === undefined ? undefined : new Set(request.types.map((type) => type.toUpperCase()));
  const jobs = request.jobs === undefined ? undefined : new Set(request.jobs);
  if (types !== undefined && !isForeign) refuseUnknownTypes(types);
  const { grep } = request;
  const source = request.where === undefined ? undefined : { flag: '--where', text: request.where };
  const where = source && compileWhere(eventFieldsOf(isForeign), source, nowMs);
  return {
    head: (head) =>
      (types === undefined || types.has(head.type.toUpperCase())) && (jobs === undefined || jobs.has(head.job)),
    row: (row) =>
      (where === undefined || where.holds(new EventView(row))) && (grep === undefined || rowText(row).includes(grep)),
  };
}

function refuseUnknownTypes(types: ReadonlySet<string>): void {
  const names = [...eventNames(), lostType];
  for (const type of types) {
    if (names.includes(type) || /^TYPE_\d+$/.test(type)) continue;
    const near = nearest(type, names)[0];
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    throw usageError('E_USAGE', `--type: '${type}' is no event type${hint}; allowed: ${names.join(', ')}`, {
      data: { flag: '--type', value: type, allowed: names },
    });
  }
}
