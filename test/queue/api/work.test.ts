import { expect, test } from 'vitest';
import { DeadError, RetryError, rawJson } from '../../../src/index.ts';
import { codeOf, newQueue } from './helpers.ts';

test('functions by name get typed jobs; the others are left to others', async () => {
  const queue = await newQueue<{ mail: { to: string }; sum: number[]; other: null }>();
  await queue.enqueue('mail', { to: 'ada' }, { id: 'm' });
  await queue.enqueue('sum', [1, 2, 3], { id: 's' });
  await queue.enqueue('other', null, { id: 'o' });
  const worker = queue.work({
    mail: ({ payload }) => `sent to ${payload.to}`,
    sum: async ({ payload }) => payload.reduce((a, b) => a + b, 0),
  });
  expect((await queue.waitFor(['s', 'm'])).map((job) => job.result)).toEqual([6, 'sent to ada']);
  expect(await worker.stop()).toMatchObject({ completed: 2, dead: 0 });
  expect(queue.get('o')).toMatchObject({ state: 'pending' });
});

test('a throw is a retry, DeadError the end, RetryError its own time', async () => {
  const queue = await newQueue<{ job: string }>();
  for (const kind of ['throws', 'dead', 'later'])
    await queue.enqueue('job', kind, { id: kind, backoff: 'none', attempts: 2 });
  const seen: string[] = [];
  const worker = queue.work(
    ({ id, payload, attempt }) => {
      seen.push(`${id} ${attempt}`);
      if (payload === 'dead') throw new DeadError('never');
      if (payload === 'later' && attempt === 1) throw new RetryError(1);
      if (payload === 'throws') throw new Error(`no ${attempt}`);
    },
    { drain: true, concurrency: 1 },
  );
  const rest = { resultsDropped: 0, remaining: 0, left: 0 };
  expect(await worker.done).toEqual({ completed: 1, retried: 2, givenBack: 0, dead: 2, ...rest });
  expect(seen.sort()).toEqual(['dead 1', 'later 1', 'later 2', 'throws 1', 'throws 2']);
  expect(queue.get('throws')).toMatchObject({
    state: 'dead',
    reason: 'attempts',
    error: expect.stringContaining('no 2'),
  });
  expect(queue.get('dead')).toMatchObject({ reason: 'permanent', error: 'never' });
});

test('a result that is too large or nested too deep is not kept: the summary says so', async () => {
  const queue = await newQueue();
  for (const id of ['large', 'deep', 'small']) await queue.enqueue('job', null, { id });
  const worker = queue.work(
    ({ id }) => {
      if (id === 'large') return 'x'.repeat(100_000);
      let nested: unknown = 1;
      for (let level = 0; id === 'deep' && level < 200; level++) nested = [nested];
      return nested;
    },
    { drain: true },
  );
  expect(await worker.done).toMatchObject({ completed: 3, retried: 0, dead: 0, resultsDropped: 2 });
  expect(['large', 'deep', 'small'].map((id) => queue.get(id)?.result)).toEqual([undefined, undefined, 1]);
});

test.each([
  ['an object without any', {}],
  ['an object without any', new Map([['mail', () => 1]])],
  ['a list', [() => 1]],
  ['a list', []],
  ['null', null],
  ['a number', 5],
  ["one with undefined for 'mail'", { print: () => 1, mail: undefined }],
])('handlers that are %s are refused, and no worker waits for jobs it would never take', async (what, handlers) => {
  const queue = await newQueue();
  const none = handlers as never;
  expect(() => queue.work(none)).toThrow(
    expect.objectContaining({ code: 'E_JOB', message: expect.stringMatching(what) }),
  );
  expect(queue.status().counts.in_flight).toBe(0);
});

test('a result may be text that is JSON already: it keeps its digits', async () => {
  const queue = await newQueue();
  await queue.enqueue('job', undefined, { id: 'a' });
  await queue.work(() => rawJson('{"n": 9007199254740993}'), { drain: true }).done;
  expect(queue.get('a')?.resultText).toBe('{"n":9007199254740993}');
});

