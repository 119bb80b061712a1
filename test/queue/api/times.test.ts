import { expect, test } from 'vitest';
import { WalqError } from '../../../src/index.ts';
import { newQueue } from './helpers.ts';

/** What a call that answers by a promise is refused with; a throw is none of its answers. */
async function refusal(answer: Promise<unknown>): Promise<string> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof WalqError ? `${error.code} ${error.message}` : String(error);
}

const odd = [Number.NaN, -5, 1.5, Number.POSITIVE_INFINITY, 'soon', ''] as const;

test('a time that is none is refused by the name the caller wrote, with a promise', async () => {
  const queue = await newQueue();
  await queue.enqueue('x');
  const [job] = await queue.take();
  const token = job?.token ?? '';
  for (const time of odd) {
    const calls: readonly (readonly [string, Promise<unknown>])[] = [
      ['lease', queue.take({ lease: time })],
      ['wait', queue.take({ wait: time })],
      ['delay', queue.fail(token, { delay: time })],
      ['extend', queue.extend(token, time)],
      ['keepFor', queue.limit({ keepFor: time })],
      ['per', queue.limit({ rate: { count: 1, per: time } })],
      ['olderThan', queue.prune({ olderThan: time })],
      ['every', queue.schedule('s', { every: time, job: { name: 'x' } })],
      ['delay', queue.enqueue('x', undefined, { delay: time })],
      ['timeout', queue.update('x', { timeout: time })],
    ];
    for (const [name, call] of calls) expect(await refusal(call), name).toMatch(new RegExp(`^E_DURATION ${name}: `));
  }
  // Nothing has changed: the job is in the same hands.
  expect(await queue.take()).toEqual([]);
  expect(await queue.ack(token)).toMatchObject({ id: job?.id });
});

test('a lease, what extends it, and the time of a rate last for a while', async () => {
  const queue = await newQueue();
  expect(await refusal(queue.take({ lease: 0 }))).toMatch(/^E_DURATION lease: 0 /);
  expect(await refusal(queue.extend('token', '0'))).toMatch(/^E_DURATION extend: 0 /);
  expect(await refusal(queue.limit({ rate: { count: 1, per: 0 } }))).toMatch(/^E_DURATION per: 0 /);
});

test('a time of a worker that is none is refused by its name', async () => {
  const queue = await newQueue();
  for (const name of ['killAfter', 'grace', 'timeout', 'snapshotInterval'])
    for (const time of odd) {
      const options = { [name]: time };
      expect(() => queue.work(() => undefined, options), name).toThrow(
        expect.objectContaining({ code: 'E_DURATION', message: expect.stringMatching(new RegExp(`^${name}: `)) }),
      );
    }
});
