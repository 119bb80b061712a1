/** Buckets double every eight: a value is known to within a twelfth, whatever its size. */
const perDoubling = 8;
/** Up to here every whole number has a bucket of its own. */
const exactMax = 16;

/** So many values from `bottom` to `top`, both included. */
export interface Bucket {
  bottom: number;
  top: number;
  count: number;
}

/** What is said of a spread in a few numbers. Of no values there is only the count. */
export interface SpreadSummary {
  count: number;
  p50?: number;
  p90?: number;
  p99?: number;
  max?: number;
}

/** How values are spread: counts in buckets that grow with the value, so memory is flat. Whole numbers from 0. */
export class Spread {
  count = 0;
  max = 0;
  readonly #buckets: number[] = [];

  add(value: number): void {
    const bucket = bucketOf(Math.max(0, value));
    while (this.#buckets.length <= bucket) this.#buckets.push(0);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.max = Math.max(this.max, value);
    this.count++;
  }

  /** The value that this share of all does not exceed, to within a bucket; undefined when there is none. */
  quantile(share: number): number | undefined {
    if (this.count === 0) return undefined;
    let left = Math.max(1, Math.ceil(this.count * share));
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.max, topOf(bucket));
    }
    return this.max;
  }

  summary(): SpreadSummary {
    const { count, max } = this;
    const [p50, p90, p99] = [this.quantile(0.5), this.quantile(0.9), this.quantile(0.99)];
    return p50 === undefined || p90 === undefined || p99 === undefined ? { count } : { count, p50, p90, p99, max };
  }

  /** From the first that holds a value to the last, empty ones between them too. */
  buckets(): Bucket[] {
    const first = this.#buckets.findIndex((count) => count > 0);
    if (first < 0) return [];
    return this.#buckets.slice(first).map((count, index) => {
      const bucket = first + index;
      return { bottom: bucket === 0 ? 0 : topOf(bucket - 1) + 1, top: topOf(bucket), count };
    });
  }

  /** Counts over the whole range, in at most so many steps of equal width on the scale of the buckets. */
  shape(steps: number): number[] {
    const first = this.#buckets.findIndex((count) => count > 0);
    if (first < 0) return [];
    const used = this.#buckets.slice(first);
    const each = Math.ceil(used.length / steps);
    return Array.from({ length: Math.ceil(used.length / each) }, (_, step) =>
      used.slice(step * each, (step + 1) * each).reduce((sum, count) => sum + count, 0),
    );
  }
}

function bucketOf(value: number): number {
  if (value < exactMax) return Math.floor(value);
  return exactMax + Math.floor(Math.log2(value / exactMax) * perDoubling);
}

/** The largest whole number in it. */
function topOf(bucket: number): number {
  if (bucket < exactMax) return bucket;
  return Math.ceil(exactMax * 2 ** ((bucket - exactMax + 1) / perDoubling)) - 1;
}
