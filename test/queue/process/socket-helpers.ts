import { mkdirSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import {
  type ControlClient,
  type ControlClientOptions,
  connectControl,
} from '../../../src/queue/process/socket-client.ts';
import {
  type ControlServer,
  type ControlServerOptions,
  serveControl,
} from '../../../src/queue/process/socket-server.ts';
import { tempFolder } from './helpers.ts';

export const storeA = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
export const storeB = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A store folder, or one so deep that its socket path is over the limit; both differ only behind the first 150 bytes. */
export function storeFolder(name = 'store', depth: 'short' | 'deep' = 'short'): string {
  const parent = depth === 'short' ? tempFolder() : deepParent();
  const folder = `${parent}/${name}`;
  mkdirSync(`${folder}`, { mode: 0o700 });
  return folder;
}

let parentOfThisTest: string | undefined;
afterEach(() => {
  parentOfThisTest = undefined;
});
function deepParent(): string {
  if (parentOfThisTest === undefined) {
    parentOfThisTest = `${tempFolder()}/${'d'.repeat(100)}/${'e'.repeat(100)}`;
    mkdirSync(parentOfThisTest, { recursive: true });
  }
  return parentOfThisTest;
}

/** Echoes its requests unless told otherwise. */
export async function serve(storeDir: string, changes: Partial<ControlServerOptions> = {}): Promise<ControlServer> {
  const server = await serveControl({
    storeDir,
    storeId: storeA,
    handle: (request) => Promise.resolve({ echo: request.body, op: request.op }),
    fs: nodeFs,
    clock: systemClock,
    closeMs: 300,
    ...changes,
  });
  cleanups.push(() => server.close());
  return server;
}

export async function tryClient(
  storeDir: string,
  changes: Partial<ControlClientOptions> = {},
): Promise<ControlClient | undefined> {
  const client = await connectControl({ storeDir, timeoutMs: 5000, clock: systemClock, ...changes });
  if (client !== undefined) cleanups.push(() => client.close());
  return client;
}

export async function client(storeDir: string, changes: Partial<ControlClientOptions> = {}): Promise<ControlClient> {
  const connected = await tryClient(storeDir, changes);
  if (connected === undefined) throw new Error('nobody answers');
  return connected;
}

/** A client that says whatever it likes. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  closed = false;
  #more: (() => void)[] = [];

  constructor(storeDir: string) {
    this.socket = connect({ path: `${storeDir}/run/sock`, allowHalfOpen: true });
    this.socket.on('data', (chunk) => this.#changed(() => (this.received += chunk.toString())));
    this.socket.on('error', () => {});
    for (const event of ['end', 'close']) this.socket.on(event, () => this.#changed(() => (this.closed = true)));
    cleanups.push(() => this.socket.destroy());
  }

  say(...messages: unknown[]): this {
    for (const message of messages) this.socket.write(`${JSON.stringify(message)}\n`);
    return this;
  }

  hello(store = storeA): this {
    return this.say({ walq: 1, store });
  }

  get messages(): Record<string, unknown>[] {
    return this.received
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  /** The code of the error that ended the connection. */
  async refusal(): Promise<unknown> {
    await this.until(() => this.closed);
    const last = this.messages.at(-1);
    const error = last?.error;
    return last?.id === null && typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#more.push(resolve));
  }

  #changed(change: () => void): void {
    change();
    for (const wake of this.#more.splice(0)) wake();
  }
}

/** A server that is not walq, or not as it should be. */
export async function rawServer(storeDir: string, onSocket: (socket: Socket) => void): Promise<Server> {
  mkdirSync(`${storeDir}/run`, { mode: 0o700 });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen({ path: `${storeDir}/run/sock` }, resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}
