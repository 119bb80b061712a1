import { expect, test } from 'vitest';
import { QueueEngine } from '../../src/queue/engine.ts';
import { QueueMetrics } from '../../src/queue/metrics/queue-metrics.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { openStore } from '../../src/storage/store.ts';
import { type SimEnv, simEnv } from '../support/env.ts';
import { type ReadMetric, readMetrics, sampleOf } from './support/prometheus.ts';

async function open(env: SimEnv) {
  const metrics = new QueueMetrics();
  const { observer } = metrics;
  const store = await openStore(env, '/store', { machine: () => new QueueMachine(), create: true, observer });
  const engine = new QueueEngine({ log: store, machine: store.machine, clock: env.clock, random: env.random });
  metrics.attach({ env, store, engine, runner: () => undefined });
  const close = async () => {
    await engine.stop();
    await store.close();
  };
  return { engine, store, close, scrape: async () => readMetrics(await metrics.text()) };
}

function total(metrics: ReadonlyMap<string, ReadMetric>, name: string): number {
  return sampleOf(metrics, `queue_jobs_${name}_total`);
}

async function next(engine: QueueEngine) {
  const job = await engine.dispatch();
  if (job === undefined) throw new Error('a job was expected');
  return job;
}

test('each event is counted where it belongs, and an attempt that fails once, however it fails', async () => {
  const { engine, scrape } = await open(simEnv());
  const once = { attempts: 1, backoff: 'none' };
  await engine.enqueueMany([
    ...['ok', 'fails', 'slow', 'cancelled'].map((id) => ({ id, ...once })),
    { id: 'again', attempts: 2, backoff: 'none' },
    { id: 'child', after: ['fails'] },
  ]);
  await engine.ack(await next(engine));
  await engine.fail(await next(engine));
  await engine.timeout(await next(engine));
  const marked = await next(engine);
  await engine.cancel(marked.id);
  await engine.fail(marked);
  await engine.timeout(await next(engine));
  await engine.giveBack(await next(engine), { reason: 'stopped' });
  const metrics = await scrape();
  const counts = [
    'enqueued',
    'dispatched',
    'completed',
    'failed',
    'retried',
    'timeout',
    'dead',
    'cancelled',
    'expired',
  ];
  expect(Object.fromEntries(counts.map((name) => [name, total(metrics, name)]))).toEqual({
    enqueued: 6,
    dispatched: 6,
    completed: 1,
    // 'fails', 'slow' and the first attempt of 'again'; neither what was cancelled nor what was given back.
    failed: 3,
    retried: 2,
    timeout: 2,
    // 'fails' and its child, 'slow', 'cancelled'.
    dead: 4,
    cancelled: 1,
    expired: 0,
  });
});

test('jobs that nobody begins in time, and those of a dead runner, are no failures', async () => {
  const env = simEnv();
  const first = await open(env);
  await first.engine.enqueueMany([{ id: 'crash' }, { id: 'late', expireMs: 1000 }]);
  await next(first.engine);
  await first.close();
  const { engine, scrape } = await open(env);
  await engine.reclaim();
  await env.clock.sleep(2000);
  await engine.sweep(env.clock.now());
  const metrics = await scrape();
  expect(['crashed', 'retried', 'expired', 'dead', 'failed'].map((name) => total(metrics, name))).toEqual([
    1, 1, 1, 1, 0,
  ]);
});

test('counters of jobs go on after a restart, from log and snapshot; those of the process begin anew', async () => {
  const env = simEnv();
  const first = await open(env);
  await first.engine.enqueueMany([{ id: 'a' }, { id: 'b', attempts: 1 }]);
  await first.engine.ack(await next(first.engine));
  await first.store.checkpoint();
  await first.engine.fail(await next(first.engine));
  const before = await first.scrape();
  expect(sampleOf(before, 'queue_snapshots_total')).toBe(1);
  expect(sampleOf(before, 'queue_job_latency_seconds_count')).toBe(2);
  await first.close();
  const after = await (await open(env)).scrape();
  const names = [...before.keys()].filter((name) => /^queue_jobs_.*_total$/.test(name));
  expect(names.length).toBe(12);
  for (const name of names) expect([name, sampleOf(after, name)]).toEqual([name, sampleOf(before, name)]);
  expect(total(after, 'failed')).toBe(1);
  expect(sampleOf(after, 'queue_job_latency_seconds_count')).toBe(0);
  expect(sampleOf(after, 'queue_snapshots_total')).toBe(0);
  expect(sampleOf(after, 'queue_snapshot_bytes')).toBe(sampleOf(before, 'queue_snapshot_bytes'));
  expect(sampleOf(after, 'queue_recovery_events')).toBe(2);
});

