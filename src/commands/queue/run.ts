import { lockForRun } from '../../queue/run/access.ts';
import type { RunSummary } from '../../queue/run/runner-types.ts';
import { type ServeOptions, serveQueue } from '../../queue/run/serve.ts';
import type { CommandContext } from '../context.ts';
import { storeToCreate } from '../store-path.ts';
import { absolutePath } from './enqueue.ts';
import { type HandlerRequest, readyHandler } from './run-handler.ts';

export interface RunRequest extends Omit<ServeOptions, 'handler' | 'create'> {
  handler: HandlerRequest;
  lockTimeoutMs: number;
  /** Working folder, for children that get the path of the store. */
  cwd: string;
}

/**
 * Holds the queue and runs its jobs until stopped or drained. Throws E_NO_HANDLER (2), E_MODULE (1), E_LOCKED (6), the
 * damage that refuses writing (3).
 */
export async function runQueue(context: CommandContext, request: RunRequest): Promise<RunSummary> {
  const { handler, cwd, lockTimeoutMs, ...options } = request;
  const store = absolutePath(await storeToCreate(context), cwd);
  // Before the store is touched: what cannot be loaded dispatches nothing, and creates nothing.
  const { make, close } = await readyHandler(handler, { cwd, store });
  try {
    const lock = await lockForRun(context.env, store, {
      create: true,
      lockTimeoutMs,
      pid: request.pid,
      command: 'walq queue run',
    });
    return await serveQueue(context.env, store, lock, { ...options, handler: make, create: true });
  } finally {
    await close();
  }
}
