import { usageError, type WalqError } from '../base/errors.ts';
import { formatSelector, type Selector, type SelectorRange } from './selector.ts';

/** What resolving a selector may ask of a log. Answers may cost a scan, so each is asked only when needed. */
export interface LogLook {
  /** First seq that the log may hold, where that is known without reading it. */
  begins(): Promise<number | undefined>;
  /** First and last seq that the log holds; undefined for an empty one. */
  ends(): Promise<{ seqFirst: number; seqLast: number } | undefined>;
  /**
   * The last seq before the first event that is later than `ms`... in seq order: up to the last event whose time is
   * not later. `undefined` when every event is later.
   */
  seqAtTime(ms: number): Promise<number | undefined>;
  /** The first event whose time is not earlier; `undefined` when all are earlier. */
  seqFromTime(ms: number): Promise<number | undefined>;
  /** Last seq covered by the newest good snapshot; `undefined` without one. */
  snapshotSeq(): Promise<number | undefined>;
  /** Wall clock, milliseconds. */
  nowMs(): number;
}

/** The seq a selector means, as the end of something ('up to here') or as its start ('from here on'). */
export async function resolveSelector(selector: Selector, look: LogLook, side: 'start' | 'end'): Promise<number> {
  switch (selector.kind) {
    case 'seq':
      return selector.seq;
    case 'tail':
    case 'from-tail': {
      const ends = await endsOf(look, selector);
      if (selector.kind === 'tail') return ends.seqLast;
      const seq = ends.seqLast - selector.back + 1;
      // '@-10..' of a log with three events means all three; as an end it would mean a state that is not there.
      if (seq < ends.seqFirst && side === 'start') return ends.seqFirst;
      if (seq < ends.seqFirst) throw beforeBase(formatSelector(selector), ends.seqFirst);
      return seq;
    }
    case 'snap': {
      const seq = await look.snapshotSeq();
      if (seq === undefined) {
        throw usageError('E_SELECTOR', '@snap names no point: there is no good snapshot', {
          data: { selector: '@snap' },
        });
      }
      return side === 'start' ? seq + 1 : seq;
    }
    case 'time':
    case 'ago':
      return await resolveTime(selector, look, side);
  }
}

async function resolveTime(
  selector: Extract<Selector, { kind: 'time' | 'ago' }>,
  look: LogLook,
  side: 'start' | 'end',
): Promise<number> {
  const ms = selector.kind === 'time' ? selector.ms : look.nowMs() - selector.ms;
  const ends = await endsOf(look, selector);
  if (side === 'start') return (await look.seqFromTime(ms)) ?? ends.seqLast + 1;
  const seq = await look.seqAtTime(ms);
  if (seq === undefined) throw beforeBase(formatSelector(selector), ends.seqFirst);
  return seq;
}

/** Both ends of a range as seqs, inclusive. Throws E_BEFORE_BASE or E_SELECTOR (exit 2). */
export async function resolveRange(range: SelectorRange, look: LogLook): Promise<{ from?: number; to?: number }> {
  const single = range.from !== undefined && range.from === range.to ? range.from : undefined;
  if (single !== undefined && single.kind !== 'time' && single.kind !== 'ago') {
    const seq = await resolveSelector(single, look, 'end');
    await refuseBeforeBase(seq, look);
    return { from: seq, to: seq };
  }
  if (single !== undefined) return { to: await resolveSelector(single, look, 'end') };
  const from = range.from === undefined ? undefined : await resolveSelector(range.from, look, 'start');
  const to = range.to === undefined ? undefined : await resolveSelector(range.to, look, 'end');
  if (from !== undefined && range.from?.kind === 'seq') await refuseBeforeBase(from, look);
  if (to !== undefined) await refuseBeforeBase(to, look);
  if (from !== undefined && to !== undefined && from > to && range.from?.kind === 'seq' && range.to?.kind === 'seq') {
    throw usageError('E_SELECTOR', `the range ${from}..${to} ends before it starts`, { data: { from, to } });
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

async function refuseBeforeBase(seq: number, look: LogLook): Promise<void> {
  // Compaction may have left no event at all.
  const first = (await look.ends())?.seqFirst ?? (await look.begins());
  if (first !== undefined && seq < first) throw beforeBase(`seq ${seq}`, first);
}

async function endsOf(look: LogLook, selector: Selector): Promise<{ seqFirst: number; seqLast: number }> {
  const ends = await look.ends();
  if (ends !== undefined) return ends;
  const name = formatSelector(selector);
  throw usageError('E_SELECTOR', `${name} names no point: the log holds no events`, { data: { selector: name } });
}

export function beforeBase(what: string, earliest: number | string): WalqError {
  return usageError('E_BEFORE_BASE', `${what} lies before the start of this log; the earliest is seq ${earliest}`, {
    data: { earliest },
  });
}
