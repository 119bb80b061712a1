import { expect, test } from 'vitest';
import { openQueue, rawJson, WalqError } from '../../../src/index.ts';
import { scratch } from '../../cli/run-walq.ts';
import { simEnv } from '../../support/env.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { codeOf, newQueue } from './helpers.ts';

/** The library on a real folder: what was answered is there when the folder is opened again. */

test('jobs, results and failures are there after closing and opening again', async () => {
  const dir = `${scratch()}/store`;
  {
    await using queue = await openQueue(dir);
    await Promise.all(Array.from({ length: 200 }, (_, n) => queue.enqueue('count', { n }, { id: `j${n}` })));
    const [first, second] = await queue.take({ count: 3 });
    await queue.ack(first?.token ?? '', rawJson('9007199254740993'));
    await queue.fail(second?.token ?? '', { dead: 'permanent', error: 'no' });
  }
  await using queue = await openQueue(dir);
  expect(queue.counts()).toEqual({ pending: 197, in_flight: 1, completed: 1, dead: 1 });
  expect(queue.get('j0')).toMatchObject({
    name: 'count',
    state: 'completed',
    payload: { n: 0 },
    payloadText: '{"n":0}',
    resultText: '9007199254740993',
    attempt: 1,
  });
  expect(queue.get('j1')).toMatchObject({ state: 'dead', reason: 'permanent', error: 'no' });
  expect(queue.get('none')).toBeUndefined();
  expect(queue.list().map((each) => each.id)).toEqual(Array.from({ length: 200 }, (_, n) => `j${n}`));
  expect(queue.list({ state: ['completed', 'dead'] }).map((job) => job.id)).toEqual(['j0', 'j1']);
  expect(queue.list({ name: 'other' })).toEqual([]);
  expect(queue.list({ state: 'pending', limit: 2 }).map((job) => job.id)).toEqual(['j3', 'j4']);
});

test('a payload is any JSON value, or JSON text kept to the last digit', async () => {
  const queue = await newQueue();
  const values = [{ a: [1, null, 'é'] }, [], 'text', 0, false, null];
  for (const [n, value] of values.entries()) await queue.enqueue('v', value, { id: `v${n}` });
  await queue.enqueue('v', undefined, { id: 'none' });
  await queue.enqueue('v', rawJson('{ "n": 9007199254740993, "n": 1e400 }'), { id: 'raw' });
  for (const [n, value] of values.entries()) expect(queue.get(`v${n}`)?.payload).toEqual(value);
  expect(queue.get('none')?.payloadText).toBeUndefined();
  expect(queue.get('raw')?.payloadText).toBe('{"n":9007199254740993,"n":1e400}');
  expect(await codeOf(queue.enqueue('v', 1n))).toBe('E_JSON');
  expect(await codeOf(queue.enqueue('v', () => 1))).toBe('E_JSON');
  expect(await codeOf(queue.enqueue('v', rawJson('{')))).toBe('E_JSON');
  expect(queue.list()).toHaveLength(values.length + 2);
});

test('a payload may be nested 128 deep, however short its text', async () => {
  const queue = await newQueue();
  const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
  await queue.enqueue('v', nested(128), { id: 'deep' });
  expect(queue.get('deep')?.payloadText).toHaveLength(256);
  expect(await codeOf(queue.enqueue('v', nested(129)))).toBe('E_JSON_DEPTH');
});

test('a payload is stored as JSON writes it, also half a surrogate pair, and no larger than allowed', async () => {
  const queue = await newQueue();
  await queue.limit({ payloadBytesMax: 20 });
  const scheduled = (payload: string) => queue.schedule('s', { every: '1h', job: { name: 'v', payload } });
  for (const value of ['\ud800 é \u0000', { 'a\n"': '\u2028' }, [1e300, -0, 1.5]]) {
    const { id } = await queue.enqueue('v', value);
    expect(queue.get(id)?.payloadText).toBe(JSON.stringify(value));
  }
  expect(await codeOf(queue.enqueue('v', 'x'.repeat(19)))).toBe('E_JOB');
  const { id } = await queue.enqueue('v', 'x'.repeat(18));
  for (const large of [queue.update(id, { payload: 'x'.repeat(19) }), scheduled('x'.repeat(19))])
    expect(await codeOf(large)).toBe('E_JOB');
  await Promise.all([queue.update(id, { payload: 'y'.repeat(18) }), scheduled('x'.repeat(18))]);
});

