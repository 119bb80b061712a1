import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { usageError } from '../../../src/base/errors.ts';
import { tried } from '../../support/tried.ts';
import { until } from './helpers.ts';
import { client, RawClient, rawServer, serve, storeA, storeB, storeFolder, tryClient } from './socket-helpers.ts';

describe('a request', () => {
  it('is answered, after a greeting with the store and the pid of the runner', async () => {
    const store = storeFolder();
    await serve(store);
    const one = await client(store, { storeId: storeA });
    expect(one.storeId).toBe(storeA);
    const raw = new RawClient(store);
    await raw.until(() => raw.messages.length > 0);
    expect(raw.messages[0]).toMatchObject({ store: storeA, pid: process.pid });
    raw.socket.destroy();
    expect(await one.request('enqueue', { name: 'mail' })).toEqual({ echo: { name: 'mail' }, op: 'enqueue' });
  });

  it('carries payloads as text, to the last digit', async () => {
    const store = storeFolder();
    await serve(store);
    const payload = '{"n":9007199254740993,"big":1e400,"n":1.0,"s":"\\ud800 é \u2028"}';
    expect(await (await client(store)).request('enqueue', { payload })).toMatchObject({ echo: { payload } });
  });

  it('may hold any member names, also those of the protocol', async () => {
    const store = storeFolder();
    await serve(store);
    const body = JSON.parse('{"id":"job_1","op":"x","ok":false,"__proto__":{"a":1}}');
    const answer = await (await client(store)).request('show', body);
    expect(JSON.stringify(answer)).toBe(JSON.stringify({ echo: body, op: 'show' }));
  });

  it('that fails rejects with the same error on the other side', async () => {
    const store = storeFolder();
    await serve(store, {
      handle: () => Promise.reject(usageError('E_JOB_UNKNOWN', 'bad id', { data: { id: 'x' }, next: 'walq help' })),
    });
    await expect((await client(store)).request('show')).rejects.toMatchObject({
      name: 'WalqError',
      code: 'E_JOB_UNKNOWN',
      exit: 2,
      message: 'bad id',
      data: { id: 'x' },
      next: 'walq help',
    });
  });

  it('that meets a bug in the runner costs only itself', async () => {
    const store = storeFolder();
    const answers: Record<string, () => unknown> = {
      throws: () => {
        throw new TypeError('x is not a function');
      },
      circular: () => {
        const value: Record<string, unknown> = {};
        value.self = value;
        return value;
      },
      io: () => Promise.reject(Object.assign(new Error('EIO: bad disk'), { code: 'EIO' })),
      badData: () => Promise.reject(usageError('E_USAGE', 'x', { data: { n: 1n } })),
      nothing: () => undefined,
    };
    await serve(store, { handle: async ({ op }) => answers[op]?.() });
    const one = await client(store);
    await expect(one.request('throws')).rejects.toMatchObject({ code: 'E_CONTROL_INTERNAL', exit: 70 });
    await expect(one.request('circular')).rejects.toMatchObject({ code: 'E_CONTROL_INTERNAL' });
    await expect(one.request('io')).rejects.toMatchObject({ code: 'E_CONTROL_IO', exit: 74, data: { errno: 'EIO' } });
    await expect(one.request('badData')).rejects.toMatchObject({ code: 'E_USAGE', exit: 2 });
    expect(await one.request('nothing')).toBeUndefined();
  });

  it('does not wait for a slower one before it', async () => {
    const store = storeFolder();
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    await serve(store, { handle: async ({ op }) => (op === 'slow' ? slow.then(() => 'slow') : 'fast') });
    const one = await client(store);
    const first = one.request('slow');
    expect(await one.request('fast')).toBe('fast');
    release();
    expect(await first).toBe('slow');
  });

  it('gets through a hundred clients at once, a thousand requests on one connection', async (context) => {
    tried(context, 'socket', { 'gets through': 1 });
    const store = storeFolder();
    let running = 0;
    let runningMax = 0;
    await serve(store, {
      limits: { pendingMax: 8 },
      async handle({ body }) {
        running++;
        runningMax = Math.max(runningMax, running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return body.n;
      },
    });
    const clients = await Promise.all(Array.from({ length: 100 }, () => client(store)));
    expect(await Promise.all(clients.map((one, n) => one.request('x', { n })))).toEqual(clients.map((_, n) => n));
    runningMax = 0;
    const [one] = clients;
    const many = Array.from({ length: 1000 }, (_, n) => n);
    expect(await Promise.all(many.map((n) => one?.request('x', { n })))).toEqual(many);
    expect(runningMax).toBe(8);
  });

  it('over the limit is refused on this side, an answer over it on the other; the connection lives on', async () => {
    const store = storeFolder();
    await serve(store, {
      limits: { messageBytesMax: 5000 },
      handle: async ({ op }) => (op === 'much' ? 'x'.repeat(6000) : op),
    });
    const one = await client(store, { messageBytesMax: 5000 });
    await expect(one.request('x', { text: 'x'.repeat(5000) })).rejects.toMatchObject({ code: 'E_CONTROL_TOO_LARGE' });
    await expect(one.request('much')).rejects.toMatchObject({ code: 'E_CONTROL_TOO_LARGE' });
    expect(await one.request('still here')).toBe('still here');
  });
});

describe('nobody answers', () => {
  it('without a store, a run folder, a socket, or with a plain file in its place', async () => {
    const store = storeFolder();
    expect(await tryClient(`${store}/none`)).toBeUndefined();
    expect(await tryClient(store)).toBeUndefined();
    mkdirSync(`${store}/run`, { mode: 0o700 });
    expect(await tryClient(store)).toBeUndefined();
    writeFileSync(`${store}/run/sock`, '');
    expect(await tryClient(store)).toBeUndefined();
  });

  it.each(['short', 'deep'] as const)(
    'behind a stale socket (%s path), which the next server replaces',
    async (depth) => {
      const store = storeFolder('store', depth);
      mkdirSync(`${store}/run`, { mode: 0o700 });
      const script = 'require("net").createServer().listen("sock", () => console.log("up"))';
      const dying = spawn(process.execPath, ['-e', script], {
        cwd: `${store}/run`,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => dying.stdout.once('data', resolve));
      dying.kill('SIGKILL');
      await new Promise((resolve) => dying.once('exit', resolve));
      expect(lstatSync(`${store}/run/sock`).isSocket()).toBe(true);
      expect(await tryClient(store)).toBeUndefined();
      await serve(store);
      expect(await (await client(store)).request('x')).toMatchObject({ op: 'x' });
    },
  );

  it('when a server ends the connection before its first message', async () => {
    const store = storeFolder();
    await rawServer(store, (socket) => socket.destroy());
    expect(await tryClient(store)).toBeUndefined();
  });
});

describe('a path over the limit of sockets', () => {
  it('works, and two stores with long paths never meet', async (context) => {
    tried(context, 'socket', { 'never another store': 1 });
    const a = storeFolder('a', 'deep');
    const b = storeFolder('b', 'deep');
    const none = storeFolder('c', 'deep');
    expect(Buffer.byteLength(`${a}/run/sock`)).toBeGreaterThan(200);
    await serve(a, { storeId: storeA, handle: async () => 'A' });
    await serve(b, { storeId: storeB, handle: async () => 'B' });
    const [toA, toB] = await Promise.all([client(a), client(b)]);
    expect([toA.storeId, await toA.request('x'), toB.storeId, await toB.request('x')]).toEqual([
      storeA,
      'A',
      storeB,
      'B',
    ]);
    expect(await tryClient(none)).toBeUndefined();
    expect(readdirSync(`${a}/run`)).toEqual(['sock']);
  });

  it('leaves no socket and no descriptor behind', async () => {
    const store = storeFolder('a', 'deep');
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 5; round++) {
      const server = await serve(store);
      const one = await client(store);
      await one.request('x');
      one.close();
      await server.close();
      expect(readdirSync(`${store}/run`)).toEqual([]);
      expect(await tryClient(store)).toBeUndefined();
    }
    await until(() => readdirSync('/proc/self/fd').length <= before, 'all descriptors are closed');
  });
});
