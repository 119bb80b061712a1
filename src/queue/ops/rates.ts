import type { Clock } from '../../base/clock.ts';
import type { Rate } from '../events/setting-types.ts';
import type { Settings } from '../state/settings.ts';

interface Bucket {
  rate: Rate;
  tokens: number;
  /** Monotonic, when `tokens` was true. */
  at: number;
}

/**
 * Token buckets of the whole queue ('') and of groups, on the monotonic clock. A bucket begins full, holds `count`
 * tokens at most and fills evenly. Tokens are of this process alone and no part of the state.
 */
export class Rates {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #buckets = new Map<string, Bucket>();
  /** When the first of those that were refused may go, monotonic ms. */
  #retryAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Has this scope a token left? When not, `retryAt` is told. */
  allows(scope: string): boolean {
    const bucket = this.#bucket(scope);
    if (bucket === undefined || bucket.tokens >= 1) return true;
    const waitMs = ((1 - bucket.tokens) * bucket.rate.perMs) / bucket.rate.count;
    this.#retryAt = Math.min(this.#retryAt, bucket.at + Math.max(1, Math.ceil(waitMs)));
    return false;
  }

  /** One dispatch of this scope. */
  take(scope: string): void {
    const bucket = this.#bucket(scope);
    if (bucket !== undefined) bucket.tokens--;
  }

  /** It came to nothing after all. */
  giveBack(scope: string): void {
    const bucket = this.#bucket(scope);
    if (bucket !== undefined) bucket.tokens = Math.min(bucket.rate.count, bucket.tokens + 1);
  }

  /** Ms until somebody who was refused may go; undefined when nobody was. */
  waitMs(): number | undefined {
    return this.#retryAt === Number.POSITIVE_INFINITY
      ? undefined
      : Math.max(0, this.#retryAt - this.#clock.monotonic());
  }

  /** True once when that time has come: those refused may be asked about again. */
  due(): boolean {
    if (this.#clock.monotonic() < this.#retryAt) return false;
    this.#retryAt = Number.POSITIVE_INFINITY;
    return true;
  }

  #bucket(scope: string): Bucket | undefined {
    const rate = this.#settings.limitsOf(scope)?.rate;
    if (rate === undefined) {
      this.#buckets.delete(scope);
      return undefined;
    }
    const now = this.#clock.monotonic();
    let bucket = this.#buckets.get(scope);
    if (bucket === undefined || bucket.rate.count !== rate.count || bucket.rate.perMs !== rate.perMs) {
      bucket = { rate, tokens: Math.min(rate.count, bucket?.tokens ?? rate.count), at: now };
      this.#buckets.set(scope, bucket);
    }
    bucket.tokens = Math.min(rate.count, bucket.tokens + ((now - bucket.at) * rate.count) / rate.perMs);
    bucket.at = now;
    return bucket;
  }
}
