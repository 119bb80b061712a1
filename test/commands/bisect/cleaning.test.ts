import { expect, test } from 'vitest';
import { notFoundError } from '../../../src/base/errors.ts';
import { besideCleaning, type Points } from '../../../src/commands/bisect/points.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { enqueue } from '../../queue/support/machines.ts';
import { type RandomLog, randomLog } from './random-log.ts';

/** A store whose log can be cleaned, a little more each time. */
async function cleanable(): Promise<{ log: RandomLog; clean: () => Promise<void> }> {
  const log = await randomLog([], 400);
  let number = 0;
  const clean = async (): Promise<void> => {
    const store = await openStore(log.context.env, log.dir, { machine: () => new QueueMachine(), segmentBytes: 400 });
    for (let times = 0; times < 2; times++) {
      for (let jobs = 0; jobs < 8; jobs++) await store.append(packed([encodeEvent(enqueue(`job-${++number}`))]));
      await store.checkpoint();
    }
    await store.close();
  };
  await clean();
  return { log, clean };
}

const gone = () => notFoundError('E_NO_FILE', 'gone');

test('a search that loses its states to a cleaning begins again with those that are left', async () => {
  const { log, clean } = await cleanable();
  const seen: Points[] = [];
  const answer = await besideCleaning(log.context, { kind: 'store', path: log.dir }, undefined, async (points) => {
    seen.push(points);
    if (seen.length > 2) return 'found';
    await clean();
    throw gone();
  });
  expect(answer).toBe('found');
  expect(seen.map(({ lower }) => lower)).toEqual([8, 24, 40]);
  expect(log.notes).toEqual([
    'the log was cleaned up to seq 24 meanwhile: beginning again from there',
    'the log was cleaned up to seq 40 meanwhile: beginning again from there',
  ]);
});

test('one that fails without a cleaning says why, and one that is always too slow gives up', async () => {
  const { log, clean } = await cleanable();
  const target = { kind: 'store', path: log.dir } as const;
  let searches = 0;
  const failing = besideCleaning(log.context, target, undefined, () => Promise.reject(gone()));
  await expect(failing).rejects.toMatchObject({ code: 'E_NO_FILE' });
  const slow = besideCleaning(log.context, target, undefined, async () => {
    searches++;
    await clean();
    throw gone();
  });
  await expect(slow).rejects.toMatchObject({ code: 'E_RACE', exit: 1, next: 'walq backup /s COPY, and search that' });
  expect(searches).toBe(5);
});
