import { WalqError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { QueueMachine } from '../../queue/machine.ts';
import { connectControl } from '../../queue/process/socket-client.ts';
import { connectMs } from '../../queue/run/access.ts';
import { RemoteOps } from '../../queue/run/remote-ops.ts';
import { type StatusReport, statusOf } from '../../queue/run/status.ts';
import { replayTo } from '../../storage/replay.ts';
import { verdictOf } from '../../storage/report.ts';
import { surveyStore } from '../../storage/survey.ts';
import type { StorageEnv, Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { storePath } from '../store-path.ts';

export interface QueueStatusResult extends StatusReport {
  store: string;
  /** From a live runner, or read from the files. */
  from: 'runner' | 'files';
  verdict: Verdict;
  findings: Finding[];
  /** Why the runner that is there could not be asked. */
  runnerError?: { code: string; message: string };
  /** The log was read, and judged, from this seq on; before it the snapshot speaks. */
  readFromSeq?: number;
}

/**
 * Asks the runner if there is one; else, also when it does not answer, reads snapshot and log, without a lock and
 * without writing. Throws E_NO_STORE (1), E_NO_BASE (3), E_READ (74).
 */
export async function queueStatus(context: CommandContext): Promise<QueueStatusResult> {
  const { env } = context;
  const store = storePath(context);
  const asked = await askRunner(env, store);
  if (asked !== undefined && !(asked instanceof WalqError)) {
    return { store, from: 'runner', verdict: 'clean', findings: [], ...asked };
  }
  const storeId = (await surveyStore(env, store)).identity.id;
  const { machine, seq, snapshot, findings } = await replayTo(env, store, () => new QueueMachine());
  const readFromSeq = snapshot ? snapshot.seq + 1 : 1;
  const facts = { storeId, seqLast: seq, now: env.clock.now(), ...(snapshot && { snapshot }) };
  return {
    store,
    from: 'files',
    verdict: verdictOf(findings),
    findings,
    readFromSeq,
    ...(asked && { runnerError: { code: asked.code, message: asked.message } }),
    ...statusOf(machine, facts),
  };
}

/** Undefined when there is no runner; the error of one that is stopped, busy, of another version or not to be trusted. */
async function askRunner(env: StorageEnv, store: string): Promise<StatusReport | WalqError | undefined> {
  try {
    const client = await connectControl({ storeDir: store, timeoutMs: connectMs, clock: env.clock });
    if (client === undefined) return undefined;
    const remote = new RemoteOps(client);
    try {
      return await remote.call('status', {}, { timeoutMs: connectMs });
    } finally {
      remote.close();
    }
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    // It was there and has just gone: there is none.
    return error.code === 'E_CONNECTION_LOST' ? undefined : error;
  }
}