test('a copy of the context has all of it, and the signal is one and the same', async () => {
  const queue = await newQueue();
  await queue.enqueue('job');
  const worker = queue.work(
    (_job, context) => {
      const { signal, progress, extend, ...rest } = { ...context };
      progress(0.5);
      extend('1m');
      const watched = new Proxy(context, {}).signal;
      return { same: signal === context.signal && signal === watched, aborted: signal.aborted, rest };
    },
    { drain: true },
  );
  await worker.done;
  expect(queue.list()[0]?.result).toEqual({ same: true, aborted: false, rest: {} });
});

test('whatever is thrown is a failed attempt, also what has no text', async () => {
  const queue = await newQueue();
  const odd = Object.assign(new Error('odd'), { stack: 5 });
  const thrown = [Object.create(null), odd, undefined, Symbol('s')];
  for (const at of thrown.keys()) await queue.enqueue(`${at}`, undefined, { id: `${at}`, attempts: 1 });
  const worker = queue.work(
    ({ name }) => {
      throw thrown[Number(name)];
    },
    { drain: true },
  );
  expect(await worker.done).toMatchObject({ completed: 0, dead: 4 });
  expect(queue.list().map(({ error }) => error)).toEqual([
    'the handler threw something (object) that cannot be shown',
    'the handler threw something (object) that cannot be shown',
    'undefined',
    'Symbol(s)',
  ]);
});

test('a signal that is first looked at once it is too late is aborted', async () => {
  const queue = await newQueue();
  await queue.enqueue('x', undefined, { attempts: 1 });
  let late: unknown;
  const worker = queue.work(
    async (_job, context) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      late = [context.signal.aborted, String(context.signal.reason)];
    },
    { timeout: 5, drain: true },
  );
  expect(await worker.done).toMatchObject({ dead: 1 });
  expect(late).toEqual([true, 'Error: the time of this attempt is up']);
});

test('concurrency is a limit, and no more than a limit', async () => {
  const queue = await newQueue();
  await queue.enqueueMany(Array.from({ length: 20 }, () => ({ name: 'x' })));
  let running = 0;
  let most = 0;
  const worker = queue.work(
    async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
    },
    { concurrency: 3, drain: true },
  );
  await worker.done;
  expect(most).toBe(3);
  expect(() => queue.work(() => 1, { concurrency: 0 })).toThrow('concurrency');
});

test('a timeout aborts the signal; extend moves it', async () => {
  const queue = await newQueue();
  const ended = ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  await queue.enqueue('slow', undefined, { id: 'slow', attempts: 1, timeout: 20 });
  await queue.enqueue('more', undefined, { id: 'more', attempts: 1, timeout: 20 });
  await queue.enqueue('deaf', undefined, { id: 'deaf', attempts: 1, timeout: 20 });
  const worker = queue.work(
    {
      slow: (_job, context) => ended(context),
      more: (_job, context) => {
        context.extend('1m');
        return new Promise((resolve) => setTimeout(resolve, 60));
      },
      deaf: () => new Promise(() => undefined),
    },
    { killAfter: 50 },
  );
  const jobs = await queue.waitFor(['slow', 'more', 'deaf']);
  expect(jobs.map((job) => [job.state, job.error])).toEqual([
    ['dead', 'timed out after 20 ms'],
    ['completed', undefined],
    ['dead', 'timed out after 20 ms'],
  ]);
  await worker.stop();
});

test('cancel aborts a running job', async () => {
  const queue = await newQueue();
  await queue.enqueue('x', undefined, { id: 'x' });
  const heard: unknown[] = [];
  const worker = queue.work((_job, context) => {
    void queue.cancel('x');
    // The same one, whenever it is looked at.
    expect(context.signal).toBe(context.signal);
    const { signal } = context;
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        heard.push(signal.reason);
        reject(signal.reason);
      }),
    );
  });
  expect(await queue.waitFor('x')).toMatchObject({ state: 'dead', reason: 'cancelled' });
  expect(heard).toMatchObject([{ message: expect.stringContaining('cancel') }]);
  await worker.stop();
  // It was called off, and then it died: one death.
  expect(await worker.done).toMatchObject({ dead: 1, completed: 0 });
});

test('a worker counts no death of a job that it would not take', async () => {
  const queue = await newQueue();
  await queue.enqueue('mine');
  for (const name of ['mine', 'other']) await queue.enqueue(name, undefined, { id: name, delay: '1h' });
  const handler = async (): Promise<void> => {
    for (const id of ['mine', 'other']) await queue.cancel(id);
  };
  expect(await queue.work({ mine: handler }, { drain: true, concurrency: 1 }).done).toMatchObject({
    completed: 1,
    dead: 1,
  });
});

