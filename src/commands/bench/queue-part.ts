import { assert } from '../../base/errors.ts';
import { join } from '../../base/path.ts';
import { removeTempTree } from '../../fs/temp.ts';
import { QueueEngine } from '../../queue/engine.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { openStore, type Store } from '../../storage/store.ts';
import { writeAndSync } from './disk.ts';
import { type Done, inTurn } from './numbers.ts';
import type { BenchPlace, BenchRow } from './types.ts';

const slots = 64;
const drainedMax = 50_000;
const batchJobs = 1000;

/** 100 bytes of JSON. */
const payload = JSON.stringify({ to: 'somebody@example.com', template: 'welcome', note: '.'.repeat(40) });
const spec = { name: 'bench', payload };

/** Durable enqueues: so many callers at once, each asks again when it is answered, with so many jobs a time. */
export async function measureEnqueue(
  place: BenchPlace,
  name: string,
  { writers, batch }: { writers: number; batch: number },
): Promise<BenchRow> {
  const specs = Array.from({ length: batch }, () => spec);
  const dir = join(place.folder, name);
  let commits: Commits = noCommits;
  let jobs = 0;
  const walq = async (): Promise<Done> => {
    const queue = await openBenchQueue(place, dir);
    const ask = batch === 1 ? () => queue.engine.enqueue(spec) : () => queue.engine.enqueueMany(specs);
    const { amount, ms } = await repeat(place, writers, async () => {
      await ask();
      return true;
    });
    commits = queue.commits();
    jobs = amount * batch;
    assert(queue.store.machine.size === jobs, 'every job is there once');
    await queue.store.close();
    await removeTempTree(dir);
    return { amount: jobs, ms };
  };
  return { name, unit: 'jobs/s', ...(await inTurn(place.rounds, walq, () => rawCommits(place, commits, jobs))) };
}

/**
 * Takes jobs that wait and acknowledges them, many at a time, nothing done in between. The store of the last round
 * stays, closed: what it holds is read afterwards.
 */
export async function measureDrain(place: BenchPlace): Promise<{ row: BenchRow; store: string; events: number }> {
  const dir = join(place.folder, 'drain');
  let commits: Commits = noCommits;
  let jobs = 0;
  let events = 0;
  const walq = async (): Promise<Done> => {
    await removeTempTree(dir);
    const queue = await openBenchQueue(place, dir);
    const { engine, store } = queue;
    await fill(place, engine, store);
    const before = queue.commits();
    const { amount, ms } = await repeat(place, slots, async () => {
      const job = await engine.dispatch();
      if (job !== undefined) await engine.ack(job);
      return job !== undefined;
    });
    commits = queue.commits(before);
    assert(store.machine.counts.completed === amount, 'every job that was begun is completed');
    assert(store.machine.totals.dispatched === amount, 'no job was begun twice');
    jobs = amount;
    events = store.seqLast;
    await store.close();
    return { amount, ms };
  };
  const measured = await inTurn(place.rounds, walq, () => rawCommits(place, commits, jobs));
  return { row: { name: 'drain-64', unit: 'jobs/s', ...measured }, store: dir, events };
}

async function fill({ env, budgetMs }: BenchPlace, engine: QueueEngine, store: Store<QueueMachine>): Promise<void> {
  const specs = Array.from({ length: batchJobs }, () => spec);
  const until = env.clock.monotonic() + budgetMs;
  do await engine.enqueueMany(specs);
  while (store.machine.size < drainedMax && env.clock.monotonic() < until);
}

/** `callers` at once until the time is up or `step` has nothing left to do: how often it did something. */
async function repeat({ env, budgetMs }: BenchPlace, callers: number, step: () => Promise<boolean>): Promise<Done> {
  const started = env.clock.monotonic();
  const until = started + budgetMs;
  let amount = 0;
  const caller = async (): Promise<void> => {
    while (env.clock.monotonic() < until && (await step())) amount++;
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { amount, ms: env.clock.monotonic() - started };
}

/** What went to the disk. */
interface Commits {
  count: number;
  bytes: number;
}

const noCommits: Commits = { count: 0, bytes: 0 };

interface BenchQueue {
  store: Store<QueueMachine>;
  engine: QueueEngine;
  /** So far, or since an earlier count. */
  commits(since?: Commits): Commits;
}

async function openBenchQueue({ env }: BenchPlace, dir: string): Promise<BenchQueue> {
  const total = { ...noCommits };
  const committed = ({ bytes }: { bytes: number }): void => {
    total.count++;
    total.bytes += bytes;
  };
  const observer = { committed, snapshotWritten: () => {} };
  const store = await openStore(env, dir, { machine: () => new QueueMachine(), create: true, observer });
  const engine = new QueueEngine({ log: store, machine: store.machine, clock: env.clock, random: env.random });
  return {
    store,
    engine,
    commits: (since = noCommits) => ({ count: total.count - since.count, bytes: total.bytes - since.bytes }),
  };
}

/** As many writes of the same mean size, counted in the jobs they would have held. */
async function rawCommits(place: BenchPlace, { count, bytes }: Commits, jobs: number): Promise<Done> {
  const { amount, ms } = await writeAndSync(place, Math.round(bytes / count), count);
  return { amount: (amount / count) * jobs, ms };
}
