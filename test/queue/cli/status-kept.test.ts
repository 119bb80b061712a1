import { expect, test } from 'vitest';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { walq } from '../../cli/run-walq.ts';
import { ack, dispatch, enqueue } from '../support/machines.ts';
import { storeOf } from './store-of.ts';

test('status says what bounds finished jobs where there are many and nothing does', async () => {
  const life = (n: number) => [enqueue(`j${n}`), dispatch(`j${n}`), ack(`j${n}`)].map(encodeEvent);
  const store = await storeOf([], async (open) => {
    for (let n = 0; n < 99_999; n += 813) {
      await open.append(packed(Array.from({ length: 813 }, (_, k) => life(n + k)).flat()));
    }
  });
  const queue = async (...args: string[]) => (await walq(['--store', store, 'queue', ...args])).stdout;
  expect(await queue('status')).toContain('\ncompleted  99,999\n');
  await queue('enqueue', '-d', '1');
  await queue('run', '--exec', 'true', '--drain');
  const advice = 'finished jobs are kept for ever, walq queue limit --keep-for 7d forgets older ones';
  expect(await queue('status')).toContain(`\ncompleted  100,000  ${advice}\n`);
  await queue('limit', '--keep-count', '200000');
  expect(await queue('status')).toContain('\ncompleted  100,000\n');
});
