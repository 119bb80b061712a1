import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { Launcher } from '../../../src/queue/process/launcher.ts';
import type { AttemptOrder } from '../../../src/queue/process/order.ts';
import { tempFolder } from './helpers.ts';

test('attempts of a launcher that cannot be started go back, and do not count', async () => {
  const order: AttemptOrder = {
    command: { shell: 'true' },
    owner: 'runner',
    job: { id: 'a', name: 'mail', attempt: 1, attemptsMax: 3 },
    store: '/somewhere',
    lease: 'c0ffee:2',
    killAfterMs: 100,
    log: { folder: tempFolder(), name: 'a.log' },
  };
  const ended: string[] = [];
  const launcher = new Launcher({
    variables: {},
    clock: systemClock,
    program: '/there/is/no/such/program',
    endLeft: async (leases) => void ended.push(...leases),
  });
  const attempts = [launcher.start(order, {}), launcher.start(order, {})];
  for (const { done } of attempts) {
    expect((await done).verdict).toMatchObject({ kind: 'retry', reason: 'resources', refund: true });
  }
  expect(ended).toEqual([]);
  expect(launcher.size).toBe(0);
  await launcher.close();
});
