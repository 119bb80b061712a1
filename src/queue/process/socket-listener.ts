import { createServer, type Server, type Socket } from 'node:net';
import { isFsError, WalqError } from '../../base/errors.ts';
import { makeFolder } from '../../fs/folder.ts';
import { RunFolder, type RunFolderOptions, restrict, type SocketPath } from '../../fs/run-folder.ts';
import type { FileInfo, FileSystem } from '../../fs/types.ts';

export interface ListenerOptions {
  /** The caller holds the lock of this store: that is why a socket found there is stale and may be removed. */
  storeDir: string;
  place: RunFolderOptions;
  fs: Pick<FileSystem, 'mkdir' | 'stat' | 'lstat'>;
  /** Listening alone does not keep the process alive. */
  background: boolean;
  onConnection(socket: Socket): void;
}

interface Bound {
  run: RunFolder;
  path: SocketPath;
  server: Server;
  seen: Seen;
}

/** The socket that was bound, the run folder by which it is found, and the store around them. */
type Seen = Record<'socket' | 'folder' | 'store', FileInfo | undefined>;

/** The socket of a store. Whoever tidies up may remove it: it comes back, so that a runner can be spoken to. */
export class SocketListener {
  readonly #options: ListenerOptions;
  #bound: Bound | undefined;
  #looking: Promise<void> | undefined;
  /** Those that listened before. */
  #former: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Rejects as the system does, or with E_RUN_FOLDER. */
  async listen(): Promise<void> {
    const { fs, place } = this.#options;
    await makeFolder(fs, place.folder);
    const run = RunFolder.open(place, 'bind');
    if (run === undefined) throw new Error('the run folder disappeared');
    try {
      this.#bound = await this.#bindFirst(run);
    } catch (error) {
      run.close();
      throw error;
    }
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
    const ended = ending(this.#bound);
    await this.#looking;
    await Promise.all([this.#former, ended, ending(this.#bound)]);
  }

  /** After `close`, and before the lock is given up. */
  remove(): void {
    if (this.#bound === undefined) return;
    const { run, path } = this.#bound;
    run.remove(path);
    run.close();
  }

  async #bindFirst(run: RunFolder): Promise<Bound> {
    let why: unknown;
    for (const path of run.toBind()) {
      try {
        const server = await this.#bind(run, path);
        return { run, path, server, seen: await this.#look(path) };
      } catch (error) {
        why ??= error;
      }
    }
    throw why;
  }

  async #bind(run: RunFolder, path: SocketPath): Promise<Server> {
    const { background, onConnection } = this.#options;
    // Half-open: a client may end its side and still get its answers.
    const server = createServer({ allowHalfOpen: true }, onConnection);
    try {
      run.unlink(path);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ path: path.path }, resolve);
      });
      restrict(path);
    } catch (error) {
      server.close();
      throw error;
    }
    if (background) server.unref();
    // Out of file descriptors, for one client: the others and the runner go on.
    server.on('error', () => {});
    return server;
  }

  async #listenAgain(): Promise<void> {
    const bound = this.#bound;
    if (bound === undefined || this.#closed || !(await this.#isLost(bound)) || this.#closed) return;
    // This removes what lies at the path, so it comes first. Its connections go on.
    this.#former = Promise.all([this.#former, ending(bound)]);
    await this.listen();
    bound.run.close();
  }

  /** In the place of a store that was moved away, there may be another one with a runner of its own. */
  async #isLost({ path, seen }: Bound): Promise<boolean> {
    const { socket, folder, store } = await this.#look(path);
    // It may have gone before it was looked at for the first time.
    const isThere = socket !== undefined && isSame(socket, seen.socket) && isSame(folder, seen.folder);
    return isSame(store, seen.store) && !isThere;
  }

  async #look({ place }: SocketPath): Promise<Seen> {
    const { fs, storeDir, place: run } = this.#options;
    const [socket, folder, store] = await Promise.all([fs.lstat(place), fs.lstat(run.folder), fs.stat(storeDir)]);
    return { socket, folder, store };
  }
}

/** Listens no more at once; resolves when its connections have ended. */
function ending(bound: Bound | undefined): Promise<void> {
  return new Promise((resolve) => (bound === undefined ? resolve() : bound.server.close(() => resolve())));
}

function isSame(one: FileInfo | undefined, other: FileInfo | undefined): boolean {
  return one?.ino === other?.ino && one?.dev === other?.dev;
}
