import type { BlockWork } from './block-types.ts';

/** Kept for the next snapshot: until it is as quick as this one a thread costs a fifth of a second. */
let shared: Promise<BlockWork> | undefined;

/**
 * `StorageEnv.blockThread` of a real process. In a file of its own, which costs a small command nothing: the rest, and
 * what of Node starts threads, is loaded only then.
 */
export function blockThread(): Promise<BlockWork> {
  shared ??= start();
  return shared;
}

async function start(): Promise<BlockWork> {
  const { startBlockThread } = await import('./block-thread.ts');
  return await startBlockThread();
}
