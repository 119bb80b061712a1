import type { DispatchEvent, JobEvent, QueueEvent, RetryEvent } from '../../queue/events/event-types.ts';
import { decodeEvent, recordTypeName } from '../../queue/events/events.ts';
import { tookMs } from '../../queue/state/took.ts';
import { type Life, Lives, unknownName } from './lives.ts';
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
  /** Died, and were not called back. */
  dead: number;
  /** RETRY: after an attempt, or by hand. */
  retried: number;
}

/** Takes the events of a log one after another. Memory grows with the jobs that are unfinished or dead, and with no others. */
export class StatsCollector {
  readonly byType = new Map<string, Share>();
  readonly byName = new Map<string, NameShare>();
  /** Milliseconds from the moment a job could be begun to its DISPATCH, and from there to the end of the attempt. */
  readonly wait = new Spread();
  readonly took = new Spread();
  readonly timeline = new Timeline();
  events = 0;
  bytes = 0;
  undecoded = 0;
  firstMs: number | undefined;
  lastMs: number | undefined;
  /** Those whose begin the log tells, and how many of them were followed by another. */
  attempts = 0;
  attemptsRetried = 0;
  readonly #lives = new Lives();

  take(record: Uint8Array, seq: number): void {
    let event: QueueEvent | undefined;
    try {
      event = decodeEvent(record);
    } catch {
      event = undefined;
    }
    this.count(record, event, seq);
  }

  /** The same where the record is decoded already; undefined when that failed. */
  count(record: Uint8Array, event: QueueEvent | undefined, seq: number): void {
    this.events++;
    this.bytes += record.length;
    add(this.byType, recordTypeName(record), record.length, noShare);
    if (event === undefined) {
      this.undecoded++;
      return;
    }
    this.firstMs = Math.min(this.firstMs ?? event.at, event.at);
    this.lastMs = Math.max(this.lastMs ?? event.at, event.at);
    this.#event(event, record.length, seq);
  }

  get unfinished(): number {
    return this.#lives.unfinished;
  }

  /** Of the events of jobs that are unfinished: about what a log would need that held nothing else. */
  get liveBytes(): number {
    return this.#lives.liveBytes;
  }

  #event(event: QueueEvent, bytes: number, seq: number): void {
    switch (event.type) {
      case 'PRUNE':
        this.#lives.prune(event);
        return;
      case 'PAUSE':
      case 'RESUME':
      case 'LIMIT':
      case 'SCHEDULE':
      case 'UNSCHEDULE':
        return;
      default:
        this.#job(event, bytes, seq);
    }
  }

  #job(event: JobEvent, bytes: number, seq: number): void {
    const { id, at } = event;
    const life =
      event.type === 'ENQUEUE'
        ? this.#lives.enqueue(id, event.name, Math.max(at, event.runAt), event.parents)
        : this.#lifeOf(event);
    // Of one that had completed, as a rule: its name is forgotten by now.
    if (life === undefined && event.type === 'REMOVE') return;
    const share = this.#share(life?.name ?? unknownName, bytes);
    if (life !== undefined) life.bytes += bytes;
    // Logs of others may say more of a dead job; the state does not heed it.
    if (life?.deadSeq !== undefined && event.from !== undefined && event.type !== 'REMOVE') return;
    switch (event.type) {
      case 'ENQUEUE':
        share.enqueued++;
        this.timeline.add(at, 'enqueued');
        return;
      case 'DISPATCH':
        this.#dispatch(event, life);
        return;
      case 'ACK':
        share.completed++;
        this.timeline.add(at, 'completed');
        this.#end(life, at);
        this.#lives.complete(id, at);
        return;
      case 'RETRY':
        this.#retry(event, life, share);
        return;
      case 'TIMEOUT':
        if (life !== undefined) life.owner = undefined;
        return;
      case 'DEAD':
        this.#die(event, life, share, seq);
        return;
      case 'CANCEL':
        // A runner ends the process first, and then says how it went.
        if (life?.owner === undefined || life.owner === 'lease') this.#die(event, life, share, seq);
        return;
      case 'UPDATE':
        if (life !== undefined && event.runAt !== undefined) life.readyAt = event.runAt;
        return;
      case 'REMOVE':
        this.#lives.forget(id);
    }
  }

  /** Where nothing is known of the job, its event may say that it lives. */
  #lifeOf({ type, id, from }: JobEvent): Life | undefined {
    const known = this.#lives.of(id);
    // In logs of others these may come late, of a job that is over.
    if (known !== undefined || from !== undefined) return known;
    const isAlive =
      type === 'DISPATCH' || type === 'RETRY' || type === 'TIMEOUT' || type === 'UPDATE' || type === 'EXTEND';
    return isAlive ? this.#lives.meet(id) : undefined;
  }

  #dispatch({ at, owner }: DispatchEvent, life: Life | undefined): void {
    this.attempts++;
    if (life === undefined) return;
    this.#lives.free(life);
    if (life.readyAt !== undefined) this.wait.add(at - life.readyAt);
    life.startedAt = at;
    life.owner = owner.kind;
  }

  #retry({ id, at, runAt }: RetryEvent, life: Life | undefined, share: NameShare): void {
    share.retried++;
    if (life?.deadSeq !== undefined) {
      share.dead--;
      this.#lives.revive(id, life);
    } else if (life?.startedAt !== undefined) this.attemptsRetried++;
    this.#end(life, at);
    if (life !== undefined) life.readyAt = runAt;
  }

  #die({ id, at }: JobEvent, known: Life | undefined, share: NameShare, seq: number): void {
    const life = known ?? this.#lives.meet(id);
    // CANCEL of a job that a runner has, as the part of the log that is missing would have told.
    if (life.deadSeq !== undefined) return;
    share.dead++;
    this.timeline.add(at, 'dead');
    this.#end(life, at);
    this.#lives.die(id, life, seq);
  }

  /** The attempt is over, if there was one. */
  #end(life: Life | undefined, at: number): void {
    if (life === undefined) return;
    if (life.startedAt !== undefined) this.took.add(tookMs(life.startedAt, at));
    life.startedAt = undefined;
    life.owner = undefined;
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
