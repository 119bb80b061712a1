import { mustEqual, rounds, timed } from './measure.js';

/** A step that is over sooner is done again, so that a small one is no matter of one tick of the clock. */
const stepMsMin = 300;

const rise = 'rise';

/**
 * Of a cost per byte: no size costs much more per byte than a smaller one. That the smallest pays most, for a start
 * that is the same for each size, is no growth.
 */
export const linear = [{ of: rise, max: 1.5, why: 'linear: a larger size over a smaller one' }];

/** Of a cost per operation. A large state does not fit into the caches of a processor; a walk over it is out of line. */
export const flat = [{ of: 'value', max: 2, why: 'flat' }];

/**
 * The slowest cost over the fastest, of the same work in several sizes, smallest first: 1 is exactly linear (or flat,
 * where the cost is of one operation). `sizes`: [name, cost], and `cost(round)` answers what one unit took, in `unit`.
 * Measured also: each cost, and the rise, the most that a size costs over a smaller one.
 */
export async function growth(roundCount, unit, sizes) {
  const also = Object.fromEntries(sizes.map(([name]) => [name, { unit, values: [] }]));
  also[rise] = { unit: 'x', values: [] };
  const walq = async (round) => {
    const found = new Map();
    // None always runs on the heels of the same other one.
    for (const [name, cost] of round % 2 === 0 ? sizes : sizes.toReversed()) found.set(name, await cost(round));
    const costs = sizes.map(([name]) => found.get(name));
    if (round >= 0) for (const [name] of sizes) also[name].values.push(found.get(name));
    if (round >= 0) also[rise].values.push(riseOf(costs));
    return Math.max(...costs) / Math.min(...costs);
  };
  return { ...(await rounds(roundCount, walq, { raw: async () => 1 })), also };
}

function riseOf(costs) {
  return Math.max(...costs.slice(1).map((cost, at) => cost / Math.min(...costs.slice(0, at + 1))));
}

/** Mean nanoseconds per byte of `work`, repeated for a while; each time it must answer `expected`. */
export async function nsPerByte(bytes, work, expected) {
  let total = 0;
  let times = 0;
  while (total < stepMsMin) {
    const { ms, result } = await timed(work);
    mustEqual(result, expected, 'answer');
    total += ms;
    times++;
  }
  return (total * 1e6) / times / bytes;
}

/** 1e6 as '1 MB'. */
export function sizeName(bytes) {
  return bytes >= 1e9 ? `${bytes / 1e9} GB` : `${bytes / 1e6} MB`;
}
