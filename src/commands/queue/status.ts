import { WalqError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { type StatusReport, statusOf } from '../../queue/run/status.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { replayTo } from '../../storage/replay.ts';
import { verdictOf } from '../../storage/report.ts';
import { surveyStore } from '../../storage/survey.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { openStoreTarget } from '../store-target.ts';
import { askRunner } from './ask-runner.ts';
import { type Check, type CheckResult, runCheck } from './checks.ts';
import { type LogFacts, readLogFacts } from './log-facts.ts';

export interface QueueStatusResult extends StatusReport, Pick<LogFacts, 'rates' | 'opening'> {
  store: string;
  /** From a live runner, or read from the files. */
  from: 'runner' | 'files';
  verdict: Verdict;
  findings: Finding[];
  /** Why the runner that is there could not be asked. */
  runnerError?: { code: string; message: string };
  /** The log was read, and judged, from this seq on. */
  readFromSeq: number;
  /** When the store was last opened after a writer that did not end well, as far as the log was read. */
  lastCrash?: LogFacts['opening'];
  checks?: CheckResult[];
}

/**
 * Asks the runner if there is one: it has the whole state at hand. Else, also when it does not answer, reads snapshot
 * and log, without a lock and without writing. The end of the log is read in any case. Throws E_NO_STORE (1),
 * E_WRONG_TARGET (2), E_NO_BASE (3), E_READ (74).
 */
export async function queueStatus(context: CommandContext, checks: readonly Check[] = []): Promise<QueueStatusResult> {
  const { env } = context;
  const store = await openStoreTarget(context, []);
  const asked = await askRunner(env, store, 'status');
  const runnerError = asked instanceof WalqError ? { code: asked.code, message: asked.message } : undefined;
  const answer = asked === undefined || asked instanceof WalqError ? undefined : asked;
  const read = answer === undefined ? await readStatus(context, store, runnerError !== undefined) : undefined;
  const { rates, opening, recovery, ...log } = await readLogFacts(env, store);
  const status = answer ?? read?.status;
  if (status === undefined) throw new Error('either the runner or the files say how the queue stands');
  return {
    store,
    from: answer === undefined ? 'files' : 'runner',
    verdict: read?.verdict ?? log.verdict,
    findings: read?.findings ?? log.findings,
    readFromSeq: read === undefined ? log.readFromSeq : Math.min(read.readFromSeq, log.readFromSeq),
    ...(runnerError && { runnerError }),
    ...status,
    rates,
    ...(opening && { opening }),
    ...(recovery && { lastCrash: recovery }),
    ...(checks.length > 0 && { checks: checks.map((check) => runCheck(check, status, env.clock.now())) }),
  };
}

async function readStatus(context: CommandContext, store: string, silentRunner: boolean) {
  const { env } = context;
  const storeId = (await surveyStore(env, store)).identity.id;
  const { machine, seq, snapshot, findings } = await replayTo(env, store, () => new QueueMachine());
  const facts = { storeId, seqLast: seq, now: env.clock.now(), silentRunner, ...(snapshot && { snapshot }) };
  return {
    status: statusOf(machine, facts),
    verdict: verdictOf(findings),
    findings,
    readFromSeq: snapshot ? snapshot.seq + 1 : 1,
  };
}
