import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { FileSystem } from '../../../src/fs/types.ts';
import { client, serve, storeA, storeB, storeFolder, tryClient } from './socket-helpers.ts';

describe('a socket that somebody removes under its server', () => {
  const quick = { limits: { stallMs: 100 } };
  const soon = { timeout: 5000, interval: 5 };
  const answers = async (store: string) => {
    const connected = await tryClient(store);
    if (connected === undefined) throw new Error('nobody answers');
    return await connected.request('x', { n: 1 });
  };

  it.each(['short', 'deep'] as const)('comes back, with its folder: a %s path', async (depth) => {
    const store = storeFolder('store', depth);
    const server = await serve(store, quick);
    const before = await client(store);
    for (const gone of [`${store}/run/sock`, `${store}/run`]) {
      rmSync(gone, { recursive: true });
      await vi.waitFor(() => answers(store), soon);
      expect(statSync(`${store}/run`).mode & 0o777).toBe(0o700);
    }
    renameSync(`${store}/run`, `${store}/was`);
    symlinkSync(`${store}/was`, `${store}/run`);
    await expect(tryClient(store)).rejects.toMatchObject({ code: 'E_RUN_FOLDER' });
    rmSync(`${store}/run`);
    await vi.waitFor(() => answers(store), soon);
    // Who was connected, stays so.
    expect(await before.request('x', { n: 2 })).toEqual({ echo: { n: 2 }, op: 'x' });
    await server.close();
    expect(readdirSync(`${store}/run`)).toEqual([]);
  });

  it('comes back where it is gone before its server has looked at it', async () => {
    const store = storeFolder();
    let looks = 0;
    const lstat: FileSystem['lstat'] = async (path) => {
      if (looks++ === 0) rmSync(path);
      return await nodeFs.lstat(path);
    };
    await serve(store, { ...quick, fs: { mkdir: nodeFs.mkdir, stat: nodeFs.stat, lstat } });
    await vi.waitFor(() => answers(store), soon);
    expect(looks).toBeGreaterThan(1);
  });

  it('is not bound over that of another store in its place', async () => {
    const store = storeFolder();
    await serve(store, quick);
    renameSync(store, `${store}.moved`);
    mkdirSync(store, { mode: 0o700 });
    await serve(store, { storeId: storeB });
    const { ino } = lstatSync(`${store}/run/sock`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(lstatSync(`${store}/run/sock`).ino).toBe(ino);
    await expect(tryClient(store, { storeId: storeA })).rejects.toMatchObject({ code: 'E_CONTROL_STORE' });
  });
});
