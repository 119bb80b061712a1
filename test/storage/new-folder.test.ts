import { expect, test } from 'vitest';
import type { FileInfo } from '../../src/fs/types.ts';
import { refusePlace } from '../../src/storage/new-folder.ts';
import { simEnv } from '../support/env.ts';
import { SimFs } from '../support/sim-fs.ts';

/** Another disk is mounted at `mount`; the number of its root is the one that `like` has on this disk. */
class Mounted extends SimFs {
  readonly #mount: string;
  readonly #like: string;

  constructor(mount: string, like: string) {
    super();
    this.#mount = mount;
    this.#like = like;
  }

  override async stat(path: string): Promise<FileInfo | undefined> {
    const info = await super.stat(path);
    if (info === undefined || !`${path}/`.startsWith(`${this.#mount}/`)) return info;
    const like = path === this.#mount ? await super.stat(this.#like) : info;
    return { ...info, ino: like?.ino ?? 0, dev: info.dev + 1 };
  }
}

test('a folder on another disk is told from one with the same number on this disk', async () => {
  const refusal = async (mount: string, like: string, dir: string) => {
    const env = simEnv({ fs: new Mounted(mount, like) });
    for (const folder of ['/store', '/store/disk', '/disk']) await env.fs.mkdir(folder);
    return await refusePlace(env, dir, '/store').then(() => undefined, String);
  };
  // Seen from a disk inside of the store, the store is above it.
  expect(await refusal('/store/disk', '/store', '/store/disk/new')).toContain('it lies in /store');
  expect(await refusal('/disk', '/store', '/disk/new')).toBeUndefined();
  expect(await refusal('/none', '/store', '/store/disk/new')).toContain('it lies in /store');
});
