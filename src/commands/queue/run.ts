import { usageError } from '../../base/errors.ts';
import { lockForRun } from '../../queue/run/access.ts';
import { commandHandler, execHandler } from '../../queue/run/handler.ts';
import type { RunSummary } from '../../queue/run/runner-types.ts';
import { type ServeOptions, serveQueue } from '../../queue/run/serve.ts';
import type { CommandContext } from '../context.ts';
import { storeToCreate } from '../store-target.ts';
import { absolutePath } from './enqueue.ts';

export interface RunRequest extends Omit<ServeOptions, 'handler' | 'create'> {
  /** A shell line that runs every job without a command of its own. */
  exec?: string;
  /** Run the commands that jobs carry. */
  commands: boolean;
  lockTimeoutMs: number;
  /** Working folder, for children that get the path of the store. */
  cwd: string;
}

/**
 * Holds the queue and runs its jobs until stopped or drained. Throws E_NO_HANDLER (2), E_LOCKED (6), the damage that
 * refuses writing (3).
 */
export async function runQueue(context: CommandContext, request: RunRequest): Promise<RunSummary> {
  const { exec, commands, cwd: _cwd, lockTimeoutMs, ...options } = request;
  if (exec === undefined && !commands) {
    throw usageError(
      'E_NO_HANDLER',
      "queue run needs to know what runs a job: --exec 'CMD', or --commands for jobs that carry their own",
      {
        next: "walq queue run --exec 'cat'",
      },
    );
  }
  if (exec !== undefined && commands) throw usageError('E_USAGE', '--exec and --commands exclude each other');
  if (exec?.trim() === '') {
    // An unset variable in a script must not count every job as done.
    throw usageError('E_NO_HANDLER', '--exec: the command is empty', { next: "walq queue run --exec 'cat'" });
  }
  const store = absolutePath(await storeToCreate(context), request.cwd);
  const handler: ServeOptions['handler'] = exec === undefined ? commandHandler : (place) => execHandler(place, exec);
  const lock = await lockForRun(context.env, store, {
    create: true,
    lockTimeoutMs,
    pid: request.pid,
    command: 'walq queue run',
  });
  return await serveQueue(context.env, store, lock, { ...options, handler, create: true });
}
