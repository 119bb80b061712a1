import type { Clock } from '../../base/clock.ts';
import type { QueueEngine } from '../engine.ts';
import type { Lease, LeaseRequest } from '../engine-types.ts';
import { Sweeper } from './sweeper.ts';
import { type Call, TakeLine } from './take-line.ts';

/** Gives jobs to consumers, who may wait for them. */
export class Taker {
  readonly #engine: QueueEngine;
  readonly #clock: Clock;
  readonly #line: TakeLine;
  readonly #sweeper: Sweeper;

  constructor(engine: QueueEngine, clock: Clock, upSinceMs: number) {
    this.#engine = engine;
    this.#clock = clock;
    this.#line = new TakeLine(engine, clock);
    this.#sweeper = new Sweeper(clock, engine, upSinceMs);
  }

  /** Waits up to `waitMs` for the first job; without a signal not at all. */
  take(request: LeaseRequest, waitMs: number, signal: AbortSignal | undefined): Promise<Lease[]> {
    const { version } = this.#line;
    const taking = this.#look(request);
    if (this.#line.isUsed) taking.catch(() => this.#line.callLater());
    if (waitMs <= 0 || signal === undefined) return taking;
    const until = this.#clock.monotonic() + waitMs;
    return taking.then((leases) => (leases.length > 0 ? leases : this.#wait(request, version, until, signal)));
  }

  #look(request: LeaseRequest): Promise<Lease[]> {
    const sweeping = this.#sweeper.whenDue();
    return sweeping === undefined ? this.#engine.lease(request) : sweeping.then(() => this.#engine.lease(request));
  }

  /** Nothing was there when the line was at `version`. */
  async #wait(request: LeaseRequest, looked: number, until: number, signal: AbortSignal): Promise<Lease[]> {
    let version = looked;
    let leases: Lease[] | undefined = [];
    for (;;) {
      const leftMs = until - this.#clock.monotonic();
      if (leases.length > 0 || leftMs <= 0 || signal.aborted) return leases;
      const call: Call | undefined = await this.#line.wait(version, leftMs, signal);
      version = this.#line.version;
      leases = undefined;
      try {
        leases = await this.#look(request);
      } finally {
        // Where somebody who takes any job found none, there is none for those who take some.
        const isLast = leases?.length === 0 && request.names === undefined;
        if (call !== undefined && !isLast) this.#line.call(call, 1);
      }
    }
  }
}
