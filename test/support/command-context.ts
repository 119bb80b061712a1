import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';

/** What a command gets when `--store` names `store`: real files and clock, nothing on standard input. */
export function contextOf(store: string): CommandContext {
  const nothing = async function* (): AsyncGenerator<Uint8Array> {};
  return {
    env: { fs: nodeFs, clock: systemClock, random: systemRandom },
    variables: {},
    store,
    stdin: nothing,
    pipe: nothing,
    note: () => {},
    progress: () => {},
    signal: new AbortController().signal,
  };
}
