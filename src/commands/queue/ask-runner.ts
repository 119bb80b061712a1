import { WalqError } from '../../base/errors.ts';
import { connectControl, wasNotDone } from '../../queue/process/socket-client.ts';
import type { Answer } from '../../queue/run/operations.ts';
import { RemoteOps } from '../../queue/run/remote-ops.ts';
import type { KnownRunner } from '../../queue/state/phase.ts';
import type { StorageEnv } from '../../storage/types.ts';

/** Somebody who looks must not wait long for a runner that is stopped or busy: the files say nearly all of it. */
const askMs = 2000;

/**
 * Asks the runner of a store, if there is one. Undefined when there is none; the error of one that is stopped, busy, of
 * another version or not to be trusted.
 */
export async function askRunner<K extends 'status' | 'running'>(
  env: StorageEnv,
  store: string,
  op: K,
): Promise<Answer<K> | WalqError | undefined> {
  try {
    const client = await connectControl({ storeDir: store, timeoutMs: askMs, clock: env.clock });
    if (client === undefined) return undefined;
    const remote = new RemoteOps(client);
    try {
      return await remote.call(op, {}, { timeoutMs: askMs });
    } finally {
      remote.close();
    }
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    // It was there and has just gone: there is none.
    return error.code === 'E_CONNECTION_LOST' || wasNotDone(error) ? undefined : error;
  }
}

/** What a runner does now; `error` is why one that is there could not be asked. */
export interface RunnerLook {
  known: KnownRunner | undefined;
  running: Answer<'running'>;
  error?: { code: string; message: string };
}

export async function lookAtRunner(env: StorageEnv, store: string): Promise<RunnerLook> {
  const answer = await askRunner(env, store, 'running');
  if (answer instanceof WalqError) {
    const { code, message } = answer;
    return { known: {}, running: { jobs: [] }, error: { code, message } };
  }
  return { known: answer?.runner, running: answer ?? { jobs: [] } };
}
