import type { QueueEngine } from '../engine.ts';
import type { FailAnswer } from '../engine-types.ts';
import type { AttemptOutcome } from '../process/attempt-types.ts';
import type { InFlightJob } from '../state/job.ts';

/** What became of the job. */
export type Verdict =
  | { kind: 'completed' }
  | { kind: 'retry'; reason: string; runAt: number }
  | { kind: 'dead'; reason: string };

/** Writes down what came of an attempt. Resolves when it is on disk; rejects with what the log says. */
export async function settle(engine: QueueEngine, job: InFlightJob, outcome: AttemptOutcome): Promise<Verdict> {
  const ref = { id: job.id, dispatchSeq: job.dispatchSeq };
  const { verdict, exitCode, signal, durationMs } = outcome;
  const exit = { ...(exitCode !== null && { exitCode }), ...(signal !== null && { signal }) };
  if (verdict.kind === 'ack') {
    await engine.ack(ref, { durationMs, ...(verdict.result !== undefined && { result: verdict.result }) });
    return { kind: 'completed' };
  }
  const error = verdict.error;
  switch (verdict.kind) {
    case 'timeout':
      return answered(await engine.timeout(ref, { error, ...exit }));
    case 'dead':
      return answered(await engine.fail(ref, { dead: verdict.reason, error, ...exit }));
    case 'broken':
      return answered(await engine.giveBack(ref, { reason: 'handler', error }));
    case 'retry': {
      const { reason, delayMs } = verdict;
      const delay = delayMs === undefined ? {} : { delayMs };
      // Told to stop by us, or never really begun: the attempt does not count.
      const refund = verdict.refund === true || reason === 'stopped';
      return answered(
        refund
          ? await engine.giveBack(ref, { reason, error, ...delay })
          : await engine.fail(ref, { reason, error, ...delay, ...exit }),
      );
    }
  }
}

function answered(answer: FailAnswer): Verdict {
  return answer.verdict === 'dead'
    ? { kind: 'dead', reason: answer.reason }
    : { kind: 'retry', reason: answer.reason, runAt: answer.runAt };
}
