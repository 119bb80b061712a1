import { afterEach, describe, expect, it } from 'vitest';
import type { ControlServer } from '../../../src/queue/process/socket-server.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { tried } from '../../support/tried.ts';
import { until } from './helpers.ts';
import { client, RawClient, serve, storeA, storeB, storeFolder, tryClient } from './socket-helpers.ts';

afterEach((context) => tried(context, 'socket', { 'hurts only its own': 1 }));

/** Each abuse is followed by a look whether everybody else is still served. */
async function abused(
  limits: Parameters<typeof serve>[1],
  abuse: (store: string, server: ControlServer) => Promise<unknown>,
) {
  const store = storeFolder();
  const server = await serve(store, limits);
  const bystander = await client(store);
  await bystander.request('before');
  const result = await abuse(store, server);
  expect(await bystander.request('after')).toMatchObject({ op: 'after' });
  await until(() => server.connections === 1, 'only the bystander is left');
  return result;
}

describe('a client that breaks the rules is told and dropped, and nobody else notices', () => {
  it.each([
    ['garbage', 'GET / HTTP/1.1\r\n\r\n', 'E_CONTROL_PROTOCOL'],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 0x0a]), 'E_CONTROL_PROTOCOL'],
    ['zeros', Buffer.concat([Buffer.alloc(1000), Buffer.from('\n')]), 'E_CONTROL_PROTOCOL'],
    ['a request before the hello', '{"id":1,"op":"x"}\n', 'E_CONTROL_PROTOCOL'],
    ['another store', `{"walq":1,"store":"${storeB}"}\n`, 'E_CONTROL_STORE'],
    ['another version', `{"walq":9,"store":"${storeA}"}\n`, 'E_CONTROL_VERSION'],
    ['an empty line', '\n', 'E_CONTROL_PROTOCOL'],
    ['deep nesting', `${'['.repeat(100_000)}\n`, 'E_CONTROL_PROTOCOL'],
  ])('first message: %s', async (_, bytes, code) => {
    const refusal = abused({}, async (store) => {
      const raw = new RawClient(store);
      raw.socket.write(bytes);
      const seen = await raw.refusal();
      raw.socket.destroy();
      return seen;
    });
    expect(await refusal).toBe(code);
  });

  it.each([
    ['no id', { op: 'x' }],
    ['an id that is text', { id: '1', op: 'x' }],
    ['a negative id', { id: -1, op: 'x' }],
    ['no op', { id: 1 }],
    ['an op that is no text', { id: 1, op: {} }],
    ['a body that is no object', { id: 1, op: 'x', body: [] }],
    ['an array', [1]],
    ['null', null],
  ])('request: %s', async (_, message) => {
    const refusal = abused({}, async (store) => {
      const raw = new RawClient(store).hello().say(message);
      const seen = await raw.refusal();
      raw.socket.destroy();
      return seen;
    });
    expect(await refusal).toBe('E_CONTROL_PROTOCOL');
  });

  it('the same id twice at a time', async () => {
    const store = storeFolder();
    await serve(store, { handle: () => new Promise(() => {}) });
    const raw = new RawClient(store).hello().say({ id: 1, op: 'x' }, { id: 1, op: 'x' });
    expect(await raw.refusal()).toBe('E_CONTROL_PROTOCOL');
  });

  it('a message over the limit, refused long before its end', async () => {
    let sent = 0;
    const refusal = await abused({ limits: { messageBytesMax: 100_000 } }, async (store) => {
      const raw = new RawClient(store).hello();
      const chunk = Buffer.alloc(50_000, 0x78);
      const feed = () => {
        while (!raw.closed && sent < 50_000_000) {
          sent += chunk.length;
          if (!raw.socket.write(chunk)) break;
        }
      };
      raw.socket.on('drain', feed);
      feed();
      const seen = await raw.refusal();
      raw.socket.destroy();
      return seen;
    });
    expect(refusal).toBe('E_CONTROL_TOO_LARGE');
    expect(sent).toBeLessThan(50_000_000);
  });

  it('no hello in time', async () => {
    const clock = new FakeClock();
    const refusal = await abused({ limits: { helloMs: 60 }, clock }, async (store, server) => {
      const raw = new RawClient(store);
      raw.socket.write('{"walq":1');
      await until(() => server.connections === 2, 'connected');
      await clock.advance(61);
      const seen = await raw.refusal();
      raw.socket.destroy();
      return seen;
    });
    expect(refusal).toBe('E_CONTROL_STALLED');
  });

  it('a message that drips in byte by byte', async () => {
    const clock = new FakeClock();
    const refusal = await abused({ limits: { stallMs: 120 }, clock }, async (store) => {
      const raw = new RawClient(store).hello();
      const drip = setInterval(() => {
        raw.socket.write('x');
        void clock.advance(5);
      }, 5);
      const seen = await raw.refusal();
      clearInterval(drip);
      raw.socket.destroy();
      return seen;
    });
    expect(refusal).toBe('E_CONTROL_STALLED');
  });

  it('half a message, then gone', async () => {
    const seen: string[] = [];
    const handle = async ({ op }: { op: string }) => {
      seen.push(op);
      return { op };
    };
    await abused({ handle }, async (store) => {
      for (const end of ['destroy', 'end'] as const) {
        const raw = new RawClient(store).hello();
        await raw.until(() => raw.messages.length > 0);
        await new Promise<void>((resolve) => raw.socket.write('{"id":1,"op":"half"', () => resolve()));
        raw.socket[end]();
        await raw.until(() => raw.closed);
        raw.socket.destroy();
      }
    });
    expect(seen).toEqual(['before', 'after']);
  });

  it('a reader that fetches no answers', async () => {
    const clock = new FakeClock();
    const handle = async ({ op }: { op: string }) => ({ op, text: 'x'.repeat(100_000) });
    await abused({ limits: { stallMs: 150 }, clock, handle }, async (store, server) => {
      const raw = new RawClient(store).hello();
      await raw.until(() => raw.messages.length > 0);
      raw.socket.pause();
      for (let id = 1; id <= 500; id++) raw.say({ id, op: 'x' });
      const time = setInterval(() => void clock.advance(5), 5);
      await until(() => server.connections === 1, 'dropped');
      clearInterval(time);
      raw.socket.destroy();
    });
  });

  it('a connection without a word for long is ended without an error, a busy one is not', async () => {
    const store = storeFolder();
    const clock = new FakeClock();
    let finish: ((answer: string) => void) | undefined;
    const server = await serve(store, {
      limits: { idleMs: 80 },
      clock,
      handle: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    });
    const quiet = new RawClient(store).hello();
    await quiet.until(() => quiet.messages.length > 0);
    const busy = await client(store);
    const working = busy.request('x');
    await until(() => finish !== undefined, 'at work');
    const time = setInterval(() => void clock.advance(20), 5);
    await quiet.until(() => quiet.closed);
    clearInterval(time);
    expect(quiet.messages).toHaveLength(1);
    quiet.socket.destroy();
    finish?.('done');
    expect(await working).toBe('done');
    await clock.advance(81);
    await until(() => server.connections === 0, 'the idle client gone too');
    await expect(busy.request('x')).rejects.toMatchObject({ code: 'E_CONNECTION_LOST' });
  });

  it('too many connections', async () => {
    const store = storeFolder();
    await serve(store, { connectionsMax: 2 });
    const [one, two] = [await client(store), await client(store)];
    await Promise.all([one.request('x'), two.request('x')]);
    const raw = new RawClient(store);
    expect(await raw.refusal()).toBe('E_CONTROL_BUSY');
    await expect(tryClient(store)).rejects.toMatchObject({ code: 'E_CONTROL_BUSY', exit: 6 });
    one.close();
    await until(async () => (await tryClient(store).catch(() => undefined)) !== undefined, 'a place');
  });
});

