import { expect, test } from 'vitest';
import { DeadError, RetryError, rawJson } from '../../../src/index.ts';
import { newQueue } from './helpers.ts';

test('a result given as JSON text is kept as it is; one that is no JSON is left out', async () => {
  const queue = await newQueue();
  const results = ['9007199254740993', ' { "a" : 1e400 } ', '{', '"\ud800"'].map(rawJson);
  for (const at of results.keys()) await queue.enqueue('job', at, { id: `${at}` });
  await queue.enqueue('job', 0, { id: 'part' });
  const worker = queue.work(({ id, payload }) => (id === 'part' ? { n: results[0] } : results[Number(payload)]), {
    drain: true,
  });
  expect(await worker.done).toMatchObject({ completed: 5, retried: 0, resultsDropped: 0 });
  const texts = queue.list().map(({ resultText }) => resultText);
  expect(texts).toEqual(['9007199254740993', '{"a":1e400}', undefined, undefined, undefined]);
});

test('a handler that asks for a retry in more than a hundred years has failed, and the worker goes on', async () => {
  const queue = await newQueue();
  for (const after of [1e300, Number.MAX_SAFE_INTEGER, Number.NaN, -1])
    await queue.enqueue('job', after, { id: `${after}`, attempts: 2, backoff: 'none' });
  await queue.enqueue('job', null, { id: 'extend', attempts: 1, timeout: '1m' });
  const worker = queue.work(
    ({ id }, { extend }) => {
      if (id === 'extend') extend(1e300);
      throw new RetryError(Number(id));
    },
    { drain: true },
  );
  expect(await worker.done).toMatchObject({ completed: 0, dead: 5 });
  expect(queue.get('extend')?.error).toMatch(/^RangeError: extend: 1e\+300 is no time/);
});

test('DeadError is the end whatever its message is', async () => {
  const queue = await newQueue();
  await queue.enqueue('job', undefined, { id: 'odd' });
  const worker = queue.work(
    () => {
      throw Object.assign(new DeadError('gone'), { message: { no: 'text' } });
    },
    { drain: true },
  );
  expect(await worker.done).toMatchObject({ dead: 1, retried: 0 });
  expect(queue.get('odd')).toMatchObject({ reason: 'permanent', error: expect.stringContaining('DeadError') });
});