test('options are those of the shell: times as numbers or text', async () => {
  const queue = await newQueue();
  await queue.enqueue('parent', undefined, { id: 'p' });
  const before = Date.now();
  await queue.enqueue('child', undefined, { after: ['p'], id: 'c', group: 'g', priority: 7, attempts: 5, key: 'k' });
  await queue.enqueue('late', undefined, { id: 'l', delay: '1h', timeout: 500, backoff: 'none' });
  await queue.enqueue('at', undefined, { id: 'a', at: new Date(Date.UTC(2100, 0, 1)) });
  expect(queue.get('c')).toMatchObject({ group: 'g', priority: 7, maxAttempts: 5, key: 'k', waitingFor: ['p'] });
  expect(queue.get('l')?.runAt).toBeGreaterThanOrEqual(before + 3_600_000);
  expect(queue.get('a')?.runAt).toBe(Date.UTC(2100, 0, 1));
  expect(await queue.enqueue('child', undefined, { key: 'k' })).toMatchObject({ id: 'c', status: 'duplicate' });
  expect(await codeOf(queue.enqueue('x', undefined, { delay: 'soon' }))).toBe('E_DURATION');
  expect(await codeOf(queue.enqueue('x', undefined, { after: ['nobody'] }))).toBe('E_PARENT_UNKNOWN');
  expect(await codeOf(queue.enqueue('', undefined))).toBe('E_JOB');
  // From a program without types.
  const called = (method: 'enqueue' | 'enqueueMany' | 'work', value: unknown): Promise<unknown> =>
    codeOf((async () => Reflect.apply(queue[method], queue, [value]))());
  for (const name of [undefined, null, 5, {}, { name: 'mail' }]) expect(await called('enqueue', name)).toBe('E_JOB');
  for (const jobs of [undefined, null, 5, 'text', {}, [null], ['text'], [{}], [{ name: 5 }]])
    expect(await called('enqueueMany', jobs)).toBe('E_JOB');
  const odd = (options: object): Promise<unknown> => codeOf(Reflect.apply(queue.enqueue, queue, ['x', 1, options]));
  // Objects that look like text would stay in the state, and be text in that of the log.
  for (const options of [{ group: new String('g') }, { backoff: new String('none') }, { group: 5 }, { priority: '1' }])
    expect(await odd(options)).toBe('E_JOB');
  // What a database gives for "none" is none of the values of any option: a job would go in without its key.
  for (const options of [{ id: null }, { key: null }, { group: null }]) expect(await odd(options)).toBe('E_JOB');
  // One that is misspelled would be lost without a word.
  expect(await odd({ maxAttempts: 1 })).toBe('E_JOB');
  expect(await called('enqueueMany', [{ name: 'x', attemps: 1 }])).toBe('E_JOB');
  expect(await codeOf(Reflect.apply(queue.update, queue, ['l', { prio: 5 }]))).toBe('E_JOB');
  await queue.enqueue('zero', undefined, { id: 'z', priority: -0 });
  expect(Object.is(queue.get('z')?.priority, 0)).toBe(true);
  for (const handlers of [undefined, null, 'text', { mail: 5 }, { mail: undefined }])
    expect(await called('work', handlers)).toBe('E_JOB');
});

test('many jobs come from any iterable, in batches that go in whole or not at all', async () => {
  const queue = await newQueue();
  async function* numbers(count: number) {
    for (let n = 0; n < count; n++) yield { name: 'n', payload: n, id: `n${n}` };
  }
  const sizes: number[] = [];
  const answered = (answers: readonly unknown[]) => void sizes.push(answers.length);
  expect(await queue.enqueueMany(numbers(25), { batch: 10, answered })).toEqual({
    enqueued: 25,
    duplicate: 0,
    replaced: 0,
  });
  expect(sizes).toEqual([10, 10, 5]);
  expect(
    await queue.enqueueMany([
      { name: 'n', id: 'n24' },
      { name: 'n', id: 'm' },
    ]),
  ).toMatchObject({ enqueued: 1, duplicate: 1 });
  const bad = [{ name: 'x' }, { name: 'x' }, { name: 'y' }, { name: 'y', priority: 0.5 }];
  expect(await codeOf(queue.enqueueMany(bad, { batch: 2 }))).toBe('E_JOB');
  expect(queue.list({ name: 'x' })).toHaveLength(2);
  expect(queue.list({ name: 'y' })).toEqual([]);
});

