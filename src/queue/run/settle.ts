import type { QueueEngine } from '../engine.ts';
import type { AckAnswer, FailAnswer } from '../engine-types.ts';
import type { AttemptOutcome } from '../process/attempt-types.ts';
import type { AttemptVerdict } from '../process/verdict.ts';
import type { InFlightJob } from '../state/job.ts';

/** What became of the job. */
export type Settlement =
  | { kind: 'completed'; resultDropped: boolean }
  | { kind: 'retry'; reason: string; runAt: number }
  /** Pending again too, and the attempt does not count. */
  | { kind: 'given back'; reason: string; runAt: number }
  | { kind: 'dead'; reason: string };

/** Writes down what came of an attempt. Resolves when it is on disk; rejects with what the log says. */
export function settle(engine: QueueEngine, job: InFlightJob, outcome: AttemptOutcome): Promise<Settlement> {
  const { verdict, durationMs } = outcome;
  if (verdict.kind !== 'ack') return settleFailure(engine, job, outcome, verdict);
  const { result } = verdict;
  return engine.ack(job, result === undefined ? { durationMs } : { durationMs, result }).then(completedBy);
}

const completed: Settlement = { kind: 'completed', resultDropped: false };
const completedWithout: Settlement = { kind: 'completed', resultDropped: true };
const completedBy = ({ resultDropped }: AckAnswer): Settlement => (resultDropped ? completedWithout : completed);

async function settleFailure(
  engine: QueueEngine,
  job: InFlightJob,
  { exitCode, signal }: AttemptOutcome,
  verdict: Exclude<AttemptVerdict, { kind: 'ack' }>,
): Promise<Settlement> {
  const ref = { id: job.id, dispatchSeq: job.dispatchSeq };
  const exit = { ...(exitCode !== null && { exitCode }), ...(signal !== null && { signal }) };
  const error = verdict.error;
  switch (verdict.kind) {
    case 'timeout':
      return answered(await engine.timeout(ref, { error, ...exit }));
    case 'dead':
      return answered(await engine.fail(ref, { dead: verdict.reason, error, ...exit }));
    case 'broken':
      return answered(await engine.giveBack(ref, { reason: 'handler', error }), 'given back');
    case 'retry': {
      const { reason, delayMs } = verdict;
      const delay = delayMs === undefined ? {} : { delayMs };
      // Told to stop by us, or never really begun: the attempt does not count.
      const refund = verdict.refund === true || reason === 'stopped';
      return answered(
        refund
          ? await engine.giveBack(ref, { reason, error, ...delay })
          : await engine.fail(ref, { reason, error, ...delay, ...exit }),
        refund ? 'given back' : 'retry',
      );
    }
  }
}

function answered(answer: FailAnswer, again: 'retry' | 'given back' = 'retry'): Settlement {
  return answer.verdict === 'dead'
    ? { kind: 'dead', reason: answer.reason }
    : { kind: again, reason: answer.reason, runAt: answer.runAt };
}
