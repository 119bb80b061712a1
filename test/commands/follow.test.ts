import { expect, test } from 'vitest';
import type { EventRow } from '../../src/commands/event-row.ts';
import { rowText } from '../../src/commands/event-row.ts';
import { inspectLog } from '../../src/commands/inspect.ts';
import { parseRange } from '../../src/commands/selector.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { openStore } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { enqueue } from '../queue/support/machines.ts';
import { contextIn } from '../support/command-context.ts';
import { simEnv } from '../support/env.ts';

/** What a follower of five events shows when a writer, after the fifth, adds twenty and cleans fifteen of them away. */
async function followed(request: { range?: string; types?: string[]; limit?: number }) {
  const env = simEnv();
  const store = await openStore(env, '/s', { machine: () => new QueueMachine(), create: true });
  const write = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await store.append(packed([encodeEvent(enqueue(`job-${store.seqLast + 1}`))]));
  };
  await write(5);
  const shown: string[] = [];
  const notes: string[] = [];
  const show = async (row: EventRow): Promise<void> => {
    shown.push(rowText(row).replace(/ {2}name.*/, ''));
    if (row.seq !== 5) return;
    // In segments of their own: those that are open already stay readable.
    await store.rotate();
    await write(15);
    await store.rotate();
    await store.checkpoint({ keep: 1 });
    await write(5);
  };
  const context = { ...contextIn(env), note: (text: string) => void notes.push(text) };
  const { range, ...rest } = request;
  const bounds = range === undefined ? {} : { range: parseRange(range) };
  const result = await inspectLog(context, { path: '/s', follow: true, ...rest, ...bounds }, show);
  await store.close();
  return { shown, notes, count: result.shown };
}

test('a follower that a writer cleans away from names the seqs that it never saw', async () => {
  expect(await followed({ limit: 7 })).toEqual({
    shown: [
      ...[1, 2, 3, 4, 5].map((seq) => `[seq=${seq}] ENQUEUE job-${seq}`),
      '[seq=6] CLEANED  to=20 events=15',
      '[seq=21] ENQUEUE job-21',
      '[seq=22] ENQUEUE job-22',
    ],
    notes: ['seq 6..20 were cleaned away before they could be shown'],
    count: 7,
  });
});

test('a range whose rest was cleaned away ends there', async () => {
  expect(await followed({ range: '5..12' })).toEqual({
    shown: ['[seq=5] ENQUEUE job-5', '[seq=6] CLEANED  to=12 events=7'],
    notes: ['seq 6..12 were cleaned away before they could be shown'],
    count: 1,
  });
});
