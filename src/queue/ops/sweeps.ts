import type { SweepAnswer } from '../engine-types.ts';
import type { QueueEvent } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import { nextSlot } from '../state/slots.ts';
import type { EngineContext } from './context.ts';
import { Retention } from './retention.ts';
import { sweep } from './sweep.ts';

const never = Number.POSITIVE_INFINITY;

/** Knows when the clock makes a sweep due, without looking at all leases each time somebody asks. */
export class Sweeps {
  readonly #engine: EngineContext;
  readonly #retention: Retention;
  /**
   * When the last one began that found all there was, ms since the epoch. What came before the first one nobody has
   * seen.
   */
  #sweptAt = 0;
  /** When `#nextAt` was asked for last. */
  #askedAt = 0;
  /** Undefined when that has to be worked out anew. */
  #nextAt: number | undefined;

  constructor(engine: EngineContext) {
    this.#engine = engine;
    this.#retention = new Retention(engine);
    engine.commits.listen((events) => {
      for (const event of events) this.#note(event);
    });
  }

  async sweep(upSinceMs: number): Promise<SweepAnswer> {
    const at = this.#engine.now();
    const answer = await sweep(this.#engine, this.#retention, upSinceMs);
    // Of many slots one sweep makes a part.
    if (answer.scheduled === 0) this.#sweptAt = at;
    this.#nextAt = undefined;
    return answer;
  }

  /** Ms since the epoch; undefined when there is nothing to sweep. Retention comes along with everything else. */
  nextAt(): number | undefined {
    const now = this.#engine.now();
    // A clock that was ahead of itself and was set right: what was counted from it is too late.
    if (now < this.#askedAt) this.#nextAt = undefined;
    this.#askedAt = now;
    this.#nextAt ??= this.#workOut();
    return this.#nextAt === never ? undefined : this.#nextAt;
  }

  #workOut(): number {
    const { machine } = this.#engine;
    const since = Math.min(this.#sweptAt, this.#askedAt);
    let next = this.#retention.nextAt(this.#askedAt) ?? never;
    for (const { owner } of machine.leases()) if (owner.kind === 'lease') next = Math.min(next, owner.deadlineMs);
    for (const schedule of machine.settings.schedules) next = Math.min(next, nextSlot(schedule, since) ?? never);
    return next;
  }

  /** Earlier times are noted, later ones are found out when the time comes that stands here. */
  #note(event: QueueEvent<Packed>): void {
    switch (event.type) {
      case 'DISPATCH':
        if (event.owner.kind === 'lease') this.#noteDeadline(event.owner.deadlineMs);
        return;
      case 'EXTEND':
        this.#noteDeadline(event.deadlineMs);
        return;
      case 'SCHEDULE':
      case 'UNSCHEDULE':
      case 'LIMIT':
        this.#nextAt = undefined;
    }
  }

  #noteDeadline(ms: number): void {
    if (this.#nextAt !== undefined && ms < this.#nextAt) this.#nextAt = ms;
  }
}
