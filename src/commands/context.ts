import type { StorageEnv } from '../storage/types.ts';

/** Everything a command takes from the outside world. Commands return plain results; they print nothing. */
export interface CommandContext {
  env: StorageEnv;
  /** Environment variables. */
  variables: Readonly<Record<string, string | undefined>>;
  /** The store named by `--store`. */
  store?: string;
  /** Standard input, in chunks of any size. */
  stdin(): AsyncIterable<Uint8Array>;
  /** The pipe of that name, in chunks of any size. */
  pipe(path: string): AsyncIterable<Uint8Array>;
  /** One line for a person: what was noticed on the way. Not part of the result. */
  note(text: string): void;
  /** How far long work has come, in bytes; `total` when it is known. Cheap: called often. */
  progress(done: number, total: number | undefined): void;
  /** Aborted when the user has had enough; loops that wait must end then. */
  signal: AbortSignal;
}
