import { expect, test } from 'vitest';
import { openQueue, WalqError } from '../../../src/index.ts';
import { scratch } from '../../cli/run-walq.ts';
import { newQueue } from './helpers.ts';

/** What a program without a compiler is told. */
async function told(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'nothing';
  } catch (error) {
    return error instanceof WalqError ? `${error.code} ${error.exit} ${error.message}` : String(error);
  }
}

test('an option that is none is refused by its name, and those that are are listed', async () => {
  const queue = await newQueue();
  await queue.enqueue('x');
  const calls: readonly (readonly [string, () => unknown])[] = [
    ['openQueue', () => Reflect.apply(openQueue, undefined, [`${scratch()}/store`, { odd: 1 }])],
    ['work', () => Reflect.apply(queue.work, queue, [() => undefined, { odd: 1 }])],
    ['take', () => Reflect.apply(queue.take, queue, [{ odd: 1 }])],
    ['list', () => Reflect.apply(queue.list, queue, [{ odd: 1 }])],
    ['waitFor', () => Reflect.apply(queue.waitFor, queue, ['x', { odd: 1 }])],
    ['events', () => Reflect.apply(queue.events, queue, [{ odd: 1 }])],
    ['enqueueMany', () => Reflect.apply(queue.enqueueMany, queue, [[{ name: 'x' }], { odd: 1 }])],
    ['fail', () => Reflect.apply(queue.fail, queue, ['token', { odd: 1 }])],
    ['pause', () => Reflect.apply(queue.pause, queue, [{ odd: 1 }])],
    ['resume', () => Reflect.apply(queue.resume, queue, [{ odd: 1 }])],
    ['limit', () => Reflect.apply(queue.limit, queue, [{ odd: 1 }])],
    ['a rate', () => Reflect.apply(queue.limit, queue, [{ rate: { count: 1, odd: 1 } }])],
    ['a schedule by cron', () => Reflect.apply(queue.schedule, queue, ['s', { cron: '0 3 * * *', odd: 1 }])],
    ['a schedule by every', () => Reflect.apply(queue.schedule, queue, ['s', { every: '1h', odd: 1 }])],
    ['prune', () => Reflect.apply(queue.prune, queue, [{ keep: 0, odd: 1 }])],
  ];
  for (const [what, call] of calls)
    expect(await told(call)).toMatch(new RegExp(`^E_OPTION 2 'odd' is no option of ${what}; allowed are .*, `));
  expect(await told(() => Reflect.apply(queue.retry, queue, ['x', { odd: 1 }]))).toBe(
    "E_OPTION 2 'odd' is no option of retry; allowed are reset",
  );
  for (const options of [
    { every: '1h', cron: '0 3 * * *' },
    { every: '1h', zone: 'UTC' },
  ])
    expect(await told(() => Reflect.apply(queue.schedule, queue, ['s', options]))).toMatch(
      /^E_OPTION 2 '(cron|zone)' is/,
    );
  for (const change of [{ id: 'y' }, { key: 'k' }, { after: ['x'] }])
    expect(await told(() => Reflect.apply(queue.update, queue, ['x', change]))).toMatch(/^E_JOB 2 .* of a change/);
  for (const job of [{ id: 'y' }, { delay: 5 }])
    expect(
      await told(() => Reflect.apply(queue.schedule, queue, ['s', { every: '1h', job: { name: 'x', ...job } }])),
    ).toMatch(/^E_JOB 2 .* of a job that a schedule makes/);
  expect(queue.counts()).toMatchObject({ pending: 1 });
});

test('what is no object of options is refused as one, with a promise where the method gives one', async () => {
  const queue = await newQueue();
  await queue.enqueue('x');
  type Method = keyof typeof queue;
  const before: Partial<Record<Method, unknown[]>> = {
    work: [() => undefined],
    enqueueMany: [[{ name: 'x' }]],
    waitFor: ['x'],
    fail: ['token'],
    retry: ['x'],
    schedule: ['s'],
  };
  for (const value of [null, 5, 'text', [], () => undefined]) {
    expect(await told(() => Reflect.apply(openQueue, undefined, [`${scratch()}/store`, value]))).toMatch(/^E_OPTION 2/);
    for (const method of ['work', 'list', 'events'] as const)
      expect(() => Reflect.apply(queue[method], queue, [...(before[method] ?? []), value]), method).toThrow(
        expect.objectContaining({ code: 'E_OPTION' }),
      );
    for (const method of [
      'take',
      'enqueueMany',
      'waitFor',
      'fail',
      'retry',
      'pause',
      'resume',
      'limit',
      'schedule',
      'prune',
    ] as const) {
      const answer: unknown = Reflect.apply(queue[method], queue, [...(before[method] ?? []), value]);
      expect(answer).toBeInstanceOf(Promise);
      expect(await told(() => answer), method).toMatch(/^E_OPTION 2 options of .* are an object, not /);
    }
    expect(await told(() => Reflect.apply(queue.enqueue, queue, ['x', 1, value]))).toMatch(/^E_JOB 2 options of a job/);
    expect(await told(() => Reflect.apply(queue.update, queue, ['x', value]))).toMatch(/^E_JOB 2 options of a change/);
  }
  expect(queue.counts()).toMatchObject({ pending: 1 });
});