test('a batch ends at half a MiB too, whether the jobs are there or come one by one', async () => {
  const jobs = Array.from({ length: 7 }, () => ({ name: 'x', payload: 'p'.repeat(200 * 1024) }));
  async function* coming() {
    yield* jobs;
  }
  for (const source of [jobs, coming()]) {
    const queue = await newQueue();
    const sizes: number[] = [];
    await queue.enqueueMany(source, { answered: (answers) => sizes.push(answers.length) });
    expect(sizes).toEqual([2, 2, 2, 1]);
  }
});

test('leases: extended, failed, taken by name, waited for', async () => {
  const queue = await newQueue<{ mail: { to: string }; resize: number }>();
  const waiting = queue.take({ names: ['mail'], wait: '10s' });
  await queue.enqueue('resize', 7);
  await queue.enqueue('mail', { to: 'ada' }, { id: 'm', backoff: 'none' });
  const [job] = await waiting;
  expect(job).toMatchObject({ id: 'm', name: 'mail', payload: { to: 'ada' }, attempt: 1, maxAttempts: 3 });
  const token = job?.token ?? '';
  expect((await queue.extend(token, '1h')).deadlineMs).toBeGreaterThan(Date.now() + 3_000_000);
  expect(await queue.fail(token, { error: 'busy', delay: 0 })).toMatchObject({ id: 'm', verdict: 'retry' });
  expect(await codeOf(queue.ack(token))).toBe('E_LEASE_OVER');
  expect((await queue.take({ names: ['mail'] }))[0]).toMatchObject({ id: 'm', attempt: 2 });
  expect(await queue.take({ names: ['mail'] })).toEqual([]);
  const ends = new AbortController();
  const never = queue.take({ names: ['mail'], wait: '1h', signal: ends.signal });
  ends.abort();
  expect(await never).toEqual([]);
});

test('any number of consumers may wait for a job, without a warning', async () => {
  const queue = await newQueue();
  const warnings: Error[] = [];
  const onWarning = (warning: Error): number => warnings.push(warning);
  process.on('warning', onWarning);
  const waiting = Array.from({ length: 30 }, () => queue.take({ wait: '1m' }));
  await queue.enqueueMany(Array.from({ length: 30 }, () => ({ name: 'x' })));
  const ids = (await Promise.all(waiting)).flat().map(({ id }) => id);
  process.off('warning', onWarning);
  expect(new Set(ids).size).toBe(30);
  expect(warnings).toEqual([]);
});

test('what an operator does: cancel, update, promote, remove, retry, pause, limit, schedule, prune', async () => {
  const queue = await newQueue();
  for (const id of ['a', 'b', 'c']) await queue.enqueue('x', undefined, { id, delay: '1h' });
  expect(await queue.cancel('a', 'not needed')).toMatchObject({ status: 'cancelled' });
  expect(queue.get('a')).toMatchObject({ state: 'dead', reason: 'cancelled' });
  await queue.retry('a', { reset: true });
  await queue.update('a', { priority: 3, payload: { n: 1 }, delay: '2h' });
  expect(queue.get('a')).toMatchObject({ state: 'pending', priority: 3, payload: { n: 1 } });
  await queue.promote('b');
  await queue.pause({}, 'for a test');
  expect(await queue.take()).toEqual([]);
  await queue.resume();
  const [job] = await queue.take();
  expect(job?.id).toBe('b');
  await queue.ack(job?.token ?? '');
  await queue.remove('c');
  expect(queue.get('c')).toBeUndefined();
  expect(await queue.prune({ olderThan: '1h' })).toBe(0);
  expect(await queue.prune({ keep: 0 })).toBe(1);
  await queue.limit({ pendingMax: 1 });
  expect(await codeOf(queue.enqueue('x'))).toBe('E_QUEUE_FULL');
  await queue.limit({ pendingMax: 0, rate: { count: 5, per: '1m' } });
  // Half a rate could not be read again, and the store not be opened.
  expect(await codeOf(queue.limit({ rate: {} as never }))).toBe('E_FIELD');
  await queue.schedule('nightly', { cron: '0 3 * * *', zone: 'Europe/Berlin', job: { name: 'x', payload: 1 } });
  await queue.schedule('often', { every: '5m', missed: 'skip', job: { name: 'x' } });
  await queue.unschedule('often');
  expect(await codeOf(queue.unschedule('often'))).toBe('E_SCHEDULE_UNKNOWN');
  expect(await codeOf(queue.schedule('bad', { cron: 'x', job: { name: 'x' } }))).toBe('E_SCHEDULE');
  // As those write it who have no compiler.
  const odd = (settings: object | undefined) => codeOf(queue.schedule('bad', settings as never));
  for (const settings of [{ every: '1h' }, { every: '1h', job: null }]) expect(await odd(settings)).toBe('E_JOB');
  for (const settings of [{ every: '1h', name: 'x' }, undefined]) expect(await odd(settings)).toBe('E_OPTION');
  for (const settings of [{ job: { name: 'x' } }, { cron: 5, job: { name: 'x' } }])
    expect(await odd(settings)).toBe('E_SCHEDULE');
});

