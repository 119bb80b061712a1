import { createServer, type Server, type Socket } from 'node:net';
import { isFsError, WalqError } from '../../base/errors.ts';
import { makeFolder } from '../../fs/folder.ts';
import { openSocketPath, type SocketPath, type SocketPathOptions } from '../../fs/socket-path.ts';
import type { FileInfo, FileSystem } from '../../fs/types.ts';

export interface ListenerOptions {
  /** The caller holds the lock of this store: that is why a socket found there is stale and may be removed. */
  storeDir: string;
  place: Omit<SocketPathOptions, 'purpose'>;
  fs: Pick<FileSystem, 'mkdir' | 'stat' | 'lstat'>;
  /** Listening alone does not keep the process alive. */
  background: boolean;
  onConnection(socket: Socket): void;
}

/** The socket of a store. Whoever tidies up may remove it: it comes back, so that a runner can be spoken to. */
export class SocketListener {
  readonly #options: ListenerOptions;
  #path: SocketPath | undefined;
  #server: Server | undefined;
  /** What was bound, and the store around it. */
  #bound: { socket: FileInfo | undefined; store: FileInfo | undefined } | undefined;
  #looking: Promise<void> | undefined;
  /** Those that listened before. */
  #former: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Rejects as the system does, or with E_RUN_FOLDER, E_SOCKET_PATH. */
  async listen(): Promise<void> {
    const { fs, place, background, onConnection } = this.#options;
    await makeFolder(fs, place.folder);
    const path = openSocketPath({ ...place, purpose: 'bind' });
    if (path === undefined) throw new Error('the run folder disappeared');
    // Half-open: a client may end its side and still get its answers.
    const server = createServer({ allowHalfOpen: true }, onConnection);
    try {
      path.unlink();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ path: path.path }, resolve);
      });
      path.restrict();
      this.#bound = await this.#look(path);
    } catch (error) {
      server.close();
      path.close();
      throw error;
    }
    if (background) server.unref();
    // Out of file descriptors, for one client: the others and the runner go on.
    server.on('error', () => {});
    this.#path = path;
    this.#server = server;
  }

  /** Called now and then. Connections that there are stay as they are. */
  keep(): void {
    this.#looking ??= this.#listenAgain()
      .catch((error: unknown) => {
        // A disk that is full, or a folder that is not ours: perhaps the next time.
        if (!isFsError(error) && !(error instanceof WalqError)) throw error;
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /** No new connections; resolves when those that there are have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = ending(this.#server);
    await this.#looking;
    await Promise.all([this.#former, ended, ending(this.#server)]);
  }

  /** After `close`, and before the lock is given up. */
  remove(): void {
    this.#path?.unlink();
    this.#path?.close();
  }

  async #listenAgain(): Promise<void> {
    if (this.#closed || !(await this.#isLost()) || this.#closed) return;
    // This removes what lies at the path, so it comes first. Its connections go on.
    this.#former = Promise.all([this.#former, ending(this.#server)]);
    this.#path?.close();
    await this.listen();
  }

  /** In the place of a store that was moved away, there may be another one with a runner of its own. */
  async #isLost(): Promise<boolean> {
    if (this.#path === undefined || this.#bound === undefined) return false;
    const { socket, store } = await this.#look(this.#path);
    // It may have gone before it was looked at for the first time.
    return isSame(store, this.#bound.store) && (socket === undefined || !isSame(socket, this.#bound.socket));
  }

  async #look({ place }: SocketPath): Promise<{ socket: FileInfo | undefined; store: FileInfo | undefined }> {
    const { fs, storeDir } = this.#options;
    const [socket, store] = await Promise.all([fs.lstat(place), fs.stat(storeDir)]);
    return { socket, store };
  }
}

/** Listens no more at once; resolves when its connections have ended. */
function ending(server: Server | undefined): Promise<void> {
  return new Promise((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
}

function isSame(one: FileInfo | undefined, other: FileInfo | undefined): boolean {
  return one?.ino === other?.ino && one?.dev === other?.dev;
}
