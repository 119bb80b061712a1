import { usageError } from '../base/errors.ts';
import type { ForeignEvent, ForeignLogSummary, Visit } from '../formats/types.ts';
import { beforeBase } from './resolve.ts';
import { formatSelector, type Selector, type SelectorRange } from './selector.ts';

/** Reads the foreign log once more, from its beginning. */
export type ReadForeign = (visit?: Visit<ForeignEvent>) => Promise<ForeignLogSummary>;

/**
 * Whether a record lies in a range. Numbers of foreign logs start again, so `123` means every record of that number,
 * and all other points are places in the order of the file: `@-10` is the tenth record from its end. `place` counts
 * sound records from 1.
 */
export type InRange = (event: ForeignEvent, place: number) => boolean;

type Bound = { by: 'number'; value: bigint } | { by: 'place'; value: number };

export async function resolveForeign(
  range: SelectorRange | undefined,
  read: ReadForeign,
  nowMs: number,
): Promise<InRange> {
  if (range === undefined) return () => true;
  const places = await placesOf(range, read, nowMs);
  const single = range.from !== undefined && range.from === range.to;
  const isTime = range.from?.kind === 'time' || range.from?.kind === 'ago';
  const from = range.from === undefined || (single && isTime) ? undefined : boundOf(range.from, places, 'start');
  const to = range.to === undefined ? undefined : boundOf(range.to, places, 'end');
  return (event, place) => {
    if (from !== undefined && (from.by === 'place' ? place < from.value : BigInt(event.seq) < from.value)) return false;
    return to === undefined || (to.by === 'place' ? place <= to.value : BigInt(event.seq) <= to.value);
  };
}

interface Places {
  total: number;
  summary: ForeignLogSummary | undefined;
  /** Place of the last record that is not later, and of the first that is not earlier, by selector. */
  notLater: Map<Selector, number>;
  notEarlier: Map<Selector, number>;
  msOf(selector: Selector): number | undefined;
}

/** One pass for all that the ends of the range ask; none when they are plain numbers. */
async function placesOf(range: SelectorRange, read: ReadForeign, nowMs: number): Promise<Places> {
  const msOf = (selector: Selector): number | undefined => {
    if (selector.kind === 'time') return selector.ms;
    return selector.kind === 'ago' ? nowMs - selector.ms : undefined;
  };
  const ends = [range.from, range.to].filter((each) => each !== undefined);
  const places: Places = { total: 0, summary: undefined, notLater: new Map(), notEarlier: new Map(), msOf };
  if (ends.every((each) => each.kind === 'seq')) return places;
  const times = ends.flatMap((selector) => {
    const ms = msOf(selector);
    return ms === undefined ? [] : [{ selector, ms }];
  });
  places.summary = await read((event) => {
    places.total++;
    const at = event.timeMs === undefined ? undefined : Number(event.timeMs);
    if (at === undefined) return;
    for (const { selector, ms } of times) {
      if (at <= ms) places.notLater.set(selector, places.total);
      if (at >= ms && !places.notEarlier.has(selector)) places.notEarlier.set(selector, places.total);
    }
  });
  return places;
}

function boundOf(selector: Selector, places: Places, side: 'start' | 'end'): Bound {
  switch (selector.kind) {
    case 'seq':
      return { by: 'number', value: BigInt(selector.seq) };
    case 'tail':
      return { by: 'place', value: places.total };
    case 'from-tail': {
      const place = places.total - selector.back + 1;
      if (place < 1 && side === 'end') throw beforeBase(formatSelector(selector), places.summary?.seqFirst ?? '1');
      return { by: 'place', value: place };
    }
    case 'snap':
      throw usageError('E_SELECTOR', '@snap names no point: a log of another system has no snapshot beside it', {
        data: { selector: '@snap' },
      });
    case 'time':
    case 'ago': {
      if (side === 'start') return { by: 'place', value: places.notEarlier.get(selector) ?? places.total + 1 };
      const place = places.notLater.get(selector);
      if (place === undefined) throw beforeBase(formatSelector(selector), places.summary?.seqFirst ?? '1');
      return { by: 'place', value: place };
    }
  }
}
