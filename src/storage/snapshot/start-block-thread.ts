import type { BlockThread } from './block-types.ts';

/**
 * `StorageEnv.blockThread` of a real process. In a file of its own, which costs a small command nothing: the rest, and
 * what of Node starts threads, is loaded only then.
 */
export async function blockThread(): Promise<BlockThread> {
  const { startBlockThread } = await import('./block-thread.ts');
  return await startBlockThread();
}
