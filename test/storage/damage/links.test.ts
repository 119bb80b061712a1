import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import { putFile, putLink } from '../../support/sim-edit.ts';
import { treeOf } from '../../support/sim-image.ts';
import { tried } from '../../support/tried.ts';
import { bytesAt, dir, diskOf, fileOf, make, sampleStore } from './image.ts';
import { texts } from './judge.ts';

test('a store is followed through a link to it, and through none inside it', async (context) => {
  const image = await sampleStore({ closed: true });
  const root = await diskOf(image);
  putLink(root.fs, '/link', dir);
  expect((await verifyStore(root, '/link')).verdict).toBe('clean');
  const store = await openStore(root, '/link', { machine: make });
  expect(store.machine.items).toEqual(texts(12));
  await store.close();

  const files = ['HEAD', 'STORE.json', fileOf(image, '0000000003-').slice(dir.length + 1)];
  const names = ['wal', 'snapshots', ...files];
  for (const name of names) {
    const env = await diskOf(image);
    await env.fs.rename(`${dir}/${name}`, '/elsewhere');
    putLink(env.fs, `${dir}/${name}`, '/elsewhere');
    await expect(verifyStore(env, dir), name).rejects.toMatchObject({ code: 'E_READ', exit: 74 });
    await expect(openStore(env, dir, { machine: make }), name).rejects.toMatchObject({ code: 'E_READ', exit: 74 });
  }
  tried(context, 'foreign-files', { 'link to the store followed': 1, 'link inside refused': names.length });
});

test('a torn tail is not set aside through a link', async () => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '0000000003-');
  const env = await diskOf(image);
  // The first sector of a write is there, the second never came.
  putFile(env.fs, path, Uint8Array.from([...bytesAt(image, path), ...new Uint8Array(600), 1]));
  await env.fs.mkdir('/elsewhere');
  putLink(env.fs, `${dir}/quarantine`, '/elsewhere');
  await expect(openStore(env, dir, { machine: make })).rejects.toMatchObject({ code: 'E_READ' });
  expect([...treeOf(env.fs.root).keys()].filter((name) => name.startsWith('/elsewhere/'))).toEqual([]);
});

test('an unfinished creation is cleared away, but nothing that a link in it leads to', async () => {
  const env = simEnv();
  for (const folder of [dir, '/elsewhere']) await env.fs.mkdir(folder);
  putFile(env.fs, `${dir}/CREATING`, new Uint8Array(0));
  putFile(env.fs, '/elsewhere/letter', Buffer.from('dear'));
  putLink(env.fs, `${dir}/snapshots`, '/elsewhere');
  await expect(openStore(env, dir, { machine: make, create: true })).rejects.toMatchObject({ code: 'E_READ' });
  expect([...treeOf(env.fs.root).keys()]).toContain('/elsewhere/letter');
});
