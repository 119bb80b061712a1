import type { StoreLock } from '../../storage/lock.ts';
import { openStore, type Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import { QueueEngine } from '../engine.ts';
import { QueueMachine } from '../machine.ts';
import { serveControl } from '../process/socket-server.ts';
import { carryOut, LocalOps } from './ops.ts';
import { Runner } from './runner.ts';
import type { RunnerOptions, RunSummary } from './runner-types.ts';

export interface ServeOptions extends RunnerOptions {
  create: boolean;
  segmentBytes?: number;
  keepSnapshots?: number;
  crashesMax?: number;
  /** The store is open, the socket listens, no job has been started yet. `runner.stop()` ends it. */
  onReady(store: Store<QueueMachine>, runner: Runner): void;
}

/**
 * Opens the store under `lock` (which is released at the end), listens on its socket, and runs jobs until stopped or
 * drained. Everything that was answered is on disk. Rejects with what opening rejects with.
 */
export async function serveQueue(
  env: StorageEnv,
  storeDir: string,
  lock: StoreLock,
  options: ServeOptions,
): Promise<RunSummary> {
  const store = await openStore(env, storeDir, {
    machine: () => new QueueMachine(),
    lock,
    create: options.create,
    pid: options.pid,
    ...(options.segmentBytes !== undefined && { segmentBytes: options.segmentBytes }),
    ...(options.keepSnapshots !== undefined && { keepSnapshots: options.keepSnapshots }),
  });
  const { clock, random } = env;
  const onStall = () => options.report({ kind: 'disk-full' });
  const engine = new QueueEngine(
    { log: store, machine: store.machine, clock, random, onStall },
    options.crashesMax === undefined ? {} : { crashesMax: options.crashesMax },
  );
  try {
    const runner = new Runner(env, store, engine, options);
    const ops = new LocalOps(env, store, engine);
    const server = await serveControl({
      storeDir,
      storeId: store.id,
      fs: env.fs,
      clock,
      handle: async (request) => {
        try {
          const answer = await carryOut(ops, request);
          return request.op === 'status' ? { ...(answer as object), runner: runner.status() } : answer;
        } finally {
          runner.checkLog();
        }
      },
    });
    try {
      options.onReady(store, runner);
      return await runner.run();
    } finally {
      // The socket first stops accepting: an engine that others keep busy is never idle.
      const idle = engine.stop();
      await server.close();
      await idle;
    }
  } finally {
    await store.close();
  }
}
