import { expect, test } from 'vitest';
import { judgeCrash, judgeFailure } from '../../../src/queue/ops/policy.ts';
import type { InFlightJob } from '../../../src/queue/state/job.ts';
import { dispatch, enqueue, machineOf } from '../support/machines.ts';

const zeros = (buffer: Uint8Array): void => {
  buffer.fill(0);
};

function inFlight(changes: Partial<InFlightJob>, maxAttempts = 3): InFlightJob {
  const [job] = machineOf(enqueue('a', { maxAttempts, backoff: 'none' }), dispatch('a')).inFlight();
  if (job === undefined) throw new Error('a job in flight was expected');
  return { ...job, ...changes };
}

test.each([1, 2, 3, 7])('of %i attempts the last one that fails is the end, none before it', (maxAttempts) => {
  const verdicts = Array.from(
    { length: maxAttempts },
    (_, index) => judgeFailure(inFlight({ attempt: index + 1 }, maxAttempts), {}, 5, zeros).type,
  );
  expect(verdicts).toEqual([...Array.from({ length: maxAttempts - 1 }, () => 'RETRY'), 'DEAD']);
});

test.each([1, 2, 3, 7])('of %i crashes the last one is the end, none before it', (crashesMax) => {
  const verdicts = Array.from(
    { length: crashesMax },
    (_, crashes) => judgeCrash(inFlight({ crashes }), 5, crashesMax).type,
  );
  expect(verdicts).toEqual([...Array.from({ length: crashesMax - 1 }, () => 'RETRY'), 'DEAD']);
});

test('a crash gives the attempt back, a failure does not', () => {
  expect(judgeCrash(inFlight({}), 5, 3)).toMatchObject({ reason: 'crash', refund: true, runAt: 5 });
  expect(judgeFailure(inFlight({}), {}, 5, zeros)).toMatchObject({ reason: 'failed', refund: false, runAt: 5 });
});

test('a cancelled job ends with its attempt, however that ends', () => {
  const job = inFlight({ cancelledAt: 4 });
  expect(judgeCrash(job, 5, 3)).toMatchObject({ type: 'DEAD', reason: 'cancelled' });
  expect(judgeFailure(job, { dead: 'permanent' }, 5, zeros)).toMatchObject({ type: 'DEAD', reason: 'cancelled' });
});
