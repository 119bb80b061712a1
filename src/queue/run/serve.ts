import { thenClose } from '../../base/close-all.ts';
import type { StoreLock } from '../../storage/lock.ts';
import type { Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import type { EngineOptions } from '../engine-types.ts';
import { QueueMetrics } from '../metrics/queue-metrics.ts';
import { platformProcesses } from '../process/child-notes.ts';
import { type ControlServer, serveControl } from '../process/socket-server.ts';
import type { QueueMachine } from '../state/machine.ts';
import type { AttemptPlace, Handler } from './handler.ts';
import { carryOut, LocalOps } from './local-ops.ts';
import { type MetricsServer, serveMetrics } from './metrics-server.ts';
import { openEngine } from './open-engine.ts';
import { Runner } from './runner.ts';
import type { RunnerOptions, RunSummary } from './runner-types.ts';
import { starterFor } from './starter.ts';

export interface ServeOptions extends RunnerOptions, EngineOptions {
  create: boolean;
  segmentBytes?: number;
  keepSnapshots?: number;
  /** Where to answer with metrics, if anywhere. */
  metrics?: { host: string; port: number };
  /** Makes what runs the jobs. */
  handler(place: AttemptPlace): Handler;
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
  const { killAfterMs } = options;
  const { fs, clock } = env;
  const metrics = options.metrics && new QueueMetrics();
  const open = await openEngine(env, storeDir, {
    ...options,
    lock,
    ...(metrics && { observer: metrics.observer }),
    onStall: () => options.report({ kind: 'disk-full' }),
    onLeftOut: (slots) => options.report({ kind: 'slots-left-out', ...slots }),
  });
  const { store, engine } = open;
  let exporter: MetricsServer | undefined;
  let server: ControlServer | undefined;
  const serve = async () => {
    const processes = platformProcesses(fs, `${store.dir}/run`);
    const { table } = processes;
    const begin = engine.abandoned().length === 0;
    const starter = () => starterFor(env, store, table, { killAfterMs, platform: process.platform, begin });
    const place = { fs, clock, killAfterMs, storeDir: store.dir, storeId: store.id, table, starter };
    const handler = options.handler(place);
    store.askedFromOutside = handler.elsewhere;
    const runner = new Runner({ env, store, engine, handler, processes }, options);
    const ops = new LocalOps(env, store, engine, runner);
    if (options.metrics && metrics) {
      metrics.attach({ env, store, engine, runner: () => runner.status() });
      const trouble = () => troubleOf(store, engine);
      exporter = await serveMetrics({ ...options.metrics, clock, text: () => metrics.text(), trouble });
      options.report({ kind: 'metrics', url: exporter.url });
    }
    server = await serveControl({
      storeDir,
      storeId: store.id,
      fs,
      clock,
      handle: (request, signal) => carryOut(ops, request, signal),
    });
    options.onReady(store, runner);
    return await runner.run();
  };
  return await thenClose(serve, () =>
    open.close(
      () => server?.close(),
      () => exporter?.close(),
    ),
  );
}

function troubleOf(store: Store<QueueMachine>, engine: QueueEngine): string | undefined {
  if (store.poison !== undefined) return `${store.poison.message} [${store.poison.code}]`;
  return engine.status().stalled === 0 ? undefined : 'the disk is full: outcomes of jobs wait for room';
}
