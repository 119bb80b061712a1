import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { errnoNext, errnoText } from '../../base/errno.ts';
import { hasErrno, ioError, isFsError, lockedError, usageError, WalqError } from '../../base/errors.ts';
import { RunFolder } from '../../fs/run-folder.ts';
import { LineReader } from './lines.ts';
import {
  checkHello,
  controlVersion,
  encodeMessage,
  errorFromWire,
  messageBytesMax,
  parseMessage,
  parseResponse,
  protocolError,
} from './socket-protocol.ts';
import { startTimer, type Timer } from './timer.ts';

export interface ControlClientOptions {
  storeDir: string;
  /** Hex. Default: whatever store the process on this store's socket names. */
  storeId?: string;
  /** For connecting and the first message. */
  timeoutMs: number;
  clock: Clock;
  /** Bytes of one message, either way. Default 4 MiB. */
  messageBytesMax?: number;
  /** For tests: the ways of other platforms. */
  platform?: string;
  tempFolder?: string;
}

export interface ControlClient {
  /** Of the store the other side serves. */
  readonly storeId: string;
  /**
   * Sends one request; several may run at a time. Resolves with the result, or rejects with the error of the other
   * side, E_CONTROL_TOO_LARGE, E_CONTROL_TIMEOUT (it may still be carried out), E_CONTROL_CLOSING (it was not carried
   * out), or E_CONNECTION_LOST (it may have been, unless `sent` in its data is false: ask again with the same ids).
   */
  request(op: string, body?: Readonly<Record<string, unknown>>, options?: { timeoutMs?: number }): Promise<unknown>;
  close(): void;
}

/**
 * Connects to the runner of a store. `undefined` when nobody answers there: no socket, a stale one, or a runner that
 * is just leaving. Rejects when somebody is there who cannot be talked to: E_CONTROL_TIMEOUT, E_CONTROL_VERSION,
 * E_CONTROL_STORE, E_CONTROL_PROTOCOL, E_CONTROL_BUSY, E_RUN_FOLDER, E_CONTROL_IO.
 */
export async function connectControl(options: ControlClientOptions): Promise<ControlClient | undefined> {
  const untilMs = options.clock.monotonic() + options.timeoutMs;
  for (;;) {
    const leftMs = untilMs - options.clock.monotonic();
    if (leftMs <= 0) throw noAnswer(options);
    const socket = await open(options, leftMs);
    if (socket === undefined) return undefined;
    if (socket !== 'again') return await Client.greet(socket, options, untilMs);
    await options.clock.sleep(10);
  }
}

/** 'again': so many connect at once that the kernel's queue is full. */
async function open(options: ControlClientOptions, timeoutMs: number): Promise<Socket | 'again' | undefined> {
  const { storeDir, platform, tempFolder } = options;
  const run = RunFolder.open(
    {
      folder: `${storeDir}/run`,
      ...(platform === undefined ? {} : { platform }),
      ...(tempFolder === undefined ? {} : { tempFolder }),
    },
    'connect',
  );
  if (run === undefined) return undefined;
  try {
    for (const { path } of run.toConnect()) {
      const socket = await tryPath(path, options, timeoutMs);
      if (socket !== undefined) return socket;
    }
    return undefined;
  } finally {
    run.close();
  }
}

async function tryPath(
  path: string,
  { storeDir, clock }: ControlClientOptions,
  timeoutMs: number,
): Promise<Socket | 'again' | undefined> {
  try {
    // The network part of Node is loaded by those who find somebody to talk to.
    const { dial } = await import('./socket-dial.ts');
    return await dial(path, timeoutMs, clock);
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET')) return undefined;
    if (hasErrno(cause, 'EAGAIN')) return 'again';
    const [why, next] = isFsError(cause) ? [`: ${errnoText(cause.code)}`, errnoNext(cause.code)] : ['', {}];
    const message = `cannot connect to ${storeDir}/run/sock${why}`;
    throw ioError('E_CONTROL_IO', message, { cause, data: { storeDir }, ...next });
  }
}

interface Waiting {
  op: string;
  resolve(result: unknown): void;
  reject(error: WalqError): void;
}

class Client implements ControlClient {
  storeId = '';
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #reader: LineReader;
  readonly #waiting = new Map<number, Waiting>();
  #onHello: ((message: Record<string, unknown>) => void) | undefined;
  #onGone: (() => void) | undefined;
  #nextId = 1;
  /** Why the connection ended, when this side knows. */
  #failure: WalqError | undefined;

