import { expect, test } from 'vitest';
import { openStore } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { simEnv } from '../support/env.ts';
import { ListMachine } from './crash/list-machine.ts';

const mib = 1024 * 1024;

test.each([false, true])('operations that wait share frames of at most 4 MiB (overlap %s)', async (overlap) => {
  const frames: number[] = [];
  const store = await openStore(simEnv(), '/store', {
    machine: () => new ListMachine(),
    create: true,
    overlap,
    observer: { committed: ({ bytes }) => void frames.push(bytes), snapshotWritten: () => undefined },
  });
  const record = Buffer.alloc(mib, 'x');
  await Promise.all(Array.from({ length: 13 }, () => store.append(packed([record]))));
  // One that is larger alone has a frame of its own.
  await store.append(packed([Buffer.alloc(6 * mib, 'y')]));
  await store.close();
  const batches = frames.filter((bytes) => bytes > mib);
  expect(Math.max(...batches.slice(0, -1))).toBeLessThan(4 * mib + 8192);
  expect(batches.at(-1)).toBeGreaterThan(6 * mib);
  expect(batches.length).toBeGreaterThanOrEqual(6);
});
