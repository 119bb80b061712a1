import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { ioError, isError, lockedError, WalqError } from '../../base/errors.ts';
import type { FileSystem } from '../../fs/types.ts';
import { Connection, type ConnectionLimits } from './socket-connection.ts';
import { SocketListener } from './socket-listener.ts';
import { type ControlRequest, messageBytesMax } from './socket-protocol.ts';
import { startTimer, type Timer } from './timer.ts';

export interface ControlServerOptions {
  storeDir: string;
  /** Hex. */
  storeId: string;
  /**
   * Carries out one request. What it resolves with is sent as JSON; a `WalqError` reaches the client as it is. The
   * signal fires when nobody waits for the answer any more or the server closes: long waits end then, anything short
   * just finishes.
   */
  handle(request: ControlRequest, signal: AbortSignal): Promise<unknown>;
  fs: Pick<FileSystem, 'mkdir' | 'stat' | 'lstat'>;
  clock: Clock;
  /** Default: 4 MiB messages, 64 requests at a time, 2 s for the hello, 10 s for a message, 10 min without any. */
  limits?: Partial<ConnectionLimits>;
  /** More are refused with E_CONTROL_BUSY. Default 512. */
  connectionsMax?: number;
  /** How long `close` waits for running requests. Default 5000. */
  closeMs?: number;
  /** Listening alone does not keep the process alive. Default: it does. */
  background?: boolean;
  /** For tests: the ways of other platforms. */
  platform?: string;
  tempFolder?: string;
}

export interface ControlServer {
  /** Open connections. */
  readonly connections: number;
  /**
   * Stops accepting, lets running requests finish, removes the socket. To be called before the store's lock is given
   * up.
   */
  close(): Promise<void>;
}

const defaultLimits: ConnectionLimits = {
  messageBytesMax,
  pendingMax: 64,
  helloMs: 2000,
  stallMs: 10_000,
  idleMs: 600_000,
};

/** For clients to fetch their last answers. */
const goodbyeMs = 1000;

/**
 * Listens on `<storeDir>/run/sock`, or where that cannot be, in the temp folder. The caller holds the store's lock:
 * that is why a socket found there is stale and may be removed. Rejects with E_RUN_FOLDER or E_CONTROL_BIND.
 */
export async function serveControl(options: ControlServerOptions): Promise<ControlServer> {
  const control = new Control(options);
  await control.listen();
  return control;
}

class Control implements ControlServer {
  readonly #options: ControlServerOptions;
  readonly #limits: ConnectionLimits;
  readonly #listener: SocketListener;
  readonly #open = new Set<Connection>();
  #ticker: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const { storeDir, fs, background = false, platform, tempFolder } = options;
    this.#listener = new SocketListener({
      storeDir,
      place: {
        folder: `${storeDir}/run`,
        ...(platform === undefined ? {} : { platform }),
        ...(tempFolder === undefined ? {} : { tempFolder }),
      },
      fs,
      background,
      onConnection: (socket) => this.#serve(socket),
    });
  }

  get connections(): number {
    return this.#open.size;
  }

  async listen(): Promise<void> {
    await this.#listener.listen().catch((error: unknown) => {
      throw error instanceof WalqError ? error : bindFailed(`${this.#options.storeDir}/run`, error);
    });
    const { helloMs, stallMs, idleMs } = this.#limits;
    const tickMs = Math.max(5, Math.min(1000, helloMs / 4, stallMs / 4, idleMs / 4));
    const check = () => {
      for (const connection of this.#open) connection.checkStalls();
      this.#listener.keep();
    };
    // After a pause of this process, what clients have sent meanwhile is read before anybody is called late.
    this.#ticker = setInterval(() => setImmediate(check), tickMs);
    this.#ticker.unref();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, closeMs = 5000 } = this.#options;
    const closed = this.#listener.close();
    // The server has stopped listening by now, and has removed the socket itself or will not do so any more.
    const reason = lockedError('E_CONTROL_CLOSING', 'the runner is stopping');
    const finished = Promise.all([...this.#open].map((connection) => connection.finish(reason)));
    await within(clock, closeMs, finished);
    await within(clock, goodbyeMs, closed);
    for (const connection of this.#open) connection.destroy();
    await closed;
    this.#open.clear();
    clearInterval(this.#ticker);
    this.#listener.remove();
  }

  #serve(socket: Socket): void {
    const { storeId, clock, handle, connectionsMax = 512 } = this.#options;
    const refusal = this.#open.size < connectionsMax ? {} : { refusal: busy(connectionsMax) };
    const connection = new Connection(socket, { storeId, clock, handle, limits: this.#limits, ...refusal });
    this.#open.add(connection);
    socket.on('close', () => this.#open.delete(connection));
  }
}

/** Waits for a promise, but not for longer than this. */
async function within(clock: Clock, ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = startTimer(clock, ms, resolve);
  });
  await Promise.race([promise, late]);
  timer?.cancel();
}

function busy(max: number): WalqError {
  return lockedError('E_CONTROL_BUSY', `the runner has ${max} connections open already`, { data: { max } });
}

function bindFailed(folder: string, cause: unknown): Error {
  const why = isError(cause) ? `: ${cause.message}` : '';
  return ioError('E_CONTROL_BIND', `cannot listen on ${folder}/sock${why}`, { cause, data: { folder } });
}
