import { WalqError } from '../../base/errors.ts';
import { lockedBy, lockStore, refuseOtherFolder, type StoreLock } from '../../storage/lock.ts';
import type { StorageEnv } from '../../storage/types.ts';
import { type ControlClient, connectControl } from '../process/socket-client.ts';
import type { QueueOps } from './queue-ops.ts';
import { RemoteOps } from './remote-ops.ts';
import { type AccessOptions, type Held, SteadyOps } from './steady-ops.ts';

/** How long a runner may take to say hello. */
const connectMs = 5000;

/**
 * Runs `use` on the queue of a store: through the socket of the runner that holds it, or under the lock when nobody
 * does. Rejects with E_LOCKED or E_CONTROL_TIMEOUT (6), and with what opening rejects with.
 */
export async function withQueue<T>(
  env: StorageEnv,
  storeDir: string,
  options: AccessOptions,
  use: (ops: QueueOps) => Promise<T>,
): Promise<T> {
  // Only the first way may create: a store that vanishes meanwhile is not made anew.
  const again = () => hold(env, storeDir, { ...options, create: false });
  const ops = new SteadyOps(await hold(env, storeDir, options), again);
  let result: T;
  try {
    result = await use(ops);
  } catch (error) {
    await ops.close(true);
    throw error;
  }
  await ops.close(false);
  return result;
}

/** While another one-shot command holds the lock, socket and lock are tried again until `lockTimeoutMs` has passed. */
async function hold(env: StorageEnv, storeDir: string, options: AccessOptions): Promise<Held> {
  const sinceMs = env.clock.monotonic();
  for (;;) {
    const client = await runnerOf(env, storeDir);
    if (client) return remotely(client);
    const lock = await tryLock(env, storeDir, options);
    if (lock) {
      // Half of the program: who goes through a runner does without.
      const { underLock } = await import('./under-lock.ts');
      return await underLock(env, storeDir, lock, options);
    }
    if (!(await pause(env, sinceMs, options))) throw await lockedBy(env, storeDir);
  }
}

/** The lock for a long run: waits like `withQueue`, but a runner that is there is an E_LOCKED at once. */
export async function lockForRun(env: StorageEnv, storeDir: string, options: AccessOptions): Promise<StoreLock> {
  const sinceMs = env.clock.monotonic();
  for (;;) {
    const lock = await tryLock(env, storeDir, options);
    if (lock) return lock;
    const client = await runnerOf(env, storeDir);
    client?.close();
    if (client || !(await pause(env, sinceMs, options))) throw await lockedBy(env, storeDir);
  }
}

/**
 * Until the next try: 5 to 25 ms, and for who has waited long up to ten times as much. A try takes a millisecond of
 * work: a hundred that wait would leave the one that has the lock no time to come to its end. False when the time of
 * waiting is over.
 */
async function pause(env: StorageEnv, sinceMs: number, { lockTimeoutMs }: AccessOptions): Promise<boolean> {
  const waitedMs = env.clock.monotonic() - sinceMs;
  if (waitedMs >= lockTimeoutMs) return false;
  const pauseMs = Math.min(250, Math.max(25, waitedMs / 8)) * (0.2 + 0.8 * randomFraction(env));
  await env.clock.sleep(Math.min(pauseMs, lockTimeoutMs - waitedMs));
  return true;
}

/** Undefined when there is none. Rejects as `connectControl` does; one that is there and silent is named. */
async function runnerOf(env: StorageEnv, storeDir: string): Promise<ControlClient | undefined> {
  try {
    return await connectControl({ storeDir, timeoutMs: connectMs, clock: env.clock });
  } catch (error) {
    if (!(error instanceof WalqError) || error.code !== 'E_CONTROL_TIMEOUT') throw error;
    const locked = await lockedBy(env, storeDir);
    const { data, next } = locked;
    throw new WalqError(locked.exit, error.code, `${locked.message}, which does not answer on its socket`, {
      data: { ...error.data, ...data },
      ...(next !== undefined && { next }),
      cause: error,
    });
  }
}

async function tryLock(env: StorageEnv, storeDir: string, options: AccessOptions): Promise<StoreLock | undefined> {
  await refuseOtherFolder(env, storeDir, options.create === true);
  const { pid, command } = options;
  return await lockStore(env, storeDir, { create: options.create === true, note: { pid, command } });
}

function randomFraction(env: StorageEnv): number {
  const byte = new Uint8Array(1);
  env.random(byte);
  return (byte[0] ?? 0) / 256;
}

function remotely(client: ControlClient): Held {
  return { ops: new RemoteOps(client), close: async () => client.close() };
}
