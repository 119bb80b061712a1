import { once } from 'node:events';
import fs, { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tried } from '../../support/tried.ts';
import { tempFolder, until } from './helpers.ts';
import { client, serve, storeA, storeFolder, tryClient } from './socket-helpers.ts';

/** Each a reason why no socket of this store can lie in its run folder. */
const reasons: Record<string, () => { store: string; platform?: string }> = {
  'the path is long and there is no /proc': () => ({ store: storeFolder('a', 'deep'), platform: 'darwin' }),
  'the file system takes no socket': () => {
    const store = storeFolder();
    // What cannot be removed is in its place: listening fails, as it does there.
    mkdirSync(`${store}/run/sock/taken`, { recursive: true, mode: 0o700 });
    return { store };
  },
  'the file system keeps modes of its own': () => {
    const store = storeFolder();
    mkdirSync(`${store}/run`);
    chmodSync(`${store}/run`, 0o777);
    vi.spyOn(fs, 'fchmodSync').mockImplementation(() => {});
    return { store };
  },
  'the file system refuses modes': () => {
    const store = storeFolder();
    mkdirSync(`${store}/run`);
    chmodSync(`${store}/run`, 0o777);
    vi.spyOn(fs, 'fchmodSync').mockImplementation(() => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM', errno: -1, syscall: 'fchmod' });
    });
    return { store };
  },
};

function elsewhere(reason: string) {
  const { store, platform } = reasons[reason]?.() ?? { store: '' };
  return { store, options: { tempFolder: tempFolder(), ...(platform !== undefined && { platform }) } };
}

afterEach(() => vi.restoreAllMocks());

describe.each(Object.keys(reasons))('where %s', (reason) => {
  it('the server listens in a folder of its own in the temp folder, and clients find it', async (context) => {
    tried(context, 'socket', { 'gets through': 1 });
    const { store, options } = elsewhere(reason);
    const before = readdirSync('/proc/self/fd').length;
    const server = await serve(store, options);
    const [folder = ''] = readdirSync(options.tempFolder);
    expect(folder).toMatch(new RegExp(`^walq-${process.geteuid?.()}-[0-9a-f]{16}$`));
    expect(statSync(`${options.tempFolder}/${folder}`).mode & 0o777).toBe(0o700);
    expect(statSync(`${options.tempFolder}/${folder}/sock`).mode & 0o777).toBe(0o600);
    const connected = await client(store, options);
    expect(await connected.request('x')).toMatchObject({ op: 'x' });
    connected.close();
    await server.close();
    expect(readdirSync(options.tempFolder)).toEqual([]);
    await until(() => readdirSync('/proc/self/fd').length <= before, 'all descriptors are closed');
  });

  it('a copy of the store, which has its id, has no runner', async () => {
    const { store, options } = elsewhere(reason);
    await serve(store, options);
    const copy = storeFolder('copy');
    expect(await tryClient(copy, { ...options, storeId: storeA })).toBeUndefined();
    mkdirSync(`${copy}/run`, { mode: 0o700 });
    expect(await tryClient(copy, { ...options, storeId: storeA })).toBeUndefined();
  });

  it('it comes back when somebody removes it, or the run folder by which it is found', async () => {
    const { store, options } = elsewhere(reason);
    await serve(store, { ...options, limits: { stallMs: 100 } });
    const answers = async () =>
      expect(await (await tryClient(store, options))?.request('x')).toMatchObject({ op: 'x' });
    const soon = { timeout: 5000, interval: 5 };
    for (const name of readdirSync(options.tempFolder)) rmSync(`${options.tempFolder}/${name}`, { recursive: true });
    await vi.waitFor(answers, soon);
    rmSync(`${store}/run`, { recursive: true });
    await vi.waitFor(answers, soon);
  });

  it('nobody listens in a folder of somebody else, and such a folder hinders no client', async () => {
    const { store, options } = elsewhere(reason);
    const server = await serve(store, options);
    const [name = ''] = readdirSync(options.tempFolder);
    await server.close();
    const theirs = tempFolder();
    symlinkSync(theirs, `${options.tempFolder}/${name}`);
    await expect(serve(store, options)).rejects.toMatchObject({
      code: expect.stringMatching(/^E_(RUN_FOLDER|CONTROL_BIND)$/),
    });
    expect(readdirSync(theirs)).toEqual([]);
    let calls = 0;
    const listening = createServer(() => calls++).listen(`${theirs}/sock`);
    await once(listening, 'listening');
    await tryClient(store, { ...options, timeoutMs: 200 }).catch(() => {});
    listening.close();
    expect(calls).toBe(0);
  });
});

it('the temp folder is /tmp, since TMPDIR may differ between a runner and its clients', async () => {
  const { store } = elsewhere('the file system takes no socket');
  const found = () => readdirSync('/tmp').filter((name) => /^walq-\d+-[0-9a-f]{16}$/.test(name));
  const before = found();
  vi.stubEnv('TMPDIR', tempFolder());
  const server = await serve(store);
  vi.unstubAllEnvs();
  expect(await (await client(store)).request('x')).toMatchObject({ op: 'x' });
  expect(found()).toHaveLength(before.length + 1);
  await server.close();
});

describe('a run folder that others may enter', () => {
  it('is nothing to fear where nobody listens', async () => {
    const store = storeFolder();
    mkdirSync(`${store}/run`);
    chmodSync(`${store}/run`, 0o755);
    expect(await tryClient(store)).toBeUndefined();
  });
});
