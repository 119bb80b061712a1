import { escapeText } from '../base/escape.ts';
import { shellPath } from '../base/shell-word.ts';
import { withQueue } from '../queue/run/access.ts';
import type { QueueOps } from '../queue/run/queue-ops.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import type { Store } from '../storage/store.ts';
import type { CommandContext } from './context.ts';

/** How a command gets at a store that it writes to. */
export interface WriterOptions {
  /** How long to wait for another command to finish, milliseconds. */
  lockTimeoutMs: number;
  /** Of this process, for LOCK and OPEN frames. */
  pid: number;
}

/**
 * Runs on the queue of a store, which must exist unless `create` is set: through the runner that holds it, or under the
 * lock. Throws E_NO_STORE (1), E_LOCKED (6), the damage that refuses writing (3), E_IO (74).
 */
export async function onQueue<T>(
  context: CommandContext,
  store: string,
  options: WriterOptions & { command: string; create?: boolean; onOpen?: (store: Store<QueueMachine>) => void },
  use: (ops: QueueOps) => Promise<T>,
): Promise<T> {
  const onOpen = (opened: Store<QueueMachine>): void => {
    noteOpening(context, opened);
    options.onOpen?.(opened);
  };
  return await withQueue(context.env, store, { ...options, onOpen }, use);
}

/** What opening made, moved out of the way or got along without: never in silence. */
export function noteOpening(context: CommandContext, opened: Store<QueueMachine>): void {
  const { dir, created } = opened;
  if (created) context.note(`created a new store at ${escapeText(dir)}`);
  const { trimmed, findings } = opened.recovery;
  if (trimmed !== undefined) {
    const { bytes, file, quarantine } = trimmed;
    context.note(`recovered: ${bytes} bytes of a torn write at the end of ${file} were moved to ${quarantine}`);
  }
  const bad = findings.find(({ severity }) => severity === 'degraded');
  if (bad !== undefined) {
    const what = `${escapeText(bad.file)}: ${bad.message}`;
    context.note(`degraded, nothing is lost: ${what} [${bad.code}]; walq doctor ${shellPath(dir)}`);
  }
}