test('a value of the wrong kind is refused by the name of its option, before anything is done', async () => {
  const queue = await newQueue();
  await queue.enqueue('mail', undefined, { id: 'parent' });
  const calls: readonly (readonly [string, (value: unknown) => unknown, readonly unknown[]])[] = [
    [
      'drain must be true or false',
      (v) => Reflect.apply(queue.work, queue, [() => 1, { drain: v }]),
      ['false', 1, null],
    ],
    ['names must be a list of texts', (v) => Reflect.apply(queue.take, queue, [{ names: v }]), ['mail', [5], null]],
    ['signal must be an AbortSignal', (v) => Reflect.apply(queue.take, queue, [{ signal: v }]), [5, {}, null]],
    [
      'signal must be an AbortSignal',
      (v) => Reflect.apply(queue.waitFor, queue, ['parent', { signal: v }]),
      [{}, null],
    ],
    ['signal must be an AbortSignal', (v) => Reflect.apply(queue.events, queue, [{ signal: v }]), [{}, null]],
    [
      'answered must be a function',
      (v) => Reflect.apply(queue.enqueueMany, queue, [[{ name: 'x' }], { answered: v }]),
      [5, {}, null],
    ],
    ['state must be pending or', (v) => Reflect.apply(queue.list, queue, [{ state: v }]), ['done', ['dead', 'done']]],
    ['state must be a list of texts', (v) => Reflect.apply(queue.list, queue, [{ state: v }]), [5, [null], {}]],
    ['name must be text', (v) => Reflect.apply(queue.list, queue, [{ name: v }]), [5, ['mail'], null]],
    ['group must be text', (v) => Reflect.apply(queue.list, queue, [{ group: v }]), [5, ['mail'], null]],
    [
      'limit must be a whole number from 0',
      (v) => Reflect.apply(queue.list, queue, [{ limit: v }]),
      [-1, Number.NaN, '5'],
    ],
    [
      'reset must be true or false',
      (v) => Reflect.apply(queue.retry, queue, ['parent', { reset: v }]),
      ['no', 0, null],
    ],
    [
      'missed must be skip or one or all',
      (v) => Reflect.apply(queue.schedule, queue, ['s', { every: '1m', missed: v, job: { name: 'x' } }]),
      ['sometimes', 1, null],
    ],
    [
      'dead and delay exclude each other',
      (v) => Reflect.apply(queue.fail, queue, ['token', { dead: 'no such user', delay: v }]),
      [0, '1s'],
    ],
    ['ids must be a list of texts', (v) => Reflect.apply(queue.prune, queue, [{ ids: v }]), ['parent', 5, [5], null]],
    ['states must be', (v) => Reflect.apply(queue.prune, queue, [{ keep: 0, states: v }]), ['dead', ['done'], [5], 5]],
    [
      'zone must be text',
      (v) => Reflect.apply(queue.schedule, queue, ['s', { cron: '0 3 * * *', zone: v, job: { name: 'x' } }]),
      [5, {}],
    ],
  ];
  for (const [told1, call, values] of calls)
    for (const value of values)
      expect(await told(() => call(value)), `${told1} ${String(value)}`).toMatch(`E_OPTION 2 ${told1}`);
  for (const after of ['parent', 5, [5], {}])
    expect(await told(() => Reflect.apply(queue.enqueue, queue, ['x', 1, { after }]))).toMatch(
      /^E_JOB 2 after must be a list of texts, not /,
    );
  for (const option of ['id', 'key', 'group', 'backoff'])
    for (const value of [5, Number.NaN, {}, null])
      expect(
        await told(() => Reflect.apply(queue.enqueue, queue, ['x', 1, { [option]: value }])),
        `${option} ${String(value)}`,
      ).toMatch(`E_JOB 2 ${option} must be text`);
  expect(await told(() => Reflect.apply(queue.enqueue, queue, ['x', 1, { key: 'k', keyMode: null }]))).toMatch(
    /^E_JOB 2 key_mode must be 'skip' or 'replace', not null$/,
  );
  for (const odd of [Symbol('odd'), {}]) {
    expect(await told(() => Reflect.apply(queue.enqueue, queue, ['x', 1, { delay: odd }]))).toMatch(
      /^E_DURATION 2 delay/,
    );
    expect(await told(() => Reflect.apply(queue.enqueue, queue, ['x', 1, { priority: odd }]))).toMatch(
      /^E_JOB 2 priority must be .*, not an? (symbol|object)$/,
    );
    expect(await told(() => Reflect.apply(queue.take, queue, [{ count: odd }]))).toMatch(/^E_JOB 2 count must be/);
  }
  expect(queue.counts()).toMatchObject({ pending: 1, in_flight: 0 });
  expect(queue.list({ state: ['pending', 'dead'], name: 'mail', limit: 1 })).toHaveLength(1);
});

