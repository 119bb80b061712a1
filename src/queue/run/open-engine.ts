import { closeAll } from '../../base/close-all.ts';
import { openStore, type Store } from '../../storage/store.ts';
import type { OpenOptions } from '../../storage/store-options.ts';
import type { StorageEnv } from '../../storage/types.ts';
import { QueueEngine } from '../engine.ts';
import type { EngineOptions, EngineParts } from '../engine-types.ts';
import { LogCleaner } from '../process/log-files.ts';
import { QueueMachine } from '../state/machine.ts';

/** A queue that this process has the lock of. */
export interface OpenEngine {
  store: Store<QueueMachine>;
  engine: QueueEngine;
  /**
   * Answers everything accepted, and frees the lock whatever fails; then rejects with the first failure. `listeners`
   * are closed first: an engine that others keep busy is never idle.
   */
  close(...listeners: readonly (() => unknown)[]): Promise<void>;
}

/** Rejects with what `openStore` rejects with. */
export async function openEngine(
  env: StorageEnv,
  storeDir: string,
  options: Omit<OpenOptions<QueueMachine>, 'machine'> & EngineOptions & Pick<EngineParts, 'onStall' | 'onLeftOut'>,
): Promise<OpenEngine> {
  const store = await openStore(env, storeDir, { ...options, machine: () => new QueueMachine() });
  const { fs, clock, random } = env;
  const { onStall, onLeftOut } = options;
  const parts = { log: store, machine: store.machine, clock, random, onStall, onLeftOut };
  const engine = new QueueEngine(parts, options);
  const logs = new LogCleaner(fs, store.dir, () => store.mustBeInPlace());
  engine.onForgotten((ids, seq) => logs.forget(ids, seq));
  return {
    store,
    engine,
    async close(...listeners) {
      const idle = engine.stop();
      await closeAll(
        ...listeners,
        () => idle,
        () => logs.settled(),
        () => store.close(),
      );
    },
  };
}
