import { WalqError } from '../../base/errors.ts';
import { lockedBy, lockStore, type StoreLock } from '../../storage/lock.ts';
import { openStore, type Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import { QueueEngine } from '../engine.ts';
import type { EnqueueAnswer } from '../engine-types.ts';
import { QueueMachine } from '../machine.ts';
import { LogCleaner } from '../process/log-files.ts';
import { type ControlClient, connectControl } from '../process/socket-client.ts';
import { type Answer, type OperationName, type Request, repeatable } from './operations.ts';
import { LocalOps, type QueueOps } from './ops.ts';

export interface AccessOptions {
  /** Create the store where there is none. */
  create?: boolean;
  /** How long to wait for a store that is neither free nor served by a runner. */
  lockTimeoutMs: number;
  /** For LOCK and OPEN frames. */
  pid: number;
  command: string;
  segmentBytes?: number;
  /** Called once with the store when this process opened it itself. */
  onOpen?(store: Store<QueueMachine>): void;
}

const connectMs = 5000;

/**
 * Runs `use` on the queue of a store: through the socket of the runner that holds it, or under the lock when nobody
 * does. While another one-shot command holds the lock, both are tried again every 5 to 25 ms until `lockTimeoutMs`
 * has passed. Rejects with E_LOCKED (6), and with what opening rejects with.
 */
export async function withQueue<T>(
  env: StorageEnv,
  storeDir: string,
  options: AccessOptions,
  use: (ops: QueueOps) => Promise<T>,
): Promise<T> {
  const until = env.clock.monotonic() + options.lockTimeoutMs;
  for (;;) {
    const client = await connectControl({ storeDir, timeoutMs: connectMs, clock: env.clock });
    if (client) {
      const remote = new RemoteOps(env, storeDir, client);
      try {
        return await use(remote);
      } finally {
        remote.close();
      }
    }
    const lock = await tryLock(env, storeDir, options);
    if (lock) return await locally(env, storeDir, lock, options, use);
    if (env.clock.monotonic() >= until) throw await lockedBy(env, storeDir);
    await env.clock.sleep(5 + 20 * randomFraction(env));
  }
}

/** The lock for a long run: waits like `withQueue`, but a runner that answers on the socket is an E_LOCKED at once. */
export async function lockForRun(env: StorageEnv, storeDir: string, options: AccessOptions): Promise<StoreLock> {
  const until = env.clock.monotonic() + options.lockTimeoutMs;
  for (;;) {
    const lock = await tryLock(env, storeDir, options);
    if (lock) return lock;
    const client = await connectControl({ storeDir, timeoutMs: connectMs, clock: env.clock });
    client?.close();
    if (client || env.clock.monotonic() >= until) throw await lockedBy(env, storeDir);
    await env.clock.sleep(5 + 20 * randomFraction(env));
  }
}

async function tryLock(env: StorageEnv, storeDir: string, options: AccessOptions): Promise<StoreLock | undefined> {
  if (!options.create && (await env.fs.stat(storeDir)) === undefined) {
    const next = 'name one with --store or WALQ_STORE; walq queue enqueue creates one';
    throw new WalqError(1, 'E_NO_STORE', `no store at ${storeDir}`, { data: { store: storeDir }, next });
  }
  const { pid, command } = options;
  return await lockStore(env, storeDir, { create: options.create === true, note: { pid, command } });
}

function randomFraction(env: StorageEnv): number {
  const byte = new Uint8Array(1);
  env.random(byte);
  return (byte[0] ?? 0) / 256;
}

async function locally<T>(
  env: StorageEnv,
  storeDir: string,
  lock: StoreLock,
  options: AccessOptions,
  use: (ops: QueueOps) => Promise<T>,
): Promise<T> {
  const store = await openStore(env, storeDir, {
    machine: () => new QueueMachine(),
    lock,
    create: options.create === true,
    pid: options.pid,
    ...(options.segmentBytes !== undefined && { segmentBytes: options.segmentBytes }),
  });
  options.onOpen?.(store);
  const engine = new QueueEngine({ log: store, machine: store.machine, clock: env.clock, random: env.random });
  const logs = new LogCleaner(env.fs, store.dir);
  engine.onForgotten((ids, seq) => logs.forget(ids, seq));
  let result: T;
  try {
    result = await use(new LocalOps(env, store, engine));
  } catch (error) {
    await engine.stop();
    await logs.settled();
    // The first failure is the one to tell; closing after it may fail too.
    await store.close().catch(() => undefined);
    throw error;
  }
  await engine.stop();
  await logs.settled();
  await store.close();
  return result;
}

const reconnects = 3;

/** The queue of a runner in another process. */
export class RemoteOps implements QueueOps {
  readonly #env: StorageEnv;
  readonly #storeDir: string;
  readonly storeId: string;
  #client: ControlClient;

  constructor(env: StorageEnv, storeDir: string, client: ControlClient) {
    this.#env = env;
    this.#storeDir = storeDir;
    this.#client = client;
    this.storeId = client.storeId;
  }

  /**
   * When the connection breaks after the sending, what may be repeated is sent again, with the same ids. Other requests
   * reject with E_CONNECTION_LOST: nobody knows whether they were carried out.
   */
  async call<K extends OperationName>(op: K, request: Request<K>): Promise<Answer<K>> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = (await this.#client.request(op, { ...request })) as Answer<K>;
        return attempt > 1 ? asFirst(op, request, answer) : answer;
      } catch (error) {
        const lost = error instanceof WalqError && error.code === 'E_CONNECTION_LOST';
        if (!lost || !repeatable.has(op) || attempt > reconnects) throw error;
        const again = await connectControl({
          storeDir: this.#storeDir,
          storeId: this.storeId,
          timeoutMs: connectMs,
          clock: this.#env.clock,
        });
        if (again === undefined) throw error;
        this.#client = again;
      }
    }
  }

  close(): void {
    this.#client.close();
  }
}

/** Jobs that had arrived the first time are now duplicates of their own, and count as enqueued. */
function asFirst<K extends OperationName>(op: K, request: Request<K>, answer: Answer<K>): Answer<K> {
  if (op !== 'enqueue') return answer;
  const specs = (request as Request<'enqueue'>).jobs;
  const jobs = (answer as Answer<'enqueue'>).jobs.map((job, index): EnqueueAnswer => {
    const own = job.status === 'duplicate' && job.id === specs[index]?.id;
    return own ? { ...job, status: 'enqueued' } : job;
  });
  return { jobs } as Answer<K>;
}
