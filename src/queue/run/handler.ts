import type { FileSystem } from '../../fs/types.ts';
import { runAttempt } from '../process/attempt.ts';
import type { AttemptHooks, AttemptSpec, RunningAttempt } from '../process/attempt-types.ts';
import { logName } from '../process/log-files.ts';
import { leaseOf } from '../process/orphans.ts';
import { fileOutput } from '../process/output.ts';
import { type InFlightJob, payloadText } from '../state/job.ts';
import type { Lane } from '../state/ready.ts';

/** What runs the jobs of a runner. */
export interface Handler {
  /** For people: `exec 'CMD'`, ... */
  readonly title: string;
  /** Other processes or threads do the work: this thread has something better to do than to wait for the disk. */
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
export interface AttemptPlace extends Pick<AttemptSpec, 'clock' | 'killAfterMs'> {
  fs: FileSystem;
  storeDir: string;
  storeId: string;
  table: NonNullable<AttemptSpec['table']>;
}

/** Every job goes to one shell line of the runner. */
export function execHandler(place: AttemptPlace, shell: string): Handler {
  const env = ownEnvironment();
  return {
    title: `exec ${shell}`,
    elsewhere: true,
    lanes: ['handler'],
    start: (job, timeoutMs, hooks) =>
      runAttempt({ ...childSpec(place, job, timeoutMs), env, command: { shell }, owner: 'runner' }, hooks),
  };
}

/** Every job brings its own command. */
export function commandHandler(place: AttemptPlace): Handler {
  const env = ownEnvironment();
  return {
    title: 'commands of the jobs',
    elsewhere: true,
    lanes: ['command'],
    start: (job, timeoutMs, hooks) => {
      const command = { argv: job.options.command ?? [] };
      return runAttempt({ ...childSpec(place, job, timeoutMs), env, command, owner: 'job' }, hooks);
    },
  };
}

type ChildSpec = Omit<AttemptSpec, 'env' | 'command' | 'owner'>;

/** Copied once: every look at the real one asks the system for each variable. */
function ownEnvironment(): AttemptSpec['env'] {
  return { ...process.env };
}

function childSpec(place: AttemptPlace, job: InFlightJob, timeoutMs: number): ChildSpec {
  const { fs, clock, killAfterMs, storeDir, storeId, table } = place;
  const { id, attempt, dispatchSeq, options } = job;
  return {
    job: { id, name: options.name, payload: payloadText(job), attempt, attemptsMax: options.maxAttempts },
    store: storeDir,
    lease: leaseOf(storeId, dispatchSeq),
    ...(timeoutMs > 0 && { timeoutMs }),
    killAfterMs,
    output: fileOutput(fs, `${storeDir}/logs`, logName(id, dispatchSeq, attempt)),
    table,
    clock,
  };
}
