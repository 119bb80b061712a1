import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { lockedError, refusedError, WalqError } from '../../base/errors.ts';
import { LineReader } from './lines.ts';
import {
  type ControlRequest,
  type ControlResponse,
  checkHello,
  controlVersion,
  encodeMessage,
  errorToWire,
  type Hello,
  parseMessage,
  parseRequest,
  protocolError,
} from './socket-protocol.ts';

export interface ConnectionLimits {
  messageBytesMax: number;
  /** Requests of one connection that run at a time; more wait unread in the socket. */
  pendingMax: number;
  helloMs: number;
  /** For a whole message, from its first byte, and for answers that wait to be fetched. */
  stallMs: number;
  /** Without any message. */
  idleMs: number;
}

export interface ConnectionOptions {
  storeId: string;
  limits: ConnectionLimits;
  clock: Clock;
  handle(request: ControlRequest, signal: AbortSignal): Promise<unknown>;
  /** Said instead of a hello: this connection is not served. */
  refusal?: WalqError;
}

/** How long a refused client may take to fetch the reason. */
const goodbyeMs = 1000;

/**
 * The server's side of one connection: hello -> open -> leaving -> closed. Whatever a client does wrong ends its own
 * connection and nothing else.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader: LineReader;
  readonly #abort = new AbortController();
  readonly #running = new Set<number>();
  #phase: 'hello' | 'open' | 'leaving' = 'hello';
  #ended = false;
  #unsent = 0;
  /** Monotonic times of the last step in each thing that may stall. */
  #activeMs: number;
  #lineMs: number;
  #sentMs: number;
  #idle: (() => void) | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    // Each request that waits listens.
    setMaxListeners(options.limits.pendingMax + 1, this.#abort.signal);
    this.#reader = new LineReader(options.limits.messageBytesMax);
    this.#activeMs = options.clock.monotonic();
    this.#lineMs = this.#activeMs;
    this.#sentMs = this.#activeMs;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#pump());
    // The reason does not matter: 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#abort.abort(lockedError('E_CONNECTION_LOST', 'the client is gone')));
    if (options.refusal !== undefined) this.refuse(options.refusal);
    else this.#send({ walq: controlVersion, store: options.storeId, pid: process.pid });
  }

  /** Refuses whatever comes; the client learns why. */
  refuse(error: WalqError): void {
    if (this.#phase === 'leaving') return;
    this.#send({ id: null, ok: false, error: errorToWire(error) });
    this.#leave();
  }

  /**
   * Takes no more requests, lets the running ones finish and answer, then ends. Their signal says that it is time. The
   * reason comes last, as an error of the whole connection: what has no answer by then was not carried out.
   */
  async finish(reason: WalqError): Promise<void> {
    this.#phase = 'leaving';
    this.#abort.abort(reason);
    if (this.#running.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#send({ id: null, ok: false, error: errorToWire(reason) });
    this.#leave();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Called now and then: drops who keeps the server waiting. */
  checkStalls(): void {
    const { limits, clock } = this.#options;
    const nowMs = clock.monotonic();
    if (this.#phase === 'leaving') {
      if (this.#running.size === 0 && nowMs - this.#activeMs > goodbyeMs) this.destroy();
    } else if (this.#unsent > 0 && nowMs - this.#sentMs > limits.stallMs) {
      this.destroy();
    } else if (this.#phase === 'hello') {
      if (nowMs - this.#activeMs > limits.helloMs) this.refuse(stalled('no first message in time'));
    } else if (this.#reader.inLine && !this.#socket.isPaused() && nowMs - this.#lineMs > limits.stallMs) {
      this.refuse(stalled('half a message, and the rest does not come'));
    } else if (this.#running.size === 0 && this.#unsent === 0 && nowMs - this.#activeMs > limits.idleMs) {
      // No error: a client that comes back to it asks again on a new connection.
      this.#leave();
    }
  }

  #onData(chunk: Uint8Array): void {
    if (this.#phase === 'leaving') return;
    if (!this.#reader.inLine) this.#lineMs = this.#options.clock.monotonic();
    this.#reader.push(chunk);
    this.#pump();
  }

  /** The client says nothing more: it is gone, or waits for its last answers. What it asked is done either way. */
  #onEnd(): void {
    this.#ended = true;
    this.#abort.abort(lockedError('E_CONNECTION_LOST', 'the client is gone'));
    this.#pump();
  }

  /** Takes as many requests as may run. While that is none, the socket is not read, so the client has to wait. */
  #pump(): void {
    while (this.#phase !== 'leaving' && !this.#full()) {
      const line = this.#reader.next();
      if (line === undefined) break;
      this.#lineMs = this.#options.clock.monotonic();
      this.#onLine(line);
    }
    if (this.#phase === 'leaving') return;
    if (this.#full()) {
      this.#socket.pause();
    } else if (this.#ended) {
      if (this.#running.size === 0) this.#leave();
    } else if (this.#socket.isPaused()) {
      this.#lineMs = this.#options.clock.monotonic();
      this.#socket.resume();
    }
  }

  #full(): boolean {
    const { pendingMax, messageBytesMax } = this.#options.limits;
    return this.#running.size >= pendingMax || this.#socket.writableLength >= messageBytesMax;
  }

  #onLine(line: Uint8Array | 'too-long'): void {
    const { storeId, limits } = this.#options;
    try {
      if (line === 'too-long') throw tooLarge('request', limits.messageBytesMax);
      const message = parseMessage(line);
      if (this.#phase === 'hello') {
        checkHello(message, storeId);
        this.#phase = 'open';
        this.#activeMs = this.#options.clock.monotonic();
        return;
      }
      const request = parseRequest(message);
      if (this.#running.has(request.id)) throw protocolError(`request ${request.id} is already running`);
      this.#running.add(request.id);
      void this.#serve(request);
    } catch (error) {
      if (!(error instanceof WalqError)) throw error;
      this.refuse(error);
    }
  }

  async #serve(request: ControlRequest): Promise<void> {
    const response = await this.#answer(request);
    this.#running.delete(request.id);
    this.#activeMs = this.#options.clock.monotonic();
    this.#send(response);
    if (this.#running.size === 0) this.#idle?.();
    this.#pump();
  }

  async #answer({ id, op, body }: ControlRequest): Promise<Buffer> {
    const { handle, limits } = this.#options;
    try {
      const result = await handle({ id, op, body }, this.#abort.signal);
      const line = encodeMessage({ id, ok: true, result }, limits.messageBytesMax);
      if (line !== undefined) return line;
      throw tooLarge('answer', limits.messageBytesMax);
    } catch (error) {
      return errorLine(id, error, limits.messageBytesMax);
    }
  }

  #send(message: Hello | ControlResponse | Buffer): void {
    const { clock, limits } = this.#options;
    const line = Buffer.isBuffer(message) ? message : encodeMessage(message, limits.messageBytesMax);
    if (line === undefined || !this.#socket.writable) return;
    if (this.#unsent === 0) this.#sentMs = clock.monotonic();
    this.#unsent++;
    this.#socket.write(line, () => {
      this.#unsent--;
      this.#sentMs = clock.monotonic();
    });
  }

  #leave(): void {
    this.#phase = 'leaving';
    this.#activeMs = this.#options.clock.monotonic();
    this.#socket.end();
    // Read on and throw away: closing with unread bytes would cost the client the reason.
    this.#socket.resume();
  }
}

function errorLine(id: number, error: unknown, bytesMax: number): Buffer {
  const wire = errorToWire(error);
  try {
    const line = encodeMessage({ id, ok: false, error: wire }, bytesMax);
    if (line !== undefined) return line;
  } catch {
    // Data that JSON cannot say: the rest of the error still can be told.
  }
  const short = { ...wire, message: wire.message.slice(0, 1000), data: {} };
  return Buffer.from(`${JSON.stringify({ id, ok: false, error: short })}\n`);
}

function stalled(why: string): WalqError {
  return lockedError('E_CONTROL_STALLED', `the runner dropped the connection: ${why}`);
}

function tooLarge(what: string, bytesMax: number): WalqError {
  return refusedError('E_CONTROL_TOO_LARGE', `the ${what} is larger than ${bytesMax} bytes`, {
    data: { max: bytesMax },
  });
}
