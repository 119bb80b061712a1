import type { CommandContext } from '../../src/commands/context.ts';
import type { StorageEnv } from '../../src/storage/types.ts';

/** A command's outside world with nothing in it but files. */
export function contextOf(env: StorageEnv): CommandContext {
  const none = async function* (): AsyncGenerator<Uint8Array> {};
  const { signal } = new AbortController();
  return { env, variables: {}, stdin: none, pipe: none, note: () => {}, progress: () => {}, signal };
}
