import { resolve } from 'node:path';
import { usageError } from '../base/errors.ts';
import { kindOf } from '../base/kind-of.ts';
import { systemClock, systemRandom } from '../base/node-clock.ts';
import { nodeFs } from '../fs/node-fs.ts';
import { blockThread } from '../storage/snapshot/start-block-thread.ts';
import type { StorageEnv } from '../storage/types.ts';
import { checkOptions, checkWhole, checkYesNo } from './api/options.ts';
import { Workers } from './api/workers.ts';
import type { EngineOptions } from './engine-types.ts';
import { QueueMetrics } from './metrics/queue-metrics.ts';
import type { ControlRequest } from './process/socket-protocol.ts';
import { type ControlServer, serveControl } from './process/socket-server.ts';
import { Queue } from './queue.ts';
import { carryOut, LocalOps } from './run/local-ops.ts';
import { openEngine } from './run/open-engine.ts';

export interface OpenQueueOptions extends EngineOptions {
  /** Create the store in a missing or empty folder. Default true. */
  create?: boolean;
  /**
   * A log segment is closed before events make it larger than this many bytes, from 4096; marks of the log itself, as
   * its seal, come on top. One operation of more has a segment of its own. Default 64 MiB.
   */
  segmentBytes?: number;
  /** Snapshots to keep. Default 2. */
  keepSnapshots?: number;
  /**
   * Listen on a socket, so that `walq queue ...` works while this process has the queue open. Default true; false with
   * an `env` of your own.
   */
  socket?: boolean;
  /** File system, clock and random source. Default: the real ones. */
  env?: StorageEnv;
}

/**
 * Opens the queue in a folder for writing: one process at a time. Rejects with E_LOCKED (6) when another one has it,
 * with E_NO_STORE (1) without `create` or where the folder around it is missing, with E_OPTION (2), and as `openStore`
 * does for a damaged store. Opening changes no job.
 */
export async function openQueue<Payloads extends object = Record<string, unknown>>(
  dir: string,
  options: OpenQueueOptions = {},
): Promise<Queue<Payloads>> {
  checkOpening(dir, options);
  const { env = realEnv, create = true, socket = options.env === undefined, ...rest } = options;
  const metrics = new QueueMetrics();
  // The program may change its folder meanwhile.
  const open = await openEngine(env, resolve(dir), {
    ...rest,
    create,
    pid: process.pid,
    command: [process.argv0, ...process.argv.slice(1)].join(' ').slice(0, 200),
    observer: metrics.observer,
  });
  const { store, engine } = open;
  const { fs, clock } = env;
  const workers = new Workers(engine, clock.now(), process.pid, store.epoch);
  const ops = new LocalOps(env, store, engine, workers);
  metrics.attach({ env, store, engine, runner: () => workers.status() });
  const handle = (request: ControlRequest, signal: AbortSignal) => carryOut(ops, request, signal);
  const where = { storeDir: store.dir, storeId: store.id, fs, clock };
  let server: ControlServer | undefined;
  try {
    server = socket ? await serveControl({ ...where, background: true, handle }) : undefined;
  } catch (error) {
    await open.close().catch(() => undefined);
    throw error;
  }
  const close = () => open.close(() => server?.close());
  return new Queue<Payloads>({ env, store, engine, ops, workers, metrics, close });
}

/** The least that each may be. */
const numbers = {
  segmentBytes: 4096,
  keepSnapshots: 1,
  payloadBytesMax: 1,
  resultBytesMax: 0,
  crashesMax: 1,
  groupLimit: 1,
} as const satisfies { [Name in keyof OpenQueueOptions]: number };
const optionNames: ReadonlySet<string> = new Set<keyof OpenQueueOptions>([
  'create',
  'segmentBytes',
  'keepSnapshots',
  'socket',
  'env',
  'payloadBytesMax',
  'resultBytesMax',
  'crashesMax',
  'groupLimit',
]);

function checkOpening(dir: unknown, options: OpenQueueOptions): void {
  if (typeof dir !== 'string' || dir === '')
    throw usageError('E_OPTION', `the folder of a queue is a text, not ${dir === '' ? 'an empty one' : kindOf(dir)}`);
  if (dir.includes('\0')) throw usageError('E_OPTION', 'the folder of a queue has a NUL in its name');
  checkOptions(options, optionNames, 'openQueue');
  for (const [name, least] of Object.entries(numbers)) {
    checkWhole(name, options[name as keyof typeof numbers], least);
  }
  checkYesNo('create', options.create);
  checkYesNo('socket', options.socket);
  const { env } = options;
  if (env !== undefined && !(env?.fs && env.clock && env.random)) {
    throw usageError('E_OPTION', 'env must be an object with fs, clock and random');
  }
}

const realEnv: StorageEnv = { fs: nodeFs, clock: systemClock, random: systemRandom, blockThread };
