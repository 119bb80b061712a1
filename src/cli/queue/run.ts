import { Console } from 'node:console';
import { formatDuration } from '../../base/duration.ts';
import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText, excerpt } from '../../base/escape.ts';
import { refuseTogether } from '../../commands/queue/enqueue.ts';
import { runQueue } from '../../commands/queue/run.ts';
import type { HandlerRequest } from '../../commands/queue/run-handler.ts';
import { queueCommand } from '../../commands/store-path.ts';
import { noteOpening } from '../../commands/writer.ts';
import { isCutShort } from '../../queue/run/drained.ts';
import type { Runner } from '../../queue/run/runner.ts';
import type { RunnerReport, RunSummary } from '../../queue/run/runner-types.ts';
import { processesOf } from '../../queue/run/stream-handler.ts';
import { attemptsGranted } from '../../queue/state/job.ts';
import { blockThread } from '../../storage/snapshot/start-block-thread.ts';
import { failureDocument, InDocument } from '../failure.ts';
import type { Session } from '../session.ts';
import { count, counted } from '../text.ts';
import { resultDroppedText } from './lease.ts';
import { summaryText } from './run-summary.ts';

export interface RunFlags {
  exec?: string;
  stream?: string;
  perProcess?: number;
  module?: string;
  isolate?: boolean;
  commands?: boolean;
  workers: number;
  groupLimit?: number;
  drain?: boolean;
  halt?: number;
  taskTimeout: number;
  killAfter: number;
  grace: number;
  snapshotInterval: number;
  snapshotEvery: number;
  keep: number;
  segmentSize?: number;
  crashes: number;
  orphans: 'kill' | 'ignore';
  metrics?: { host: string; port: number };
  metricsPort?: number;
  quiet?: boolean;
  lockTimeout: number;
}

const exitOfSignal = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export async function run(session: Session, _args: readonly string[], flags: RunFlags): Promise<ExitCode> {
  const signals = new Signals(session);
  // What a module prints is no part of the answer of this command.
  if (flags.module !== undefined) globalThis.console = new Console(process.stderr);
  const { context } = session;
  // Snapshots are written beside the work.
  const env = { ...context.env, blockThread };
  const summary = await runQueue(
    { ...context, env },
    {
      handler: handlerOf(flags),
      workers: flags.workers,
      drain: flags.drain === true,
      haltAfterDead: flags.halt ?? Number.POSITIVE_INFINITY,
      timeoutMs: flags.taskTimeout,
      killAfterMs: flags.killAfter,
      graceMs: flags.grace,
      snapshotIntervalMs: flags.snapshotInterval,
      snapshotEvery: flags.snapshotEvery,
      keepSnapshots: flags.keep,
      ...(flags.segmentSize !== undefined && { segmentBytes: flags.segmentSize }),
      crashesMax: flags.crashes,
      ...(flags.groupLimit !== undefined && { groupLimit: flags.groupLimit }),
      ...metricsOf(flags),
      orphans: flags.orphans,
      lockTimeoutMs: flags.lockTimeout,
      pid: process.pid,
      cwd: process.cwd(),
      report: (event) => report(session, event, flags.quiet === true),
      onReady: (store, runner) => {
        signals.listen(runner);
        session.settle();
        noteOpening(session.context, store);
        const jobs = store.machine.counts;
        session.context.note(
          `ready, ${workersText(flags)}: ${count(jobs.pending)} pending, ${count(jobs.in_flight)} in flight, ${count(jobs.completed)} completed, ${count(jobs.dead)} dead`,
        );
      },
    },
  );
  signals.unlisten();
  session.settle();
  const { failure, ...rest } = summary;
  const exit = exitOf(summary, flags, signals);
  if (session.json) {
    await session.document({ ...rest, ...(failure && { error: failureDocument(failure, session) }), exit });
    if (failure) throw new InDocument(failure);
  } else {
    await session.err.line(summaryText(session, summary, flags.drain === true));
  }
  if (failure) throw failure;
  return exit;
}

function workersText({ workers, perProcess }: RunFlags): string {
  const text = counted(workers, 'worker');
  return perProcess === undefined
    ? text
    : `${text} in ${counted(processesOf(workers, perProcess), 'process', 'processes')}`;
}

function exitOf(summary: RunSummary, flags: RunFlags, signals: Signals): ExitCode {
  if (summary.failure !== undefined) return summary.failure.exit;
  const undone = summary.dead > 0 || summary.left > 0;
  if (summary.broken !== undefined || summary.halted || (flags.drain === true && undone)) return Exit.failed;
  // What was to be done is not: whoever goes on after an exit 0 must not.
  const cutShort = summary.interrupted > 0 || (flags.drain === true && isCutShort(summary));
  const signal = signals.forced ?? (cutShort ? signals.last : undefined);
  return signal === undefined ? Exit.ok : (exitOfSignal[signal] as ExitCode);
}

function handlerOf({ exec, stream, perProcess, module, isolate, commands, workers }: RunFlags): HandlerRequest {
  return {
    ...(exec !== undefined && { exec }),
    ...(stream !== undefined && { stream }),
    ...(perProcess !== undefined && { perProcess }),
    ...(module !== undefined && { module }),
    isolate: isolate === true,
    commands: commands === true,
    workers,
  };
}

function metricsOf({ metrics, metricsPort }: RunFlags): { metrics?: { host: string; port: number } } {
  refuseTogether({ '--metrics': metrics !== undefined, '--metrics-port': metricsPort !== undefined });
  if (metricsPort !== undefined) return { metrics: { host: '127.0.0.1', port: metricsPort } };
  return metrics === undefined ? {} : { metrics };
}

