import { arrayOfOne } from '../../base/array-of-one.ts';
import { usageError, WalqError } from '../../base/errors.ts';
import { compactJson } from '../../base/json.ts';
import type { AckAnswer, AttemptRef } from '../engine-types.ts';
import type { AckEvent } from '../events/event-types.ts';
import { type Packed, packText } from '../events/packed.ts';
import type { OutcomeHooks } from './commits.ts';
import type { EngineContext } from './context.ts';
import { current } from './engine-checks.ts';
import { knownEvents } from './known.ts';
import type { Hold } from './reservations.ts';

/** What there is to say of work that is done. */
export interface Done {
  /** JSON text. */
  result?: string;
  /** Default: since its DISPATCH. */
  durationMs?: number;
}

/**
 * The attempt succeeded. Rejects with E_ATTEMPT_OVER when it is not the current one any more. No async function, as in
 * dispatch.ts.
 */
export function ack(engine: EngineContext, ref: AttemptRef, done: Done): Promise<AckAnswer> {
  try {
    const completion = new Completion(engine, ref, done);
    const { granted } = completion.hold;
    return granted === undefined ? completion.append() : granted.then(() => completion.append());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** An ACK on its way to the log. */
class Completion implements OutcomeHooks<AckAnswer> {
  readonly hold: Hold;
  readonly #engine: EngineContext;
  readonly #ref: AttemptRef;
  readonly #durationMs: number | undefined;
  readonly #result: Packed | undefined;
  readonly #dropped: boolean;
  #events: readonly AckEvent<Packed>[] = [];

  constructor(engine: EngineContext, ref: AttemptRef, done: Done) {
    const { result, dropped } = keptResult(done.result, engine.options.resultBytesMax);
    this.#engine = engine;
    this.#ref = ref;
    this.#durationMs = done.durationMs;
    this.#result = result;
    this.#dropped = dropped;
    this.hold = engine.reserved.enter(arrayOfOne(ref.id));
  }

  /** To be called when the id of the job is held. */
  append(): Promise<AckAnswer> {
    const engine = this.#engine;
    try {
      const job = current(engine.machine.get(this.#ref.id), this.#ref);
      const at = engine.now();
      const durationMs = Math.max(0, Math.round(this.#durationMs ?? at - job.startedAt));
      this.#events = arrayOfOne(new Ack(job.id, at, durationMs, this.#result));
      return engine.commits.appendWith(this.#events, this, knownEvents(this.#events));
    } catch (error) {
      this.givenUp();
      throw error;
    }
  }

  applied(seq: number): AckAnswer {
    this.#engine.reserved.leave(this.hold);
    this.#engine.commits.tell(this.#events, seq);
    return { id: this.#ref.id, seq, resultDropped: this.#dropped };
  }

  failed(error: unknown): Promise<AckAnswer> | undefined {
    return this.#engine.commits.persist(this.#events, this, error);
  }

  givenUp(): void {
    this.#engine.reserved.leave(this.hold);
  }
}

/**
 * A result too large, or nested too deep, is left out, because losing the ACK over it would run the job again. Throws
 * usageError E_JSON for what is not JSON.
 */
function keptResult(text: string | undefined, bytesMax: number): { result?: Packed; dropped: boolean } {
  if (text === undefined) return { dropped: false };
  let compact: string;
  try {
    compact = compactJson(text, { bytesMax: 4 * bytesMax });
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    if (error.code === 'E_JSON_SIZE' || error.code === 'E_JSON_DEPTH') return { dropped: true };
    throw usageError(error.code, `result: ${error.message}`, { data: { ...error.data, field: 'result' } });
  }
  const result = packText(compact);
  return result.length > bytesMax ? { dropped: true } : { result, dropped: false };
}

/** A class and no literal: base/array-of-one.ts says why. */
class Ack implements AckEvent<Packed> {
  readonly type = 'ACK';
  readonly id: string;
  readonly at: number;
  readonly durationMs: number;
  readonly result: Packed | undefined;

  constructor(id: string, at: number, durationMs: number, result: Packed | undefined) {
    this.id = id;
    this.at = at;
    this.durationMs = durationMs;
    this.result = result;
  }
}
