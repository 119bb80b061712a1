import type { Clock } from '../../base/clock.ts';
import type { FileSystem } from '../../fs/types.ts';
import type { AttemptHooks, RunningAttempt } from '../process/attempt-types.ts';
import { logName } from '../process/log-files.ts';
import type { AttemptOrder } from '../process/order.ts';
import { leaseOf } from '../process/orphans.ts';
import type { ProcessTable } from '../process/process-table.ts';
import { type InFlightJob, payloadText } from '../state/job.ts';
import type { Lane } from '../state/lane.ts';

/** What runs the jobs of a runner. */
export interface Handler {
  /** For people: `exec 'CMD'`, ... */
  readonly title: string;
  /** Other processes or threads do the work, and answer one by one. */
  readonly elsewhere: boolean;
  /** Which jobs it can run. */
  readonly lanes: readonly Lane[];
  /** Only jobs of these names. Default all. */
  readonly names?: ReadonlySet<string>;
  /** Starts one attempt. Never throws: what goes wrong is the outcome. `timeoutMs` 0 = no limit. */
  start(job: InFlightJob, timeoutMs: number, hooks: AttemptHooks): RunningAttempt;
  /** Ends what stands ready for jobs that may come. Called when nothing runs any more; once more with `now`, to hurry. */
  close?(now?: 'now'): Promise<void>;
}

/** What attempts need of the place they run in. */
export interface AttemptPlace {
  fs: FileSystem;
  clock: Clock;
  /** Between SIGTERM and SIGKILL. */
  killAfterMs: number;
  storeDir: string;
  storeId: string;
  table: ProcessTable;
  /** Starts attempts that are processes. */
  starter(): Starter;
}

export interface Starter {
  start(order: AttemptOrder, hooks: AttemptHooks): RunningAttempt;
  /** Ends what stands ready. What runs goes on. */
  close(): Promise<void>;
}

/** Every job goes to one shell line of the runner. */
export function execHandler(place: AttemptPlace, shell: string): Handler {
  return processHandler(place, `exec ${shell}`, 'handler', () => ({ command: { shell }, owner: 'runner' }));
}

/** Every job brings its own command. */
export function commandHandler(place: AttemptPlace): Handler {
  return processHandler(place, 'commands of the jobs', 'command', ({ options }) => {
    return { command: { argv: options.command ?? [] }, owner: 'job' };
  });
}

function processHandler(
  place: AttemptPlace,
  title: string,
  lane: Lane,
  what: (job: InFlightJob) => Pick<AttemptOrder, 'command' | 'owner'>,
): Handler {
  const starter = place.starter();
  return {
    title,
    elsewhere: true,
    lanes: [lane],
    start: (job, timeoutMs, hooks) => starter.start({ ...orderOf(place, job, timeoutMs), ...what(job) }, hooks),
    close: () => starter.close(),
  };
}

function orderOf(place: AttemptPlace, job: InFlightJob, timeoutMs: number): Omit<AttemptOrder, 'command' | 'owner'> {
  const { killAfterMs, storeDir, storeId } = place;
  const { id, attempt, dispatchSeq, options } = job;
  return {
    job: { id, name: options.name, payload: payloadText(job), attempt, attemptsMax: options.maxAttempts },
    store: storeDir,
    lease: leaseOf(storeId, dispatchSeq),
    ...(timeoutMs > 0 && { timeoutMs }),
    killAfterMs,
    log: { folder: `${storeDir}/logs`, name: logName(id, dispatchSeq, attempt) },
  };
}
