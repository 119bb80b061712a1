import type { QueueEvent } from '../../queue/events/event-types.ts';
import { decodeEvent, recordTypeName } from '../../queue/events/events.ts';
import { Spread } from './spread.ts';
import { Timeline } from './timeline.ts';

/** Events of one type, or of the jobs of one name. Bytes are those of the records. */
export interface Share {
  events: number;
  bytes: number;
}

export interface NameShare extends Share {
  enqueued: number;
  completed: number;
  dead: number;
  retried: number;
}

/** A job as long as it is not finished. */
interface Life {
  name: string;
  /** When it could be begun. */
  readyAt: number;
  startedAt: number | undefined;
  bytes: number;
}

/** Jobs whose ENQUEUE is not in the log: it was cleaned, or lost. */
const unknownName = '?';

/** Takes the events of a log one after another. Memory grows with the jobs that are unfinished, and with nothing else. */
export class StatsCollector {
  readonly byType = new Map<string, Share>();
  readonly byName = new Map<string, NameShare>();
  /** Milliseconds from the moment a job could be begun to its DISPATCH, and from there to the end of the attempt. */
  readonly wait = new Spread();
  readonly run = new Spread();
  readonly timeline = new Timeline();
  events = 0;
  bytes = 0;
  undecoded = 0;
  firstMs: number | undefined;
  lastMs: number | undefined;
  readonly #lives = new Map<string, Life>();

  take(record: Uint8Array): void {
    let event: QueueEvent | undefined;
    try {
      event = decodeEvent(record);
    } catch {
      event = undefined;
    }
    this.count(record, event);
  }

  /** The same where the record is decoded already; undefined when that failed. */
  count(record: Uint8Array, event: QueueEvent | undefined): void {
    this.events++;
    this.bytes += record.length;
    add(this.byType, recordTypeName(record), record.length, noShare);
    if (event === undefined) {
      this.undecoded++;
      return;
    }
    this.firstMs = Math.min(this.firstMs ?? event.at, event.at);
    this.lastMs = Math.max(this.lastMs ?? event.at, event.at);
    this.#event(event, record.length);
  }

  get unfinished(): number {
    return this.#lives.size;
  }

  /** Of the events of jobs that are unfinished: about what a log would need that held nothing else. */
  get liveBytes(): number {
    let bytes = 0;
    for (const life of this.#lives.values()) bytes += life.bytes;
    return bytes;
  }

  #event(event: QueueEvent, bytes: number): void {
    const { at } = event;
    if (event.type === 'ENQUEUE') {
      const { id, name, runAt } = event;
      this.#lives.set(id, { name, readyAt: Math.max(at, runAt), startedAt: undefined, bytes: 0 });
      this.timeline.add(at, 'enqueued');
      this.#share(name, bytes).enqueued++;
      this.#grow(id, bytes);
      return;
    }
    if (event.id === '' || event.type === 'SCHEDULE' || event.type === 'UNSCHEDULE') return;
    const life = this.#lives.get(event.id);
    const share = this.#share(life?.name ?? unknownName, bytes);
    this.#grow(event.id, bytes);
    switch (event.type) {
      case 'DISPATCH':
        if (life === undefined) return;
        life.startedAt = at;
        this.wait.add(at - life.readyAt);
        return;
      case 'ACK':
        share.completed++;
        this.timeline.add(at, 'completed');
        this.#end(life, event.durationMs ?? (life?.startedAt === undefined ? undefined : at - life.startedAt));
        this.#lives.delete(event.id);
        return;
      case 'RETRY':
        share.retried++;
        this.#end(life, life?.startedAt === undefined ? undefined : at - life.startedAt);
        if (life === undefined) this.#again(event.id, event.runAt, bytes);
        else life.readyAt = event.runAt;
        return;
      case 'DEAD':
        share.dead++;
        this.timeline.add(at, 'dead');
        this.#end(life, life?.startedAt === undefined ? undefined : at - life.startedAt);
        this.#lives.delete(event.id);
        return;
      case 'REMOVE':
        this.#lives.delete(event.id);
    }
  }

  /** The attempt is over. */
  #end(life: Life | undefined, ms: number | undefined): void {
    if (ms !== undefined) this.run.add(ms);
    if (life !== undefined) life.startedAt = undefined;
  }

  /** A dead job that lives again. */
  #again(id: string, readyAt: number, bytes: number): void {
    this.#lives.set(id, { name: unknownName, readyAt, startedAt: undefined, bytes });
  }

  #grow(id: string, bytes: number): void {
    const life = this.#lives.get(id);
    if (life !== undefined) life.bytes += bytes;
  }

  #share(name: string, bytes: number): NameShare {
    return add(this.byName, name, bytes, noNameShare);
  }
}

const noShare = (): Share => ({ events: 0, bytes: 0 });
const noNameShare = (): NameShare => ({ ...noShare(), enqueued: 0, completed: 0, dead: 0, retried: 0 });

function add<S extends Share>(shares: Map<string, S>, key: string, bytes: number, make: () => S): S {
  let share = shares.get(key);
  if (share === undefined) {
    share = make();
    shares.set(key, share);
  }
  share.events++;
  share.bytes += bytes;
  return share;
}
