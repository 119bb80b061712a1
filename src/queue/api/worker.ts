import type { Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import { platformProcesses } from '../process/child-notes.ts';
import type { Handler } from '../run/handler.ts';
import { Runner } from '../run/runner.ts';
import type { RunSummary } from '../run/runner-types.ts';
import type { QueueMachine } from '../state/machine.ts';
import { msOf } from './job-spec.ts';
import type { Time } from './job-types.ts';
import { keepingAlive } from './keep-alive.ts';
import { checkOptions, checkWhole, checkYesNo } from './options.ts';

export interface WorkOptions {
  /** Jobs at a time. Default 4. */
  concurrency?: number;
  /** For jobs without a timeout of their own. Default: none. */
  timeout?: Time;
  /** How long a handler may go on after its signal was aborted, until its attempt is given up. Default 5 s. */
  killAfter?: Time;
  /** How long `stop` waits for running jobs before it aborts them. Default 30 s. */
  grace?: Time;
  /** End when nothing is left that these handlers could run. Default false. */
  drain?: boolean;
  /**
   * Take a snapshot after this much time, or this many events; 0 turns that off. Default 30 s, 100,000. After each the
   * worker rests twice as long as it took.
   */
  snapshotInterval?: Time;
  snapshotEvery?: number;
}

/** What a worker did. */
export interface WorkSummary {
  completed: number;
  retried: number;
  /** Attempts that do not count, as those that a stop cut short. */
  givenBack: number;
  /** Jobs that it would take and that died meanwhile: of their attempts, their time, a parent, a cancel. */
  dead: number;
  /** Completed jobs whose result was over `resultBytesMax`, or nested too deep, and was not kept. */
  resultsDropped: number;
  /** Jobs that it would run sooner or later, had it not been stopped. */
  remaining: number;
  /** Jobs that it could run and a pause holds back. */
  left: number;
}

/** Handlers at work on a queue of this process. */
export interface Worker {
  /**
   * Resolves when it has ended. Rejects with what the log says when it cannot be written any more: ignored, that is an
   * unhandled rejection.
   */
  readonly done: Promise<WorkSummary>;
  /** No new jobs; running ones have the grace time, then their signals are aborted. Called again: at once. */
  stop(): Promise<WorkSummary>;
  /** Works off what is there, and what comes meanwhile, then ends. */
  drained(): Promise<WorkSummary>;
}

export interface WorkParts {
  env: StorageEnv;
  store: Store<QueueMachine>;
  engine: QueueEngine;
}

/** A worker and the runner behind it. */
export interface StartedWorker {
  worker: Worker;
  runner: Runner;
}

const optionNames: ReadonlySet<string> = new Set<keyof WorkOptions>([
  'concurrency',
  'timeout',
  'killAfter',
  'grace',
  'drain',
  'snapshotInterval',
  'snapshotEvery',
]);

/** `handlerOf` makes the handler once the options are good; `ended` is called before `done` is settled. Throws usageErrors: E_OPTION, E_DURATION. */
export function startWorker(
  parts: WorkParts,
  handlerOf: (killAfterMs: number) => Handler,
  options: WorkOptions,
  ended: () => void,
): StartedWorker {
  checkOptions(options, optionNames, 'work');
  const { concurrency = 4, snapshotEvery = 100_000, drain = false } = options;
  checkYesNo('drain', drain);
  checkWhole('concurrency', concurrency, 1);
  checkWhole('snapshotEvery', snapshotEvery, 0);
  const killAfterMs = msOf(options.killAfter ?? 5000, 'killAfter');
  const handler = handlerOf(killAfterMs);
  const processes = platformProcesses(parts.env.fs, `${parts.store.dir}/run`);
  const runner = new Runner(
    { ...parts, handler, processes },
    {
      workers: concurrency,
      timeoutMs: msOf(options.timeout ?? 0, 'timeout'),
      killAfterMs,
      graceMs: msOf(options.grace ?? 30_000, 'grace'),
      drain,
      haltAfterDead: Number.POSITIVE_INFINITY,
      orphans: 'kill',
      snapshotIntervalMs: msOf(options.snapshotInterval ?? 30_000, 'snapshotInterval'),
      snapshotEvery,
      pid: process.pid,
      report: () => undefined,
    },
  );
  const done = keepingAlive(runner.run().then(summaryOf)).finally(ended);
  const worker: Worker = {
    done,
    stop: () => {
      runner.stop();
      return done;
    },
    drained: () => {
      void runner.drain();
      return done;
    },
  };
  return { worker, runner };
}

function summaryOf(summary: RunSummary): WorkSummary {
  const { completed, retried, givenBack, dead, resultsDropped, remaining, left, failure } = summary;
  if (failure !== undefined) throw failure;
  return { completed, retried, givenBack, dead, resultsDropped, remaining, left };
}