  private constructor(socket: Socket, options: ControlClientOptions) {
    this.#socket = socket;
    this.#clock = options.clock;
    this.#bytesMax = options.messageBytesMax ?? messageBytesMax;
    this.#reader = new LineReader(this.#bytesMax);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('close', () => this.#onClose());
  }

  /**
   * Waits for the other side's first message, checks it, and only then says ours: nothing ever reaches another store.
   */
  static async greet(socket: Socket, options: ControlClientOptions, untilMs: number): Promise<Client | undefined> {
    const client = new Client(socket, options);
    let timer: Timer | undefined;
    try {
      const message = await new Promise<Record<string, unknown> | undefined>((resolve, reject) => {
        client.#onHello = resolve;
        client.#onGone = () => (client.#failure === undefined ? resolve(undefined) : reject(client.#failure));
        timer = startTimer(options.clock, untilMs - options.clock.monotonic(), () => reject(noAnswer(options)));
      });
      if (message === undefined) return undefined;
      if (message.ok === false) client.#onMessage(message);
      client.storeId = checkHello(message, options.storeId);
      client.#write(encodeMessage({ walq: controlVersion, store: client.storeId }, client.#bytesMax));
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      timer?.cancel();
      client.#onGone = undefined;
    }
  }

  async request(
    op: string,
    body: Readonly<Record<string, unknown>> = {},
    options: { timeoutMs?: number } = {},
  ): Promise<unknown> {
    if (!this.#socket.writable || this.#failure !== undefined) throw this.#failure ?? lost(op, false);
    const id = this.#nextId++;
    const line = encodeMessage({ id, op, body }, this.#bytesMax);
    if (line === undefined) {
      throw usageError('E_CONTROL_TOO_LARGE', `the request is larger than ${this.#bytesMax} bytes`, {
        data: { op, max: this.#bytesMax },
      });
    }
    let timer: Timer | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { op, resolve, reject });
        this.#write(line);
        if (options.timeoutMs === undefined) return;
        timer = startTimer(this.#clock, options.timeoutMs, () => reject(timedOut(op)));
      });
    } finally {
      // A late answer to a request given up is no error: its id stays known until then.
      timer?.cancel();
    }
  }

  close(): void {
    if (this.#waiting.size > 0) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  #write(line: Buffer | undefined): void {
    if (line !== undefined) this.#socket.write(line);
  }

  #onData(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    for (let line = this.#reader.next(); line !== undefined; line = this.#reader.next()) {
      if (this.#failure !== undefined) return;
      this.#onLine(line);
    }
  }

  #onLine(line: Uint8Array | 'too-long'): void {
    try {
      if (line === 'too-long') throw protocolError(`an answer is larger than ${this.#bytesMax} bytes`);
      const message = parseMessage(line);
      const greeted = this.#onHello;
      this.#onHello = undefined;
      if (greeted === undefined) this.#onMessage(message);
      else greeted(message);
    } catch (error) {
      if (!(error instanceof WalqError)) throw error;
      this.#fail(error);
    }
  }

  #onMessage(message: Record<string, unknown>): void {
    const response = parseResponse(message);
    // The other side gave up on the whole connection.
    if (response.id === null) throw errorFromWire(response.error);
    const waiting = this.#waiting.get(response.id ?? 0);
    if (waiting === undefined || response.id === null)
      throw protocolError(`an answer to request ${response.id}, which was never asked`);
    this.#waiting.delete(response.id);
    if (response.ok) waiting.resolve(response.result);
    else waiting.reject(errorFromWire(response.error));
  }

  #fail(error: WalqError): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  #onClose(): void {
    for (const { op, reject } of this.#waiting.values()) reject(this.#failure ?? lost(op, true));
    this.#waiting.clear();
    this.#onGone?.();
  }
}

function lost(op: string, sent: boolean): WalqError {
  return ioError('E_CONNECTION_LOST', `the connection to the runner broke before it answered "${op}"`, {
    data: { op, sent },
  });
}

/** The runner is gone, or on its way out, and has certainly not done what it was asked for with this outcome. */
export function wasNotDone(error: WalqError): boolean {
  return error.code === 'E_CONTROL_CLOSING' || (error.code === 'E_CONNECTION_LOST' && error.data.sent === false);
}

function timedOut(op: string): WalqError {
  return lockedError('E_CONTROL_TIMEOUT', `the runner did not answer "${op}" in time`, { data: { op } });
}

function noAnswer({ storeDir, timeoutMs }: ControlClientOptions): WalqError {
  const message = `a process listens on ${storeDir}/run/sock but did not answer within ${timeoutMs} ms`;
  return lockedError('E_CONTROL_TIMEOUT', message, { data: { storeDir, timeoutMs } });
}
