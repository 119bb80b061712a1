import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
import type { Frame } from './disk.ts';
import { after, childrenOf, empty, type State } from './state.ts';
import type { Op, World } from './world.ts';

/** What the log says happened: the state after every event, by seq. Throws for a log that cannot be. */
export class History {
  readonly states: State[] = [empty];
  readonly frames: readonly Frame[];
  readonly #clock: readonly number[];

  constructor({ frames, clock }: World) {
    this.frames = frames;
    this.#clock = clock.history;
    for (const { events } of frames) {
      for (const event of events) this.states.push(after(this.at(this.states.length - 1), event, this.states.length));
      this.#settled();
    }
  }

  at(seq: number): State {
    const state = this.states[seq];
    if (state === undefined) throw new Error(`there is no seq ${seq}`);
    return state;
  }
  get last(): State {
    return this.at(this.states.length - 1);
  }
  before({ seqFirst }: Frame): State {
    return this.at(seqFirst - 1);
  }
  after({ seqFirst, events }: Frame): State {
    return this.at(seqFirst + events.length - 1);
  }

  /**
   * The state at this seq, with the highest limit of waiting jobs in force since the operation was asked for. Jobs that
   * came back or were made by a schedule meanwhile are let in on top of it: no limit keeps them out.
   */
  loosest(op: Op, frame: Frame, seq: number): State {
    const before = this.at(seq);
    const seen = this.states.slice(op.seq, frame.seqFirst).map(({ limits }) => limits.get('')?.pendingMax);
    const events = this.frames.filter(({ seqFirst }) => seqFirst > op.seq && seqFirst < frame.seqFirst);
    const comes = (event: QueueEvent): boolean =>
      event.type === 'RETRY' || (event.type === 'ENQUEUE' && event.slot !== undefined);
    const back = events.flatMap((one) => one.events).filter(comes).length;
    const pendingMax = back + Math.max(...seen.map((max) => max ?? Number.POSITIVE_INFINITY));
    return { ...before, limits: new Map(before.limits).set('', { ...before.limits.get(''), pendingMax }) };
  }

  /** Was there a moment, while the operation was under way, at which this was so? */
  justifies(op: Op, isSo: (state: State, at: number) => boolean): boolean {
    const times = [...new Set(this.times(op, op.tickEnd))];
    return this.states.slice(op.seq, op.seqEnd + 1).some((state) => times.some((at) => isSo(state, at)));
  }
  /** The values of the wall clock it can have seen. */
  times({ tick }: Op, tickEnd: number): number[] {
    return this.#clock.slice(tick, tickEnd + 1);
  }
  /** The latest time it has ever been. */
  latest(tickEnd: number): number {
    return Math.max(...this.#clock.slice(0, tickEnd + 1));
  }

  framesOf(op: number): Frame[] {
    return this.frames.filter((frame) => frame.op === op);
  }

  /** Between two frames nobody waits for what is gone or dead, and nothing hangs in the middle of a change. */
  #settled(): void {
    const { last } = this;
    for (const job of last.jobs.values()) {
      if (job.timedOut) throw new Error(`seq ${this.states.length - 1}: ${job.id} timed out and nothing followed`);
      for (const parent of job.phase === 'waits' ? job.awaits : []) {
        const { phase } = last.jobs.get(parent) ?? { phase: 'gone' };
        if (phase !== 'waits' && phase !== 'works')
          throw new Error(`seq ${this.states.length - 1}: ${job.id} waits for ${parent}, which is ${phase}`);
      }
    }
    for (const job of last.jobs.values()) {
      if (job.phase === 'dead' && childrenOf(last, job.id).length > 0) throw new Error(`${job.id} left children`);
    }
  }
}

export function timeOf(events: readonly QueueEvent[]): number {
  const [first] = events;
  if (first === undefined || events.some(({ at }) => at !== first.at)) throw new Error('a frame of several times');
  return first.at;
}
