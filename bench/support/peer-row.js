import { rmSync } from 'node:fs';
import { loadPeers } from '../peers/index.js';
import { walq } from '../peers/walq.js';
import { inParallel } from './commit-rows.js';
import { walBytes } from './log-store.js';
import { must, mustEqual, rounds } from './measure.js';
import { payloadOf } from './queue-store.js';
import { writeAndSync } from './raw.js';

export const rawTitle = 'write + fdatasync of the bytes walq writes, as many operations at once as are in flight';

/** Enqueues beside peers: `inFlight` at once, each answered before its place is taken by the next. */
export function enqueueBesides(context, inFlight) {
  const { jobs } = context.size;
  const given = jobsOf(jobs);
  return besides(context, jobs, inFlight, {
    commits: Math.ceil(jobs / inFlight),
    async measure(queue) {
      const { ms } = await inParallel(inFlight, jobs, (number, slot) => queue.enqueue(given[number], slot));
      return ms;
    },
    left: jobs,
    exact: `each peer had all ${jobs} jobs once when it was opened again`,
  });
}

/** Works off what waits, beside peers: take and acknowledge, `slots` at once. `more`: variants for this row only. */
export function drainBesides(context, slots, more) {
  const { jobs } = context.size;
  const given = jobsOf(jobs);
  return besides(context, jobs, slots, {
    more,
    // One for those that are taken, one for those that are done.
    commits: Math.ceil(jobs / slots) * 2,
    async prepare(open) {
      const queue = await open();
      await inParallel(slots, jobs, (number, slot) => queue.enqueue(given[number], slot));
      await queue.close();
    },
    async measure(queue) {
      const seen = [];
      const started = performance.now();
      await queue.drain(slots, (job) => seen.push(job));
      const ms = performance.now() - started;
      mustBeAll(seen, jobs);
      return ms;
    },
    left: 0,
    exact: `each peer gave out all ${jobs} jobs once, and had none when it was opened again`,
  });
}

async function besides({ folder, roundCount }, jobs, inFlight, { more = [], commits, prepare, measure, left, exact }) {
  const { present, skipped } = await loadPeers();
  const dir = `${folder}/queue`;
  let bytes = 0;
  const speedOf = (variant) => async () => {
    await prepare?.(() => variant.open(dir, inFlight));
    const before = variant === walq && prepare ? walBytes(dir) : 0;
    const queue = await variant.open(dir, inFlight);
    const ms = await measure(queue);
    await queue.close();
    if (variant === walq) bytes = walBytes(dir) - before;
    const again = await variant.open(dir, 1);
    mustBeAll(await again.jobs(), left);
    await again.close();
    rmSync(dir, { recursive: true });
    return (jobs / ms) * 1000;
  };
  const raw = async () => {
    const ms = await writeAndSync(folder, Math.round(bytes / commits), commits, true);
    return (jobs / ms) * 1000;
  };
  const others = [...more, ...present];
  const parts = Object.fromEntries(others.map((variant) => [variant.name, speedOf(variant)]));
  const measured = await rounds(roundCount, speedOf(walq), { raw, ...parts });
  const peers = others.map(({ name, version, durability }) => [name, { version, durability, values: measured[name] }]);
  return {
    walq: measured.walq,
    raw: measured.raw,
    peers: Object.fromEntries(peers),
    skipped,
    exact,
    facts: { jobs, inFlight },
  };
}

/** Made before the clock runs: that work is nobody's. */
function jobsOf(count) {
  return Array.from({ length: count }, (_, number) => JSON.parse(payloadOf(number)));
}

function mustBeAll(jobs, count) {
  mustEqual(jobs.length, count, 'jobs');
  const texts = new Set(jobs.map((job) => JSON.stringify(job)));
  for (let number = 0; number < count; number++) must(texts.has(payloadOf(number)), `job ${number} is there`);
}
