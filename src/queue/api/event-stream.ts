import { usageError } from '../../base/errors.ts';
import { joinSignals } from '../../base/signals.ts';
import { scanStore } from '../../storage/read.ts';
import type { Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import type { QueueEvent } from '../events/event-types.ts';
import { decodeEvent } from '../events/events.ts';
import type { Packed } from '../events/packed.ts';
import { WakeUp } from '../run/wake-up.ts';
import type { QueueMachine } from '../state/machine.ts';
import { keepingAlive } from './keep-alive.ts';
import { type LogEvent, logEvent } from './log-event.ts';
import { checkOptions, checkSignal, checkWhole } from './options.ts';

export interface EventOptions {
  /** Seq of the first one. Default: those that come. */
  from?: number;
  /** Ends it. */
  signal?: AbortSignal;
}

const optionNames: ReadonlySet<string> = new Set<keyof EventOptions>(['from', 'signal']);

/** The queue whose events they are. */
export interface EventSource {
  env: StorageEnv;
  store: Pick<Store<QueueMachine>, 'dir' | 'seqLast' | 'poison'>;
  engine: Pick<QueueEngine, 'onCommit'>;
}

/** Events handed from the reading of the disk to whoever asks for them. */
const batchEvents = 256;
/** Kept for a reader that is busy with others; one that falls further behind reads from the disk. */
const liveEventsMax = 10_000;

/**
 * Every event from seq `from` on: first from the log on disk, then as they come, until `ends` or `signal` fires or the
 * reader leaves. Rejects with E_SEQ_RANGE when the log does not reach back so far any more, and with E_POISONED when it
 * has failed. Throws usageError E_OPTION.
 */
export function eventStream(source: EventSource, options: EventOptions, ends: AbortSignal): AsyncGenerator<LogEvent> {
  checkOptions(options, optionNames, 'events');
  const { from = source.store.seqLast + 1, signal } = options;
  checkWhole('from', from, 1);
  checkSignal(signal);
  return eventsFrom(source, from, ends, signal);
}

async function* eventsFrom(
  source: EventSource,
  from: number,
  ends: AbortSignal,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogEvent> {
  let next = from;
  const live = new Map<number, QueueEvent<Packed>>();
  const wakeUp = new WakeUp();
  const wake = () => wakeUp.wake();
  const unlisten = source.engine.onCommit((events, seqFirst) => {
    if (live.size > liveEventsMax) live.clear();
    for (const [index, event] of events.entries()) if (seqFirst + index >= next) live.set(seqFirst + index, event);
    wake();
  });
  const joined = joinSignals(ends, signal);
  joined.signal.addEventListener('abort', wake);
  const end = (): void => {
    const { poison } = source.store;
    if (poison !== undefined && joined.signal.reason === poison) throw poison;
  };
  try {
    while (!joined.signal.aborted) {
      const { version } = wakeUp;
      const event = live.get(next);
      if (event !== undefined) {
        live.delete(next);
        next++;
        yield logEvent(event, next - 1);
      } else if (next <= source.store.seqLast) {
        const lost = new Map<number, number>();
        for await (const batch of fromDisk(source, next, lost)) {
          for (const each of batch) {
            if (joined.signal.aborted) return end();
            next = behind(lost, next);
            if (each.seq !== next) throw outOfReach(next, each.seq);
            live.delete(next);
            next++;
            yield each;
          }
        }
        next = behind(lost, next);
      } else await keepingAlive(wakeUp.sleep(version));
    }
    end();
  } finally {
    unlisten();
    joined.signal.removeEventListener('abort', wake);
    joined.release();
  }
}

/** The first seq from `next` on that is not lost. */
function behind(lost: ReadonlyMap<number, number>, next: number): number {
  let seq = next;
  for (let after = lost.get(seq); after !== undefined; after = lost.get(seq)) seq = after;
  return seq;
}

/**
 * What stands on the disk from `from` on, as far as it is durable now. `lost` gets the seqs that a salvage could not
 * read: the first of a row, or `from` in the midst of one, and the one after its last.
 */
async function* fromDisk(
  { env, store }: EventSource,
  from: number,
  lost: Map<number, number>,
): AsyncGenerator<LogEvent[]> {
  const to = store.seqLast;
  const hand = new Hand<LogEvent[]>();
  let batch: LogEvent[] = [];
  const record = ({ seq, bytes }: { seq: number; bytes: Uint8Array }): undefined | false | Promise<boolean> => {
    if (seq > to) return false;
    if (seq < from) return undefined;
    batch.push(logEvent(decodeEvent(bytes), seq));
    if (batch.length < batchEvents) return undefined;
    const full = batch;
    batch = [];
    return hand.put(full);
  };
  const noteLost = ({ seqFirst, seqLast }: { seqFirst: number; seqLast: number }): void => {
    if (seqLast >= from) lost.set(Math.max(seqFirst, from), seqLast + 1);
  };
  const scan = scanStore(env, store.dir, { record, lost: noteLost }, { fromSeq: from }).then(async () => {
    await hand.put(batch);
    hand.end();
  });
  scan.catch(() => hand.end());
  let read = false;
  try {
    for (let got = await hand.take(); got !== undefined; got = await hand.take()) {
      read ||= got.length > 0;
      yield got;
    }
    await scan;
  } finally {
    hand.leave();
  }
  if (!read && !lost.has(from)) throw outOfReach(from, undefined);
}

/** One value at a time from a writer to a reader, who may leave. */
class Hand<T> {
  #value: { value: T } | undefined;
  #ended = false;
  #left = false;
  readonly #wakeUp = new WakeUp();

  /** Resolves once the value is taken; false when nobody will. */
  async put(value: T): Promise<boolean> {
    this.#value = { value };
    this.#wakeUp.wake();
    while (this.#value !== undefined && !this.#left) await this.#wakeUp.sleep(this.#wakeUp.version);
    return !this.#left;
  }

  async take(): Promise<T | undefined> {
    while (this.#value === undefined && !this.#ended) await this.#wakeUp.sleep(this.#wakeUp.version);
    const got = this.#value?.value;
    this.#value = undefined;
    this.#wakeUp.wake();
    return got;
  }

  end(): void {
    this.#ended = true;
    this.#wakeUp.wake();
  }

  leave(): void {
    this.#left = true;
    this.#wakeUp.wake();
  }
}

function outOfReach(from: number, seqFirst: number | undefined): Error {
  const begins = seqFirst === undefined ? '' : `; it goes on at ${seqFirst}`;
  return usageError('E_SEQ_RANGE', `seq ${from} is not in the log any more${begins}`, { data: { from, seqFirst } });
}
