import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import type { StorageEnv } from '../../src/storage/types.ts';

/** A command's outside world with nothing in it but files. */
export function contextIn(env: StorageEnv): CommandContext {
  const nothing = async function* (): AsyncGenerator<Uint8Array> {};
  const { signal } = new AbortController();
  return { env, variables: {}, stdin: nothing, pipe: nothing, note: () => {}, progress: () => {}, signal };
}

/** What a command gets when `--store` names `store`: real files and clock, nothing on standard input. */
export function contextOf(store: string): CommandContext {
  return { ...contextIn({ fs: nodeFs, clock: systemClock, random: systemRandom }), store };
}
