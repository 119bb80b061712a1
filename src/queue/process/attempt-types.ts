import type { Clock } from '../../base/clock.ts';
import type { OutputSink, OutputSummary } from './output.ts';
import type { ProcessTable } from './process-table.ts';
import type { AttemptVerdict } from './verdict.ts';

export interface AttemptSpec {
  /**
   * `shell` goes to `/bin/sh -c` as it is; `argv` runs without a shell, program first. Nothing of a job is put into
   * either.
   */
  command: { shell: string } | { argv: readonly string[] };
  /** Whose command it is. */
  owner: 'runner' | 'job';
  job: {
    id: string;
    name: string;
    /** JSON text; goes to stdin as one line. Without one stdin is empty. */
    payload?: string | undefined;
    /** From 1. */
    attempt: number;
    attemptsMax: number;
  };
  /** Path of the store, for WALQ_STORE. */
  store: string;
  /** `<store id>:<dispatch seq>`: how a later runner finds this child if this one dies. */
  lease: string;
  /** None: the attempt may run for ever. */
  timeoutMs?: number;
  /** Between SIGTERM and SIGKILL. */
  killAfterMs: number;
  /** How long pipes are read after the exit while somebody else still holds them. Default 250. */
  drainMs?: number;
  /** Default: nothing is kept but the end for error texts. */
  output?: OutputSink;
  /** Bytes of one line on fd 3. Default 1 MiB; longer ones are ignored. */
  lineBytesMax?: number;
  /** What the child inherits besides the WALQ_ variables. */
  env: Readonly<Record<string, string | undefined>>;
  /**
   * Tells zombies from processes that still run, when some are left in the group. Without one the wait for them is a
   * guess.
   */
  table?: Pick<ProcessTable, 'groupLives'>;
  clock: Clock;
}

export interface AttemptHooks {
  /** 0..1. */
  onProgress?(value: number): void;
  /** The handler wants `ms` more from now; its timeout is already moved when this is called. */
  onExtend?(ms: number): void;
}

export interface AttemptOutcome {
  verdict: AttemptVerdict;
  pid: number | undefined;
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  /** The reason given to `kill`. */
  killed?: string;
  /** From start to exit. */
  durationMs: number;
  output: OutputSummary;
  /** Lines on fd 3 that were no message. */
  ignoredLines: number;
  /** Processes the attempt left behind in its group were killed. */
  leftovers: boolean;
}

export interface RunningAttempt {
  /** Undefined when the start failed. */
  pid: number | undefined;
  /** Resolves when the attempt and its process group are over. Does not reject for anything a child can do. */
  done: Promise<AttemptOutcome>;
  /** SIGTERM to the group, SIGKILL after `killAfterMs`; `now` sends SIGKILL at once, also when called a second time. */
  kill(reason: string, now?: 'now'): void;
}
