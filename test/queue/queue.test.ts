import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openQueue, payloadText, WalqError } from '../../src/index.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'walq-queue-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

test('what was enqueued, run and failed is there after closing and opening again', async () => {
  {
    await using queue = await openQueue(dir);
    await Promise.all(Array.from({ length: 200 }, (_, n) => queue.enqueue({ id: `j${n}`, payload: `{"n":${n}}` })));
    const first = await queue.engine.dispatch();
    const second = await queue.engine.dispatch();
    if (!first || !second) throw new Error('two jobs were expected');
    await queue.engine.ack(first, { result: '9007199254740993' });
    await queue.engine.fail(second, { dead: 'permanent', error: 'no' });
    await queue.engine.dispatch();
  }
  await using queue = await openQueue(dir);
  expect(queue.status().counts).toEqual({ pending: 197, in_flight: 1, completed: 1, dead: 1 });
  const job = queue.get('j0');
  expect(job).toMatchObject({ state: 'completed', result: '9007199254740993' });
  expect(job && payloadText(job)).toBe('{"n":0}');
  expect(queue.list().map((each) => each.id)).toEqual(Array.from({ length: 200 }, (_, n) => `j${n}`));
  expect(await queue.engine.reclaim()).toMatchObject([{ verdict: 'retry', reason: 'crash' }]);
  expect((await queue.engine.dispatch())?.id).toBe('j2');
});

test('a snapshot gives the same state as the log', async () => {
  const before = await openQueue(dir);
  await before.enqueueMany([
    { id: 'a', command: ['echo', ''] },
    { id: 'b', delayMs: 60_000, backoff: 'none' },
  ]);
  const job = await before.engine.dispatch();
  if (job) await before.engine.fail(job, { error: 'é', exitCode: 3 });
  await before.checkpoint();
  await before.enqueue({ id: 'c' });
  const jobs = before.list();
  await before.close();
  await using after = await openQueue(dir);
  expect(after.recovery.snapshot?.seq).toBe(4);
  expect(after.recovery.replayed).toBe(1);
  expect(after.list()).toEqual(jobs);
});

test('a second opening is refused while the first one lasts', async () => {
  await using queue = await openQueue(dir);
  await queue.enqueue({ id: 'a' });
  const refused = await openQueue(dir).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(WalqError);
  expect(refused).toMatchObject({ code: 'E_LOCKED', exit: 6 });
});

test('without create a missing store is an error; closing twice is closing once', async () => {
  await expect(openQueue(join(dir, 'none'), { create: false })).rejects.toMatchObject({ code: 'E_NO_STORE', exit: 1 });
  const queue = await openQueue(join(dir, 'new'));
  await queue.close();
  await queue.close();
  await expect(queue.enqueue({})).rejects.toMatchObject({ code: 'E_CLOSED' });
});
