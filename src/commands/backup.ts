import { QueueMachine } from '../queue/state/machine.ts';
import { type BackupResult, backupStore } from '../storage/backup.ts';
import type { CommandContext } from './context.ts';

/** Copies a store into a new folder, beside its runner if there is one. Throws as `backupStore` does. */
export async function backup(context: CommandContext, store: string, dir: string): Promise<BackupResult> {
  const progress = (bytes: number): void => context.progress(bytes, undefined);
  return await backupStore(context.env, store, dir, () => new QueueMachine(), progress);
}
