import { systemClock, systemRandom } from '../base/node-clock.ts';
import { nodeFs } from '../fs/node-fs.ts';
import { openStore, type Store } from '../storage/store.ts';
import type { CheckpointResult, RecoveryReport, StorageEnv } from '../storage/types.ts';
import { QueueEngine } from './engine.ts';
import type { EngineOptions, EnqueueAnswer, QueueStatus } from './engine-types.ts';
import type { Job } from './job.ts';
import { QueueMachine } from './machine.ts';
import { QueueMetrics } from './queue-metrics.ts';
import type { JobSpec } from './spec.ts';

export interface OpenQueueOptions extends EngineOptions {
  /** Create the store in a missing or empty folder. Default true. */
  create?: boolean;
  /** A log segment is closed before it grows beyond this. Default 64 MiB. */
  segmentBytes?: number;
  /** Snapshots to keep. Default 2. */
  keepSnapshots?: number;
  /** File system, clock and random source. Default: the real ones. */
  env?: StorageEnv;
}

/**
 * Opens the queue in a folder for writing: one process at a time. Rejects with E_LOCKED (6) when another one has it,
 * with E_NO_STORE (1) without `create`, and as `openStore` does for a damaged store. Opening changes no job.
 */
export async function openQueue(dir: string, options: OpenQueueOptions = {}): Promise<Queue> {
  const { create = true, segmentBytes, keepSnapshots, env = realEnv, ...engineOptions } = options;
  const metrics = new QueueMetrics();
  const store = await openStore(env, dir, {
    machine: () => new QueueMachine(),
    create,
    pid: process.pid,
    command: [process.argv0, ...process.argv.slice(1)].join(' ').slice(0, 200),
    ...(segmentBytes !== undefined && { segmentBytes }),
    ...(keepSnapshots !== undefined && { keepSnapshots }),
    observer: metrics.observer,
  });
  return new Queue(store, env, engineOptions, metrics);
}

const realEnv: StorageEnv = { fs: nodeFs, clock: systemClock, random: systemRandom };

/**
 * A durable job queue in a folder. Every answer comes after the disk has it. Close it, or declare it with `await
 * using`.
 */
export class Queue {
  /** The operations of a worker: dispatch, ack, fail, ... */
  readonly engine: QueueEngine;
  /** What opening found and set right. */
  readonly recovery: RecoveryReport;
  readonly #store: Store<QueueMachine>;
  readonly #metrics: QueueMetrics;
  #closing: Promise<void> | undefined;

  constructor(store: Store<QueueMachine>, env: StorageEnv, options: EngineOptions, metrics: QueueMetrics) {
    this.#store = store;
    this.#metrics = metrics;
    this.recovery = store.recovery;
    const { clock, random } = env;
    this.engine = new QueueEngine({ log: store, machine: store.machine, clock, random }, options);
    metrics.attach({ env, store, engine: this.engine, runner: () => undefined });
  }

  /** Resolves when the job is on disk. Start many without awaiting: they share syncs. */
  enqueue(spec: JobSpec): Promise<EnqueueAnswer> {
    return this.engine.enqueue(spec);
  }

  /** All jobs or none. */
  enqueueMany(specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
    return this.engine.enqueueMany(specs);
  }

  get(id: string): Job | undefined {
    return this.#store.machine.get(id);
  }

  /** All jobs as of now, in the order they were enqueued. */
  list(): readonly Job[] {
    return this.#store.machine.list();
  }

  status(): QueueStatus {
    return this.engine.status();
  }

  /** What `walq queue run --metrics` answers with: docs/metrics.md. */
  metrics(): Promise<string> {
    return this.#metrics.text();
  }

  /** Writes a snapshot and removes the log it makes superfluous. */
  checkpoint(): Promise<CheckpointResult> {
    return this.#store.checkpoint();
  }

  /** Lets operations under way finish, then closes the store. Jobs in flight stay so. */
  close(): Promise<void> {
    this.#closing ??= this.engine.stop().then(() => this.#store.close());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
