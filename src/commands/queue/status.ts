import type { Finding } from '../../base/finding.ts';
import { QueueMachine } from '../../queue/machine.ts';
import { connectControl } from '../../queue/process/socket-client.ts';
import { RemoteOps } from '../../queue/run/access.ts';
import { type StatusReport, statusOf } from '../../queue/run/status.ts';
import { replayTo } from '../../storage/replay.ts';
import { verdictOf } from '../../storage/report.ts';
import { surveyStore } from '../../storage/survey.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { storePath } from '../store-path.ts';

export interface QueueStatusResult extends StatusReport {
  store: string;
  /** From a live runner, or read from the files. */
  from: 'runner' | 'files';
  verdict: Verdict;
  findings: Finding[];
  /** The log was read, and judged, from this seq on; before it the snapshot speaks. */
  readFromSeq?: number;
}

const connectMs = 5000;

/**
 * Asks the runner if there is one; else reads snapshot and log, without a lock and without writing. Throws E_NO_STORE
 * (1), E_NO_BASE (3), E_READ (74).
 */
export async function queueStatus(context: CommandContext): Promise<QueueStatusResult> {
  const { env } = context;
  const store = storePath(context);
  const client = await connectControl({ storeDir: store, timeoutMs: connectMs, clock: env.clock });
  if (client) {
    const remote = new RemoteOps(env, store, client);
    try {
      return { store, from: 'runner', verdict: 'clean', findings: [], ...(await remote.call('status', {})) };
    } finally {
      remote.close();
    }
  }
  const storeId = (await surveyStore(env, store)).identity.id;
  const { machine, seq, snapshot, findings } = await replayTo(env, store, () => new QueueMachine());
  const readFromSeq = snapshot ? snapshot.seq + 1 : 1;
  const facts = { storeId, seqLast: seq, now: env.clock.now(), ...(snapshot && { snapshot }) };
  return { store, from: 'files', verdict: verdictOf(findings), findings, readFromSeq, ...statusOf(machine, facts) };
}
