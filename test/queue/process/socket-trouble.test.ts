import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { tried } from '../../support/tried.ts';
import { client, rawServer, serve, storeA, storeB, storeFolder, tryClient } from './socket-helpers.ts';

afterEach((context) => tried(context, 'socket', { 'hurts only its own': 1 }));

describe('the run folder', () => {
  it('is 0700 and its socket 0600', async () => {
    const store = storeFolder();
    await serve(store);
    expect(statSync(`${store}/run`).mode & 0o777).toBe(0o700);
    expect(lstatSync(`${store}/run/sock`).mode & 0o777).toBe(0o600);
  });

  it('that others may enter is not trusted by a client; the server closes it', async () => {
    const store = storeFolder();
    const server = await serve(store);
    chmodSync(`${store}/run`, 0o755);
    await expect(tryClient(store)).rejects.toMatchObject({ code: 'E_RUN_FOLDER', exit: 7, data: { mode: '0755' } });
    await server.close();
    await serve(store);
    expect(await tryClient(store)).toBeDefined();
  });

  it('that is a link or a file is trusted by nobody', async () => {
    const store = storeFolder();
    await serve(store);
    const link = storeFolder('link');
    symlinkSync(`${store}/run`, `${link}/run`);
    await expect(tryClient(link)).rejects.toMatchObject({ code: 'E_RUN_FOLDER' });
    await expect(serve(link)).rejects.toMatchObject({ code: 'E_RUN_FOLDER' });
    const file = storeFolder('file');
    writeFileSync(`${file}/run`, '');
    await expect(tryClient(file)).rejects.toMatchObject({ code: 'E_RUN_FOLDER' });
  });

  const isRoot = process.geteuid?.() === 0;
  it('of a store that is closed to us is not what is at fault', async () => {
    const store = storeFolder();
    chmodSync(store, 0);
    // Nothing is closed to root.
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(tryClient(store)).rejects.toMatchObject({ code: 'E_READ', exit: 74, data: { file: store } });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(store, 0o700);
    }
  });

  it(isRoot ? 'of another user is trusted by nobody' : 'of another user: NOT RUN, only root can make one', async () => {
    if (!isRoot) return;
    const store = storeFolder();
    mkdirSync(`${store}/run`, { mode: 0o700 });
    chownSync(`${store}/run`, 12345, 12345);
    await expect(tryClient(store)).rejects.toMatchObject({ code: 'E_RUN_FOLDER', data: { uid: 12345 } });
    await expect(serve(store)).rejects.toMatchObject({ code: 'E_RUN_FOLDER' });
  });
});

