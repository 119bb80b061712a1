import { getEventListeners } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { newQueue } from './helpers.ts';

/** Every signal that somebody has begun to listen to since this was called. */
function signalsListenedTo(): () => AbortSignal[] {
  const spy = vi.spyOn(EventTarget.prototype, 'addEventListener');
  onTestFinished(() => spy.mockRestore());
  return () => spy.mock.contexts.filter((context) => context instanceof AbortSignal);
}

async function first(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of events) return;
}

test('who waited and waits no longer leaves no listeners behind, neither on a signal nor on the queue', async () => {
  const queue = await newQueue();
  const signals = signalsListenedTo();
  const ends = new AbortController();
  for (const given of [{}, { signal: ends.signal }]) {
    const taken = queue.take({ wait: '1h', names: ['mail'], ...given });
    const done = queue.waitFor((await queue.enqueue('x')).id, given);
    const seen = [first(queue.events(given)), first(queue.events({ from: 1, ...given }))];
    await queue.enqueue('mail');
    await taken;
    await queue.take({ wait: 1, names: ['none'], ...given });
    for (const { token } of await queue.take({ names: ['x'] })) await queue.ack(token);
    await Promise.all([done, ...seen]);
  }
  const { id } = await queue.enqueue('x', undefined, { delay: '1h' });
  const { signal } = ends;
  const aborted = [
    queue.take({ wait: '1h', signal }),
    queue.waitFor(id, { signal }).catch(() => undefined),
    queue.waitFor(id, { timeout: 1 }).catch(() => undefined),
    first(queue.events({ signal })),
  ];
  ends.abort();
  await Promise.all(aborted);
  expect(new Set(signals()).size).toBeGreaterThan(2);
  const counts = signals().map((each) => getEventListeners(each, 'abort').length);
  expect(counts.filter((count) => count > 0)).toEqual([]);
});