test('waiting, running and the whole are measured from event to event', async () => {
  const env = simEnv();
  const { engine, scrape } = await open(env);
  await engine.enqueueMany([{ id: 'delayed', delayMs: 20_000 }]);
  await env.clock.sleep(24_000);
  const job = await next(engine);
  await env.clock.sleep(7000);
  // The handler's own time is not that of the attempt.
  await engine.ack(job, { durationMs: 5000 });
  const metrics = await scrape();
  for (const [name, seconds] of [
    ['wait', 4],
    ['run', 7],
    ['latency', 31],
  ] as const) {
    expect(sampleOf(metrics, `queue_job_${name}_seconds_sum`)).toBeCloseTo(seconds, 1);
    expect(sampleOf(metrics, `queue_job_${name}_seconds_count`)).toBe(1);
  }
});

test('every job is in one state and phase, and the oldest that may run is told whatever its priority', async () => {
  const env = simEnv();
  const { engine, scrape } = await open(env);
  const phase = (metrics: ReadonlyMap<string, ReadMetric>, state: string, name: string) =>
    sampleOf(metrics, 'queue_jobs', { state, phase: name });
  expect(sampleOf(await scrape(), 'queue_oldest_ready_seconds')).toBe(0);
  await engine.enqueueMany([{ id: 'done' }, { id: 'bad', attempts: 1 }, { id: 'running' }, { id: 'parent' }]);
  await engine.ack(await next(engine));
  await engine.fail(await next(engine));
  await next(engine);
  await engine.lease({ leaseMs: 60_000, tokens: ['0123456789abcdef'] });
  await engine.enqueueMany([{ id: 'child', after: ['parent'] }, { id: 'later', delayMs: 60_000 }, { id: 'low' }]);
  await env.clock.sleep(5000);
  await engine.enqueueMany([{ id: 'high', priority: 9 }]);
  await engine.pause({ group: 'g' });
  const metrics = await scrape();
  expect(phase(metrics, 'pending', 'ready')).toBe(2);
  expect(phase(metrics, 'pending', 'delayed')).toBe(1);
  expect(phase(metrics, 'pending', 'blocked')).toBe(1);
  expect(phase(metrics, 'in_flight', 'running')).toBe(1);
  expect(phase(metrics, 'in_flight', 'leased')).toBe(1);
  expect(phase(metrics, 'completed', 'completed')).toBe(1);
  expect(phase(metrics, 'dead', 'dead')).toBe(1);
  expect(sampleOf(metrics, 'queue_jobs_pending')).toBe(4);
  expect(sampleOf(metrics, 'queue_jobs_in_flight')).toBe(2);
  expect(sampleOf(metrics, 'queue_pauses')).toBe(1);
  expect(sampleOf(metrics, 'queue_oldest_ready_seconds')).toBeCloseTo(5, 1);
  await engine.cancel('low');
  expect(sampleOf(await scrape(), 'queue_oldest_ready_seconds')).toBeCloseTo(0, 1);
});

test('the log tells each commit, with its events and bytes, and its size on disk', async () => {
  const env = simEnv();
  const { engine, store, scrape } = await open(env);
  await Promise.all([engine.enqueue({ id: 'a' }), engine.enqueueMany([{ id: 'b' }, { id: 'c' }])]);
  await engine.enqueue({ id: 'd' });
  const metrics = await scrape();
  expect(sampleOf(metrics, 'queue_wal_commit_records_count')).toBe(2);
  expect(sampleOf(metrics, 'queue_wal_commit_records_sum')).toBe(4);
  expect(sampleOf(metrics, 'queue_wal_fsync_seconds_count')).toBe(2);
  expect(sampleOf(metrics, 'queue_wal_seq')).toBe(4);
  const size = sampleOf(metrics, 'queue_wal_size_bytes');
  const written = sampleOf(metrics, 'queue_wal_written_bytes_total');
  expect(size - written).toBeGreaterThan(0);
  expect(size - written).toBeLessThan(200);
  await store.rotate();
  expect(sampleOf(await scrape(), 'queue_wal_segments')).toBe(2);
});
