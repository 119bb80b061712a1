import { expect, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { treeOf } from '../../support/sim-image.ts';
import { ListMachine } from './list-machine.ts';

const open = (env: ReturnType<typeof simEnv>) =>
  openStore(env, '/s', { machine: () => new ListMachine(), create: true, segmentBytes: 200 });

test('after close nothing is removed: a checkpoint or prune that comes late is refused', async () => {
  const env = simEnv();
  const store = await open(env);
  for (let round = 0; round < 4; round++) {
    await store.append(packed([Buffer.from(`record ${round}`)]));
    await store.checkpoint({ clean: false });
  }
  await store.close();
  await store.close();
  const before = treeOf(env.fs.root);
  await expect(store.checkpoint({ keep: 1 })).rejects.toMatchObject({ code: 'E_CLOSED' });
  await expect(store.pruneSnapshots(1)).rejects.toMatchObject({ code: 'E_CLOSED' });
  expect(treeOf(env.fs.root)).toEqual(before);
});

test('a second look that cannot read does not poison the writer', async () => {
  const env = simEnv();
  const store = await open(env);
  await store.append(packed([Buffer.from('one')]));
  env.fs.inject({ nth: 1, errno: 'EMFILE', match: (op) => op.kind === 'open' });
  await expect(store.reload()).rejects.toMatchObject({ code: 'E_READ' });
  expect(store.poison).toBeUndefined();
  expect(await store.append(packed([Buffer.from('two')]))).toBe(2);
  await store.close();
});

test('a SEAL whose sync fails leaves nothing locked: the store can be opened again in the same process', async () => {
  const env = simEnv();
  const store = await open(env);
  await store.append(packed([Buffer.from('one')]));
  env.fs.inject({
    nth: 1,
    errno: 'EIO',
    sync: 'kept',
    match: (op) => op.kind === 'datasync' && /0001-.*wal$/.test(op.path),
  });
  await expect(store.rotate()).rejects.toMatchObject({ code: 'E_DURABILITY_UNKNOWN' });
  expect(store.poison?.code).toBe('E_POISONED');
  await store.close();
  const again = await open(env);
  expect(again.machine.items).toEqual(['one']);
  await again.close();
});