/** First INT, TERM or HUP: a graceful stop. Second INT or TERM: kill. A terminal that is closed may send HUP twice. */
class Signals {
  readonly #session: Session;
  #runner: Runner | undefined;
  last: keyof typeof exitOfSignal | undefined;
  forced: keyof typeof exitOfSignal | undefined;
  readonly #onInterrupt = () => this.#stop('SIGINT');
  readonly #onTerminate = () => this.#stop('SIGTERM');
  readonly #onHangup = () => this.#stop('SIGHUP');

  constructor(session: Session) {
    this.#session = session;
  }

  listen(runner: Runner): void {
    this.#runner = runner;
    this.#session.takeSignals();
    process.on('SIGINT', this.#onInterrupt);
    process.on('SIGTERM', this.#onTerminate);
    if (this.#session.hearsHangup) process.on('SIGHUP', this.#onHangup);
  }
  unlisten(): void {
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGTERM', this.#onTerminate);
    process.off('SIGHUP', this.#onHangup);
  }

  #stop(signal: keyof typeof exitOfSignal): void {
    if (this.last === undefined) this.#session.context.note('stopping; once more to kill what is running');
    else if (signal === 'SIGHUP') return;
    else this.forced = signal;
    this.last = signal;
    this.#runner?.stop();
  }
}

function report(session: Session, event: RunnerReport, quiet: boolean): void {
  const line = lineOf(session, event, quiet);
  if (line !== undefined) process.stderr.write(`${line}\n`);
}

function lineOf(session: Session, event: RunnerReport, quiet: boolean): string | undefined {
  const style = session.errStyle;
  switch (event.kind) {
    case 'started':
      return undefined;
    case 'metrics':
      return style.dim(`metrics at ${event.url}`);
    case 'finished':
      return quiet ? undefined : finished(session, event);
    case 'reclaimed': {
      const orphans =
        event.orphansKilled > 0
          ? `, after killing ${counted(event.orphansKilled, 'process', 'processes')} it left`
          : '';
      const are = event.dead === 1 ? 'is' : 'are';
      const dead = event.dead > 0 ? `; ${count(event.dead)} crashed too often and ${are} dead` : '';
      return style.warn(`took back ${counted(event.jobs, 'job')} of a runner that died${orphans}${dead}`);
    }
    case 'broken': {
      const resume = `${escapeText(queueCommand(session.context))} resume`;
      const next = event.paused ? `; the queue is paused until: ${resume}` : '; mend it and run the same again';
      const what = `the handler does not work, no more jobs are started: ${escapeText(event.error)}${next}`;
      return `${style.bad(what)} ${style.dim('[E_HANDLER]')}`;
    }
    case 'halted':
      return style.bad(`${counted(event.dead, 'job')} dead: no more jobs are started`);
    case 'disk-full':
      return style.bad('the disk is full; no new jobs are started, waiting for room');
    case 'slots-left-out': {
      const [first, last] = [event.first, event.last].map((slot) => new Date(slot).toISOString());
      return style.warn(
        `schedule ${escapeText(event.schedule)} missed too much: ${first} to ${last} are not made up for`,
      );
    }
    case 'failed':
      return style.bad(`${escapeText(event.error.message)} [${event.error.code}]; stopping`);
    case 'snapshot': {
      const removed = event.removedSegments > 0 ? `, ${counted(event.removedSegments, 'old segment')} removed` : '';
      return quiet ? undefined : style.dim(`snapshot at seq ${event.snapshot.seq}${removed}`);
    }
    case 'snapshot-failed':
      return style.warn(`snapshot failed, nothing was removed: ${escapeText(messageOf(event.error))}`);
    case 'stopping':
      return style.warn(
        `waiting for ${counted(event.running, 'running job')}, at most ${formatDuration(event.graceMs)}`,
      );
  }
}

/** Of what a handler said last; `queue show` has all of it. */
const errorCharsMax = 200;

function finished(session: Session, event: Extract<RunnerReport, { kind: 'finished' }>): string {
  const style = session.errStyle;
  const { job, outcome, settlement } = event;
  const id = `${escapeText(job.id)}`;
  // The handler's own time: the whole of the attempt is told from the log, as `took`.
  const facts = style.dim(`handler ${formatDuration(outcome.durationMs)}, attempt ${job.attempt}`);
  if (settlement.kind === 'completed') {
    const without = settlement.resultDropped ? ` ${style.warn(resultDroppedText)}` : '';
    return `${id} ${style.good('completed')} ${facts}${without}`;
  }
  const end = settlement.kind === 'dead' ? style.bad('dead') : style.warn(settlement.kind);
  const { verdict } = outcome;
  const error = ('error' in verdict && firstLine(verdict.error)) || settlement.reason;
  const why = `${style.dim(` of ${attemptsGranted(job)}${again(session, event)}:`)} ${excerpt(error, errorCharsMax)}`;
  return `${id} ${end} ${facts}${why}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** When it runs again; nothing where it does not, or only when somebody has mended the handler. */
function again(session: Session, { outcome, settlement }: Extract<RunnerReport, { kind: 'finished' }>): string {
  if (!('runAt' in settlement) || outcome.verdict.kind === 'broken') return '';
  const waitMs = settlement.runAt - session.context.env.clock.now();
  return waitMs > 0 ? `, again in ${formatDuration(waitMs)}` : ', again at once';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
