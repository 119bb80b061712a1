import { systemClock, systemRandom } from '../../build/base/node-clock.js';
import { nodeFs } from '../../build/fs/node-fs.js';
import { blockThread } from '../../build/storage/snapshot/start-block-thread.js';

/** The real disk. */
export const env = { fs: nodeFs, clock: systemClock, random: systemRandom, blockThread };

/**
 * The real disk without syncs, to prepare stores quickly: the same bytes, in the page cache, none of the waiting.
 * Never used for what is being measured.
 */
export const unsyncedEnv = {
  ...env,
  fs: { ...nodeFs, open: async (...args) => new Unsynced(await nodeFs.open(...args)), syncDir: async () => {} },
};

class Unsynced {
  #file;
  constructor(file) {
    this.#file = file;
  }
  read(buffer, position) {
    return this.#file.read(buffer, position);
  }
  write(buffer, position) {
    return this.#file.write(buffer, position);
  }
  writeSync(buffer, position) {
    return this.#file.writeSync(buffer, position);
  }
  async datasync() {}

  datasyncSync() {}
  truncate(size) {
    return this.#file.truncate(size);
  }
  size() {
    return this.#file.size();
  }
  info() {
    return this.#file.info();
  }
  tryLock(offset, length) {
    return this.#file.tryLock(offset, length);
  }
  close() {
    return this.#file.close();
  }
}