test('stop waits for what runs, and gives it back after the grace time; close stops', async () => {
  const queue = await newQueue();
  await queue.enqueue('x', undefined, { id: 'short' });
  await queue.enqueue('x', undefined, { id: 'long' });
  await queue.enqueue('x', undefined, { id: 'waits' });
  const begun: string[] = [];
  const worker = queue.work(
    async ({ id }, { signal }) => {
      begun.push(id);
      if (id === 'short') await new Promise((resolve) => setTimeout(resolve, 50));
      else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    { concurrency: 2, grace: 200 },
  );
  while (begun.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await worker.stop();
  expect(begun).toEqual(['short', 'long']);
  expect(queue.get('short')).toMatchObject({ state: 'completed' });
  expect(queue.get('long')).toMatchObject({ state: 'pending', attempt: 0, reason: 'stopped' });
  expect(queue.get('waits')).toMatchObject({ state: 'pending', attempt: 0 });
  const second = queue.work(() => new Promise(() => undefined), { grace: 0, killAfter: 0 });
  await queue.close();
  expect(await second.done).toMatchObject({ completed: 0 });
});

test('drained works off what is there, then ends; two workers share a queue', async () => {
  const queue = await newQueue<{ a: number; b: number }>();
  const a = queue.work({ a: () => 'by a' });
  const b = queue.work({ b: () => 'by b' });
  await queue.enqueueMany(
    Array.from({ length: 10 }, (_, n) => ({ name: n % 2 === 0 ? 'a' : 'b', payload: n }) as const),
  );
  const ends = await Promise.all([a.drained(), b.drained()]);
  expect(ends.map(({ completed }) => completed)).toEqual([5, 5]);
  expect(queue.list().map((job) => job.result)).toEqual(
    Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? 'by a' : 'by b')),
  );
});

test('waiting for a job that is not there, or goes, is an error', async () => {
  const queue = await newQueue();
  await expect(queue.waitFor('none')).rejects.toMatchObject({ code: 'E_JOB_UNKNOWN' });
  await queue.enqueue('x', undefined, { id: 'x' });
  const waits = queue.waitFor(['x']);
  await queue.remove('x');
  await expect(waits).rejects.toMatchObject({ code: 'E_JOB_UNKNOWN' });
  await queue.enqueue('x', undefined, { id: 'y' });
  await expect(queue.waitFor('y', { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('waiting for one job gives that job, for a list of them a list', async () => {
  const queue = await newQueue<{ sum: number[] }>();
  await queue.enqueue('sum', [1, 2], { id: 'a' });
  const worker = queue.work({ sum: ({ payload }) => payload.reduce((left, right) => left + right, 0) });
  expect((await queue.waitFor('a')).result).toBe(3);
  expect((await queue.waitFor(['a', 'a'])).map(({ id }) => id)).toEqual(['a', 'a']);
  expect(await queue.waitFor([])).toEqual([]);
  await worker.stop();
});

test('a wait ends after its timeout and says who is not finished; what is finished takes none', async () => {
  const queue = await newQueue();
  await queue.enqueue('x', undefined, { id: 'late', delay: '1h' });
  await queue.enqueue('x', undefined, { id: 'gone', delay: '1h' });
  for (const timeout of [0, 5, '5ms'])
    await expect(queue.waitFor('late', { timeout })).rejects.toMatchObject({
      code: 'E_WAIT_TIMEOUT',
      exit: 1,
      message: `job 'late' is not finished after ${timeout === 0 ? '0s' : '5ms'}`,
    });
  await queue.cancel('gone');
  await expect(queue.waitFor(['gone', 'late'], { timeout: 1 })).rejects.toMatchObject({ data: { left: ['late'] } });
  expect(await queue.waitFor('gone', { timeout: 0 })).toMatchObject({ id: 'gone', state: 'dead' });
  expect(await codeOf(queue.waitFor('late', { timeout: 'soon' }))).toBe('E_DURATION');
  const none = { timeout: '1h', signal: AbortSignal.abort() };
  await expect(queue.waitFor('late', none)).rejects.toMatchObject({ name: 'AbortError' });
});