describe('a server a client must not talk to', () => {
  it.each([
    ['of another store', `{"walq":1,"store":"${storeB}"}\n`, 'E_CONTROL_STORE', 7],
    ['of another protocol version', `{"walq":2,"store":"${storeA}"}\n`, 'E_CONTROL_VERSION', 5],
    ['that greets with garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'E_CONTROL_PROTOCOL', 7],
    ['that greets with something else', '{"hello":1}\n', 'E_CONTROL_PROTOCOL', 7],
    ['that greets with an endless line', 'x'.repeat(20_000), 'E_CONTROL_PROTOCOL', 7],
  ])('%s hears nothing', async (_, greeting, code, exit) => {
    const store = storeFolder();
    let heard = '';
    await rawServer(store, (socket) => {
      socket.on('data', (chunk) => {
        heard += chunk;
      });
      socket.write(greeting);
    });
    const connecting = tryClient(store, { storeId: storeA, messageBytesMax: 10_000 });
    await expect(connecting).rejects.toMatchObject({ code, exit });
    expect(heard).toBe('');
  });

  it('that never greets is a timeout, not "nobody"', async () => {
    const store = storeFolder();
    await rawServer(store, () => {});
    await expect(tryClient(store, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'E_CONTROL_TIMEOUT', exit: 6 });
  });

  it('a store whose folders were swapped under a running server is noticed', async () => {
    const a = storeFolder('a');
    const b = storeFolder('b');
    await serve(a, { storeId: storeA });
    renameSync(`${a}/run`, `${b}/run`);
    await expect(tryClient(b, { storeId: storeB })).rejects.toMatchObject({
      code: 'E_CONTROL_STORE',
      data: { got: storeA, expected: storeB },
    });
  });
});

describe('a connection that breaks', () => {
  const greeting = `{"walq":1,"store":"${storeA}"}\n`;

  it('after sending tells so, and so does every later request', async () => {
    const store = storeFolder();
    await rawServer(store, (socket) => {
      socket.write(greeting);
      socket.on('data', (chunk) => chunk.includes('enqueue') && socket.destroy());
    });
    const one = await client(store);
    await expect(one.request('enqueue', { id: 'x' })).rejects.toMatchObject({
      code: 'E_CONNECTION_LOST',
      exit: 74,
      data: { op: 'enqueue', sent: true },
    });
    await expect(one.request('enqueue')).rejects.toMatchObject({ code: 'E_CONNECTION_LOST', data: { sent: false } });
  });

  it('in the middle of an answer counts as lost', async () => {
    const store = storeFolder();
    await rawServer(store, (socket) => {
      socket.write(greeting);
      socket.on(
        'data',
        (chunk) => chunk.includes('"id":2') && socket.end('{"id":1,"ok":true,"result":1}\n{"id":2,"ok":tr'),
      );
    });
    const one = await client(store);
    const [first, second] = await Promise.allSettled([one.request('a'), one.request('b')]);
    expect(first).toEqual({ status: 'fulfilled', value: 1 });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'E_CONNECTION_LOST' } });
  });

  it.each(['{"id":99,"ok":true}', '{"id":1}', '{"id":1,"ok":false}', '{"id":"1","ok":true}', 'nonsense', '\xff'])(
    'because of the answer %s rejects what waits',
    async (answer) => {
      const store = storeFolder();
      await rawServer(store, (socket) => {
        socket.write(greeting);
        socket.on('data', (chunk) => chunk.includes('"op"') && socket.write(Buffer.from(`${answer}\n`, 'latin1')));
      });
      await expect((await client(store)).request('x')).rejects.toMatchObject({ code: 'E_CONTROL_PROTOCOL' });
    },
  );

  it('an error from a strange runner is made safe', async () => {
    const store = storeFolder();
    await rawServer(store, (socket) => {
      socket.write(greeting);
      const error = { code: 'rm -rf', message: 5, exit: 99, data: [], next: 1 };
      socket.on('data', (chunk) => {
        if (chunk.includes('"op"')) socket.write(`${JSON.stringify({ id: 1, ok: false, error })}\n`);
      });
    });
    await expect((await client(store)).request('x')).rejects.toMatchObject({
      code: 'E_CONTROL_INTERNAL',
      exit: 70,
      data: {},
    });
  });

  it('a time limit goes by the clock that was given: while that stands, nothing is late', async () => {
    const store = storeFolder();
    await serve(store, { handle: ({ op }) => (op === 'never' ? new Promise(() => undefined) : Promise.resolve(op)) });
    const clock = new FakeClock();
    const one = await client(store, { clock });
    let late = false;
    const never = one.request('never', {}, { timeoutMs: 1 }).catch((error: unknown) => {
      late = true;
      return error;
    });
    // The time that it would have by the clock of the machine.
    await systemClock.sleep(20);
    expect([await one.request('op'), late]).toEqual(['op', false]);
    await clock.advance(1);
    expect(await never).toMatchObject({ code: 'E_CONTROL_TIMEOUT' });
  });

  it('a request may have a time limit; its late answer harms nothing', async () => {
    const store = storeFolder();
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    await serve(store, { handle: ({ op }) => (op === 'slow' ? slow : Promise.resolve(op)) });
    const one = await client(store);
    await expect(one.request('slow', {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'E_CONTROL_TIMEOUT' });
    release();
    expect(await one.request('next')).toBe('next');
  });
});

describe('closing the server', () => {
  it('finishes what runs, answers it, takes nothing new and removes the socket', async () => {
    const store = storeFolder();
    let release = () => {};
    const running = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun: string[] = [];
    const server = await serve(store, {
      closeMs: 5000,
      handle: async ({ op }) => {
        begun.push(op);
        await running;
        return op;
      },
    });
    const one = await client(store);
    const idle = await client(store);
    const answer = one.request('append');
    while (begun.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const closing = server.close();
    await expect(idle.request('late')).rejects.toMatchObject({ code: 'E_CONTROL_CLOSING' });
    expect(await tryClient(store)).toBeUndefined();
    release();
    expect(await answer).toBe('append');
    await closing;
    expect(readdirSync(`${store}/run`)).toEqual([]);
    expect([begun, server.connections]).toEqual([['append'], 0]);
  });

  it('tells long waits by their signal, and gives up on those that do not listen', async () => {
    const store = storeFolder();
    const begun: string[] = [];
    const server = await serve(store, {
      closeMs: 50,
      handle: ({ op }, signal) =>
        new Promise((_, reject) => {
          begun.push(op);
          if (op === 'wait') signal.addEventListener('abort', () => reject(signal.reason));
        }),
    });
    const polite = (await client(store)).request('wait');
    const deaf = (await client(store)).request('deaf');
    const outcomes = Promise.allSettled([polite, deaf]);
    while (begun.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await server.close();
    expect(await outcomes).toMatchObject([
      { reason: { code: 'E_CONTROL_CLOSING' } },
      { reason: { code: 'E_CONNECTION_LOST' } },
    ]);
  });

  it('twice is the same as once', async () => {
    const store = storeFolder();
    const server = await serve(store);
    await Promise.all([server.close(), server.close()]);
    const next = await serve(store);
    // One more of the old server must not take the socket of the next one away.
    await server.close();
    expect(await tryClient(store)).toBeDefined();
    await next.close();
    expect(await tryClient(store)).toBeUndefined();
  });
});
