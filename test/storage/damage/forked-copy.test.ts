import { expect, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { tried } from '../../support/tried.ts';
import { appendSome, bytesAt, dir, diskOf, fileOf, type Image, imageOf, make, withFile } from './image.ts';
import { judge, texts } from './judge.ts';

const newestSnapshot = '00000006.snap';

/** Goes on from `from` on its own: three records of its own, a snapshot, one more record; the log before it goes. */
async function ownWay(from: Image, who: string, seed: number): Promise<Image> {
  const env = simEnv({ fs: (await diskOf(from)).fs, seed });
  const store = await openStore(env, dir, { machine: make, keepSnapshots: 1 });
  await store.rotate();
  for (const number of [4, 5, 6]) await store.append(packed([Buffer.from(`${who} ${number}`)]));
  await store.checkpoint();
  await store.rotate();
  // No new snapshot, as nothing happened; but now the segment that the snapshot points into can go.
  await store.checkpoint();
  await store.append(packed([Buffer.from(`${who} 7`)]));
  await store.close();
  return imageOf(env.fs);
}

async function startingPoint(): Promise<Image> {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  await appendSome(store, 1, 3);
  await store.close();
  return imageOf(env.fs);
}

test('a snapshot of a copy that went its own way is no base for this log', async (context) => {
  const start = await startingPoint();
  const ours = await ownWay(start, 'ours', 11);
  const theirs = await ownWay(start, 'theirs', 12);
  const path = fileOf(ours, newestSnapshot);
  expect([...ours.keys()].filter((file) => file.endsWith('.wal')).length, 'the log before it is gone').toBe(1);
  expect((await judge(ours)).items).toEqual([...texts(3), 'ours 4', 'ours 5', 'ours 6', 'ours 7']);

  const mixed = withFile(ours, path, bytesAt(theirs, fileOf(theirs, newestSnapshot)));
  const { report, opened, code } = await judge(mixed);
  expect(report.verdict).toBe('no base');
  expect(report.findings.map((finding) => finding.code).sort()).toEqual(['E_NO_BASE', 'E_SNAPSHOT_CHAIN']);
  expect({ opened, code }).toEqual({ opened: 'refused', code: 'E_NO_BASE' });
  tried(context, 'snapshot-apart', { refused: 1 });
});