test('a snapshot gives the same state as the log', async () => {
  const dir = `${scratch()}/store`;
  const before = await openQueue(dir);
  await before.enqueueMany([
    { name: 'x', id: 'a' },
    { name: 'x', id: 'b', delay: '1m', backoff: 'none' },
  ]);
  const [job] = await before.take();
  await before.fail(job?.token ?? '', { error: 'é' });
  await before.snapshot();
  await before.enqueue('x', undefined, { id: 'c' });
  const jobs = before.list();
  await before.close();
  const after = await newQueue({ dir });
  expect(after.recovery.snapshot?.seq).toBe(4);
  expect(after.recovery.replayed).toBe(1);
  expect(after.list()).toEqual(jobs);
});

test('take and ack refuse what is no count and what has no JSON form, with a promise', async () => {
  const queue = await newQueue();
  await queue.enqueue('x');
  for (const count of [-1, 1.5, Number.NaN]) {
    expect(await codeOf(queue.take({ count }))).toBe('E_JOB');
  }
  // Each time anew, also the same again, and what was good stays so.
  for (const lease of ['soon', 'soon', '1m', 'soon']) {
    expect(await codeOf(queue.take({ lease, count: 0 }))).toBe(lease === 'soon' ? 'E_DURATION' : undefined);
  }
  expect(await queue.take({ count: 0 })).toEqual([]);
  const [job] = await queue.take({ count: Number.MAX_SAFE_INTEGER });
  expect(await codeOf(queue.ack(job?.token ?? '', () => 1))).toBe('E_JSON');
  expect(await codeOf(queue.ack('nobody'))).toBe('E_LEASE_OVER');
  expect(await queue.ack(job?.token ?? '')).toMatchObject({ id: job?.id, resultDropped: false });
});

test('a second opening is refused while the first one lasts', async () => {
  const queue = await newQueue();
  const refused = await openQueue(queue.dir).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(WalqError);
  expect(refused).toMatchObject({ code: 'E_LOCKED', exit: 6 });
});

test('without create a missing store is an error; closing twice is closing once, and ends what waits', async () => {
  const dir = scratch();
  await expect(openQueue(`${dir}/none`, { create: false })).rejects.toMatchObject({ code: 'E_NO_STORE', exit: 1 });
  const queue = await openQueue(`${dir}/new`);
  await queue.enqueue('x', undefined, { id: 'x', delay: '1h' });
  const waits = codeOf(queue.waitFor('x'));
  const takes = queue.take({ wait: '1h' });
  const events = queue.events()[Symbol.asyncIterator]().next();
  await queue.close();
  await queue.close();
  expect(await waits).toBe('E_CLOSED');
  expect(await takes).toEqual([]);
  expect(await events).toMatchObject({ done: true });
  expect(await codeOf(queue.enqueue('x'))).toBe('E_CLOSED');
  expect(() => queue.work(() => 1)).toThrow(expect.objectContaining({ code: 'E_CLOSED' }));
});

test('opening changes no job: one whose runner died stays in flight until somebody works again', async () => {
  const env = simEnv();
  const dead = await openQueue('/store', { env });
  await dead.enqueue('a', undefined, { id: 'a' });
  let begun = (): void => undefined;
  const begins = new Promise<void>((resolve) => {
    begun = resolve;
  });
  dead.work(async (_job, { signal }) => {
    begun();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  });
  await begins;
  const left = simEnv({ fs: new SimFs(imageAfterKill(env.fs.root)), seed: 2 });
  for (let opening = 1; opening <= 2; opening++) {
    await using queue = await openQueue('/store', { env: left });
    expect(queue.get('a'), `opening ${opening}`).toMatchObject({ state: 'in_flight', attempt: 1, crashes: 0 });
  }
});
