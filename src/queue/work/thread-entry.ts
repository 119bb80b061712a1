import { parentPort, workerData } from 'node:worker_threads';
import { Exit, WalqError } from '../../base/errors.ts';
import { callFunction, checkedShare, extensionMs } from './call.ts';
import { errorText } from './error-text.ts';
import { loadModule } from './load-module.ts';
import type { FromThread, ToThread } from './thread.ts';
import { workJob } from './work-job.ts';
import { type WorkTable, workTable } from './work-table.ts';

/** What runs in a thread of `--isolate`: loads the module, then does one job after the other. */

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}

function serve(table: WorkTable): void {
  let abort = new AbortController();
  parentPort?.on('message', (message: ToThread) => {
    if (message.kind === 'abort') {
      abort.abort(new Error(message.reason));
      return;
    }
    abort = new AbortController();
    const { job } = message;
    let over = false;
    // A function may go on after its end. By then the thread may have another job, which is none of its business.
    const tellMeanwhile = (said: FromThread) => {
      if (!over) tell(said);
    };
    const context = {
      signal: abort.signal,
      extend: (time: number | string) => tellMeanwhile({ kind: 'extend', ms: extensionMs(time) }),
      progress: (share: number) => tellMeanwhile({ kind: 'progress', share: checkedShare(share) }),
    };
    void callFunction(table.of(job.name), workJob(job), context).then(async (verdict) => {
      over = true;
      await printed(process.stdout);
      await printed(process.stderr);
      tell({ kind: 'verdict', verdict });
    });
  });
}

/** What the job printed goes over by another way than the verdict, and belongs before it. */
async function printed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength > 0) await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

async function begin(): Promise<void> {
  // What it ends with where the module never finishes loading, and nothing is left to be done.
  process.exitCode = Exit.bug;
  try {
    const table = workTable(await loadModule(String(workerData)));
    process.exitCode = Exit.ok;
    tell({ kind: 'ready', names: table.names && [...table.names] });
    serve(table);
  } catch (error) {
    const known = error instanceof WalqError ? { code: error.code, text: error.message, next: error.next } : undefined;
    tell({ kind: 'no module', ...(known ?? { code: 'E_MODULE', text: errorText(error), next: undefined }) });
  }
}

void begin();
