import { usageError } from '../../base/errors.ts';
import { type AttemptPlace, commandHandler, execHandler, type Handler } from '../../queue/run/handler.ts';
import { streamHandler } from '../../queue/run/stream-handler.ts';
import { functionHandler } from '../../queue/work/function-handler.ts';
import { ThreadPool } from '../../queue/work/isolated-handler.ts';
import { checkModuleType, loadModule } from '../../queue/work/load-module.ts';
import { absolutePath, refuseTogether } from './enqueue.ts';

/** What runs the jobs, as it was asked for: one of these. */
export interface HandlerRequest {
  /** A shell line that is started for every job. */
  exec?: string;
  /** A shell line whose processes get job after job. */
  stream?: string;
  /** Jobs that one process of them has at a time. Default 1. */
  perProcess?: number;
  /** A file with functions. */
  module?: string;
  /** Each job of the module in a thread of its own. */
  isolate: boolean;
  /** Run the commands that jobs carry. */
  commands: boolean;
  /** Jobs at a time. */
  workers: number;
}

/** Ready to run jobs. */
export interface ReadyHandler {
  make(place: AttemptPlace): Handler;
  /** Ends what stands ready, also when no job was ever run. */
  close(): Promise<void>;
}

const exampleCommand = "walq queue run --exec 'cat'";

/** Refuses none and more than one (2). Loads a module: E_MODULE (1), E_MODULE_TYPE (2). */
export async function readyHandler(
  request: HandlerRequest,
  place: { cwd: string; store: string },
): Promise<ReadyHandler> {
  const { exec, stream, perProcess, module, isolate, commands, workers } = request;
  refuseTogether({
    '--exec': exec !== undefined,
    '--stream': stream !== undefined,
    '--module': module !== undefined,
    '--commands': commands,
  });
  for (const [flag, text] of [
    ['--exec', exec],
    ['--stream', stream],
    ['--module', module],
  ] as const) {
    // An unset variable in a script must not count every job as done.
    if (text?.trim() === '')
      throw usageError('E_NO_HANDLER', `${flag}: nothing stands after it`, { next: exampleCommand });
  }
  if (isolate && module === undefined) throw usageError('E_USAGE', '--isolate goes together with --module');
  if (perProcess !== undefined && stream === undefined)
    throw usageError('E_USAGE', '--per-process goes together with --stream');
  if (exec !== undefined) return ready((at) => execHandler(at, exec));
  if (stream !== undefined)
    return ready((at) => streamHandler(at, { shell: stream, workers, perProcess: perProcess ?? 1 }));
  if (module !== undefined) return await readyModule(module, isolate, place);
  if (commands) return ready(commandHandler);
  const ways = "--exec 'CMD', --stream 'CMD', --module FILE, or --commands for jobs that carry their own";
  throw usageError('E_NO_HANDLER', `queue run needs to know what runs a job: ${ways}`, {
    next: exampleCommand,
  });
}

async function readyModule(
  file: string,
  isolate: boolean,
  { cwd, store }: { cwd: string; store: string },
): Promise<ReadyHandler> {
  checkModuleType(file);
  const path = absolutePath(file, cwd);
  const title = `module ${file}`;
  if (!isolate) {
    const handlers = await loadModule(path);
    return ready((place) => functionHandler(place, title, handlers));
  }
  const pool = new ThreadPool(path, { WALQ_STORE: store });
  await pool.load();
  return { make: (place) => pool.handler(place, `${title}, isolated`), close: () => pool.close() };
}

function ready(make: ReadyHandler['make']): ReadyHandler {
  return { make, close: async () => undefined };
}
