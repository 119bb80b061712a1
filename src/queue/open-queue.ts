import { systemClock, systemRandom } from '../base/node-clock.ts';
import { nodeFs } from '../fs/node-fs.ts';
import { blockThread } from '../storage/snapshot/start-block-thread.ts';
import { openStore, type Store } from '../storage/store.ts';
import type { StorageEnv } from '../storage/types.ts';
import { Workers } from './api/workers.ts';
import { QueueEngine } from './engine.ts';
import type { EngineOptions } from './engine-types.ts';
import { QueueMetrics } from './metrics/queue-metrics.ts';
import { LogCleaner } from './process/log-files.ts';
import { type ControlServer, serveControl } from './process/socket-server.ts';
import { Queue } from './queue.ts';
import { carryOut, LocalOps } from './run/ops.ts';
import { QueueMachine } from './state/machine.ts';

export interface OpenQueueOptions extends EngineOptions {
  /** Create the store in a missing or empty folder. Default true. */
  create?: boolean;
  /** A log segment is closed before it grows beyond this. Default 64 MiB. */
  segmentBytes?: number;
  /** Snapshots to keep. Default 2. */
  keepSnapshots?: number;
  /** Let other processes in: `walq queue ...` works beside this one. Default true, with an `env` of your own false. */
  socket?: boolean;
  /** File system, clock and random source. Default: the real ones. */
  env?: StorageEnv;
}

/**
 * Opens the queue in a folder for writing: one process at a time. Rejects with E_LOCKED (6) when another one has it,
 * with E_NO_STORE (1) without `create`, and as `openStore` does for a damaged store. Opening changes no job.
 */
export async function openQueue<Payloads extends object = Record<string, unknown>>(
  dir: string,
  options: OpenQueueOptions = {},
): Promise<Queue<Payloads>> {
  const { create = true, segmentBytes, keepSnapshots, socket = options.env === undefined, ...rest } = options;
  const { env = realEnv, ...engineOptions } = rest;
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
  const { fs, clock, random } = env;
  const engine = new QueueEngine({ log: store, machine: store.machine, clock, random }, engineOptions);
  const logs = new LogCleaner(fs, store.dir);
  engine.onForgotten((ids, seq) => logs.forget(ids, seq));
  const workers = new Workers(clock.now(), process.pid, store.epoch);
  const ops = new LocalOps(env, store, engine, workers);
  metrics.attach({ env, store, engine, runner: () => workers.status() });
  const server = socket ? await serve(env, store, ops, workers) : undefined;
  return new Queue<Payloads>({ env, store, engine, ops, workers, metrics, server, settled: () => logs.settled() });
}

const realEnv: StorageEnv = { fs: nodeFs, clock: systemClock, random: systemRandom, blockThread };

async function serve(
  env: StorageEnv,
  store: Store<QueueMachine>,
  ops: LocalOps,
  workers: Workers,
): Promise<ControlServer> {
  try {
    return await serveControl({
      storeDir: store.dir,
      storeId: store.id,
      fs: env.fs,
      clock: env.clock,
      background: true,
      handle: async (request, signal) => {
        try {
          return await carryOut(ops, request, signal);
        } finally {
          workers.checkLog();
        }
      },
    });
  } catch (error) {
    await store.close().catch(() => undefined);
    throw error;
  }
}
