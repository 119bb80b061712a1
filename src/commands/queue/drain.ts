import { notFoundError, WalqError } from '../../base/errors.ts';
import { connectControl, wasNotDone } from '../../queue/process/socket-client.ts';
import type { DrainAnswer } from '../../queue/run/operations.ts';
import { RemoteOps } from '../../queue/run/remote-ops.ts';
import { noStoreError } from '../../storage/no-store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { storeOfQueue } from '../store-path.ts';

/** How long a runner may take to say hello. */
const helloMs = 5000;

/**
 * Asks the live runner to work off what is there and to end; waits until it has. The lock is of no use here, so it is
 * not taken. Throws E_NO_STORE, E_NO_RUNNER (1), E_CONTROL_TIMEOUT (6), E_CONNECTION_LOST (74).
 */
export async function drainQueue(context: CommandContext): Promise<DrainAnswer> {
  const { env } = context;
  const store = await storeOfQueue(context);
  for (;;) {
    const answer = await drainRunner(env, store);
    if (answer !== undefined) return answer;
  }
}

/** Undefined of a runner that had ended before it heard of this. */
async function drainRunner(env: StorageEnv, store: string): Promise<DrainAnswer | undefined> {
  const client = await connectControl({ storeDir: store, timeoutMs: helloMs, clock: env.clock });
  if (client === undefined) {
    if ((await env.fs.stat(store)) === undefined) {
      throw noStoreError(store);
    }
    throw notFoundError('E_NO_RUNNER', `no runner works on the queue in ${store}`, {
      data: { store },
      next: "walq queue run --exec 'CMD' --drain",
    });
  }
  const remote = new RemoteOps(client);
  try {
    return await remote.call('drain', {});
  } catch (error) {
    if (error instanceof WalqError && wasNotDone(error)) return undefined;
    throw error;
  } finally {
    remote.close();
  }
}