test('a batch is of one job at least, and events begin at a seq', async () => {
  const queue = await newQueue();
  for (const batch of [0, 1.5, '5'])
    expect(await told(() => Reflect.apply(queue.enqueueMany, queue, [[], { batch }]))).toMatch(
      /^E_OPTION 2 batch must/,
    );
  for (const from of [0, -1, '1', null])
    expect(await told(() => Reflect.apply(queue.events, queue, [{ from }]))).toMatch(/^E_OPTION 2 from must be/);
});

test('numbers for opening are whole, and not too small; nothing is made where one is not', async () => {
  const dir = `${scratch()}/store`;
  const open = (options: object) => told(() => Reflect.apply(openQueue, undefined, [dir, options]));
  for (const value of [-5, 4095, Number.NaN, 5000.5, '64MiB', null])
    expect(await open({ segmentBytes: value })).toMatch(
      /^E_OPTION 2 segmentBytes must be a whole number from 4096, not /,
    );
  for (const name of ['keepSnapshots', 'payloadBytesMax', 'crashesMax', 'groupLimit'])
    for (const value of [0, 'x']) expect(await open({ [name]: value })).toMatch(`E_OPTION 2 ${name} must be a whole`);
  for (const name of ['create', 'socket'])
    for (const value of ['no', 0, null])
      expect(await open({ [name]: value })).toMatch(`E_OPTION 2 ${name} must be true`);
  for (const env of [null, 5, {}]) expect(await open({ env })).toMatch('E_OPTION 2 env must be an object with fs');
  expect(await open({ resultBytesMax: -1 })).toMatch('E_OPTION 2 resultBytesMax must be a whole');
  expect(await open({ create: false })).toMatch('E_NO_STORE');
  expect(await open({ segmentBytes: 4096, keepSnapshots: undefined, resultBytesMax: 0 })).toBe('nothing');
});

test('numbers of a worker are whole', async () => {
  const queue = await newQueue();
  const work = (options: object) => told(() => Reflect.apply(queue.work, queue, [() => undefined, options]));
  expect(await work({ concurrency: 0 })).toBe('E_OPTION 2 concurrency must be a whole number from 1, not 0');
  expect(await work({ concurrency: '4' })).toBe('E_OPTION 2 concurrency must be a whole number from 1, not a string');
  expect(await work({ snapshotEvery: -1 })).toBe('E_OPTION 2 snapshotEvery must be a whole number from 0, not -1');
});

test('without a folder there is no queue to open', async () => {
  for (const dir of [undefined, null, 5, '', {}, 'a\0b'])
    expect(await told(() => Reflect.apply(openQueue, undefined, [dir]))).toMatch(
      /^E_OPTION 2 the folder of a queue (is|has)/,
    );
});

test('a time to begin at is a Date, milliseconds, or text with a zone', async () => {
  const queue = await newQueue();
  const at = Date.UTC(2100, 0, 1, 3);
  for (const text of ['2100-01-01T03:00Z', '2100-01-01T03:00:00.000Z', '2100-01-01T05:00:00+02:00']) {
    const { id } = await queue.enqueue('x', undefined, { at: text });
    expect(queue.get(id)?.runAt, text).toBe(at);
    await queue.update(id, { at: new Date(at + 1) });
    await queue.update(id, { at: text });
    expect(queue.get(id)?.runAt, text).toBe(at);
  }
  for (const value of ['2100-01-01', '2100-01-01T03:00', 'tomorrow', '', new Date(Number.NaN), {}, 1.5])
    expect(await told(() => Reflect.apply(queue.enqueue, queue, ['x', 1, { at: value }]))).toMatch(
      /^E_JOB 2 at must be /,
    );
});
