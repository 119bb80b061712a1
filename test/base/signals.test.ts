import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { joinSignals, unlessAborted } from '../../src/base/signals.ts';

const listeners = (...signals: AbortSignal[]): number[] =>
  signals.map((signal) => getEventListeners(signal, 'abort').length);

test('the first of two signals fires the joined one, with its reason', () => {
  for (const which of [0, 1]) {
    const sources = [new AbortController(), new AbortController()] as const;
    const joined = joinSignals(sources[0].signal, sources[1].signal);
    expect(joined.signal.aborted).toBe(false);
    sources[which]?.abort(`by ${which}`);
    sources[1 - which]?.abort('too late');
    expect(joined.signal).toMatchObject({ aborted: true, reason: `by ${which}` });
  }
});

test('one that has fired already fires the joined one at once', () => {
  const { signal } = new AbortController();
  expect(joinSignals(AbortSignal.abort('first'), signal).signal).toMatchObject({ aborted: true, reason: 'first' });
  expect(joinSignals(signal, AbortSignal.abort('second')).signal).toMatchObject({ aborted: true, reason: 'second' });
});

test('of one signal it is that signal, and nobody listens', () => {
  const { signal } = new AbortController();
  const joined = joinSignals(signal, undefined);
  expect(joined.signal).toBe(signal);
  joined.release();
  expect(listeners(signal)).toEqual([0]);
});

test('released, nobody listens to either, and neither fires it any more', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const joined = joinSignals(first.signal, second.signal);
  expect(listeners(first.signal, second.signal)).toEqual([1, 1]);
  joined.release();
  expect(listeners(first.signal, second.signal)).toEqual([0, 0]);
  second.abort();
  expect(joined.signal.aborted).toBe(false);
});

test('a promise is waited for until the signal fires; then nobody listens to that', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const never = new Promise<never>(() => undefined);
  const waiting = unlessAborted(never, signal);
  expect(listeners(signal)).toEqual([1]);
  controller.abort();
  await waiting;
  expect(listeners(signal)).toEqual([0]);
  // At once, where it has fired.
  await unlessAborted(never, signal);
});

test('a promise that is settled ends the wait, and its failure is told', async () => {
  const { signal } = new AbortController();
  await unlessAborted(Promise.resolve(1), signal);
  await unlessAborted(Promise.resolve(1), undefined);
  await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  expect(listeners(signal)).toEqual([0]);
});
