/**
 * Rounds, medians, percentiles. Speeds are "more is better", times "less is better"; a share is always 1 at the
 * ceiling.
 */

/** Rows that wait for the disk take more and shorter ones: syncs vary most. */
export const roundsMin = 5;

export function median(values) {
  return quantile(values, 0.5);
}

/**
 * Nearest rank, so that it is a value that was measured; of an even number the mean of the middle two for the median.
 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  if (share === 0.5 && sorted.length % 2 === 0) return (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Milliseconds of wall clock and of CPU (all threads of this process) that `work` took, and what it returned. */
export async function timed(work) {
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  const cpu = process.cpuUsage(cpuBefore);
  return { ms, cpuMs: (cpu.user + cpu.system) / 1000, result };
}

/**
 * Runs walq's part and the raw part in turn, so that both meet the same machine: a load that comes and goes hits them
 * alike. The first pair warms up and is not counted. Each part answers one number; `ceilings` names the raw parts,
 * the first is the one that targets mean.
 */
export async function rounds(count, walq, ceilings) {
  const names = Object.keys(ceilings);
  const measured = { walq: [], ...Object.fromEntries(names.map((name) => [name, []])) };
  for (let round = -1; round < count; round++) {
    const parts = [['walq', walq], ...names.map((name) => [name, ceilings[name]])];
    // Neither side always runs on the heels of the other.
    if (round % 2 === 0) parts.reverse();
    for (const [name, part] of parts) {
      const value = await part(round);
      if (round >= 0) measured[name].push(value);
    }
  }
  return measured;
}

/** Median of the shares of the pairs: a pair ran side by side, so its share is steadier than either number. */
export function shareOf(walq, ceiling, lessIsBetter) {
  return median(walq.map((value, at) => (lessIsBetter ? ceiling[at] / value : value / ceiling[at])));
}

/** Fails the row: a benchmark that delivered something wrong has no speed. */
export function must(condition, what) {
  if (!condition) throw new Error(`not exact: ${what}`);
}

export function mustEqual(got, expected, what) {
  must(Object.is(got, expected), `${what}: got ${got}, expected ${expected}`);
}
