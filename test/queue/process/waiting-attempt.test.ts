import { expect, test } from 'vitest';
import type { AttemptOutcome, RunningAttempt } from '../../../src/queue/process/attempt-types.ts';
import { WaitingAttempt } from '../../../src/queue/process/waiting-attempt.ts';

const outcome = { verdict: { kind: 'ack' }, pid: 7 } as AttemptOutcome;

/** A turn that comes when told, and an attempt that notes what is done with it. */
function parts() {
  let come = () => {};
  const turn = new Promise<void>((resolve) => {
    come = resolve;
  });
  const told: string[] = [];
  const begin = (): RunningAttempt => {
    told.push('begun');
    return { pid: 7, done: Promise.resolve(outcome), kill: (reason, now) => told.push(`${reason} ${now}`) };
  };
  return { come, told, attempt: new WaitingAttempt(turn, begin) };
}

test('it begins when its turn comes, and is then that attempt', async () => {
  const { come, told, attempt } = parts();
  expect(attempt.pid).toBeUndefined();
  come();
  expect(await attempt.done).toBe(outcome);
  expect(attempt.pid).toBe(7);
  attempt.kill('stopped', 'now');
  expect(told).toEqual(['begun', 'stopped now']);
});

test('told to end before that it is over at once, and never begins', async () => {
  const { come, told, attempt } = parts();
  attempt.kill('cancelled');
  expect(await attempt.done).toMatchObject({ verdict: { kind: 'retry', reason: 'stopped' }, killed: 'cancelled' });
  come();
  await new Promise(setImmediate);
  expect(told).toEqual([]);
});
