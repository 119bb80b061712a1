import { expect, test } from 'vitest';
import { WalqError } from '../../../src/index.ts';
import { newQueue } from './helpers.ts';

test('a reason that is no text, such as an Error, is refused by its name and changes nothing', async () => {
  const queue = await newQueue();
  await queue.enqueue('x', undefined, { id: 'a' });
  const [job] = await queue.take();
  await queue.enqueue('x', undefined, { id: 'later', delay: '1h' });
  const told = async (method: 'fail' | 'cancel' | 'pause', ...values: unknown[]): Promise<unknown> => {
    const refusal: unknown = await Reflect.apply(queue[method], queue, values).catch((error: unknown) => error);
    return refusal instanceof WalqError && `${refusal.code}: ${refusal.message}`;
  };
  const hostile = { length: 1, charCodeAt: () => 120, includes: () => false };
  for (const odd of [new Error('boom'), 42, ['x'], null, true, Buffer.from('x'), hostile]) {
    expect(await told('fail', job?.token, { error: odd })).toMatch(/^E_FIELD: error must be text, not /);
    expect(await told('fail', job?.token, { dead: odd })).toMatch(/^E_FIELD: dead must be text, not /);
    expect(await told('cancel', 'later', odd)).toMatch(/^E_FIELD: error must be text, not /);
    expect(await told('pause', {}, odd)).toMatch(/^E_FIELD: reason must be text, not /);
  }
  expect(queue.counts()).toMatchObject({ pending: 1, in_flight: 1 });
  await queue.ack(job?.token ?? '');
  await queue.cancel('later', 'text');
  expect(queue.counts()).toMatchObject({ completed: 1, dead: 1 });
});