describe('a client that goes early', () => {
  it('after ending its side still gets every answer', async () => {
    const store = storeFolder();
    await serve(store, { limits: { pendingMax: 2 } });
    const raw = new RawClient(store).hello();
    for (let id = 1; id <= 10; id++) raw.say({ id, op: 'x' });
    raw.socket.end();
    await raw.until(() => raw.closed);
    expect(raw.messages.slice(1).map(({ id, ok }) => [id, ok])).toEqual(
      Array.from({ length: 10 }, (_, n) => [n + 1, true]),
    );
  });

  it('does not stop what it asked for, and its waits hear of it', async () => {
    const store = storeFolder();
    const events: string[] = [];
    await serve(store, {
      handle: (_, signal) =>
        new Promise((resolve) => {
          events.push('begun');
          signal.addEventListener('abort', () => {
            events.push('signal');
            setTimeout(() => {
              events.push('done');
              resolve(1);
            }, 20);
          });
        }),
    });
    const one = await client(store);
    const request = one.request('x');
    const lost = expect(request).rejects.toMatchObject({ code: 'E_CONNECTION_LOST' });
    await until(() => events.length === 1, 'begun');
    one.close();
    await lost;
    await until(() => events.length === 3, 'done');
    expect(events).toEqual(['begun', 'signal', 'done']);
  });
});
