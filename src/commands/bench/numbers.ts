/** Nearest rank: a value that was measured. `values` is not empty. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** As exact as anything measured here. */
export function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** One side of a round: how much was done, and how long it took. */
export interface Done {
  amount: number;
  ms: number;
}

export function perSecond({ amount, ms }: Done): number {
  return (amount / Math.max(ms, 0.001)) * 1000;
}

/**
 * Runs walq's side and the raw one in turn, so that a load that comes and goes meets both; the first round warms up and
 * does not count.
 */
export async function inTurn(
  rounds: number,
  walq: () => Promise<Done>,
  raw: () => Promise<Done>,
): Promise<{ value: number; ceiling: number; share: number; size: number }> {
  const pairs: { value: number; ceiling: number; size: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const done = await walq();
    const ceiling = perSecond(await raw());
    if (round > 0) pairs.push({ value: perSecond(done), ceiling, size: done.amount });
  }
  return {
    value: Math.round(median(pairs.map((pair) => pair.value))),
    ceiling: Math.round(median(pairs.map((pair) => pair.ceiling))),
    share: thousandths(median(pairs.map((pair) => pair.value / pair.ceiling))),
    size: median(pairs.map((pair) => pair.size)),
  };
}
