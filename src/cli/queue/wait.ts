import { formatDuration } from '../../base/duration.ts';
import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { refuseTogether } from '../../commands/queue/enqueue.ts';
import { type WaitProgress, type WaitRequest, type WaitResult, waitForJobs } from '../../commands/queue/wait.ts';
import type { Waited } from '../../commands/queue/wait-goals.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { compileWhere } from '../../commands/where/compile.ts';
import { storedJobFields, withoutMoment } from '../../commands/where/job-fields.ts';
import { writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';
import { count, counted, cut } from '../text.ts';

export interface WaitFlags {
  where?: string;
  timeout?: number;
  quiet?: boolean;
}

export async function wait(session: Session, args: readonly string[], flags: WaitFlags): Promise<ExitCode> {
  const line = new StatusLine(session, flags.quiet === true);
  let result: WaitResult;
  try {
    const request = requestOf(session, args, flags);
    const note = (text: string): void => {
      line.clear();
      session.context.note(text);
    };
    result = await waitForJobs({ ...session.context, note }, request, (progress) => {
      session.settle();
      line.show(progress);
    });
  } finally {
    line.clear();
  }
  session.settle();
  const sound = exitOfVerdict(result.verdict);
  const done = !result.timedOut && result.dead === 0 && result.missing === 0;
  const exit = sound !== Exit.ok ? sound : done ? Exit.ok : Exit.failed;
  if (session.json) await session.document({ ...result, exit });
  else if (flags.quiet !== true) {
    for (const job of result.jobs) await session.out.line(jobText(session, job));
    if (args.length === 0) await session.out.line(summaryText(result));
  }
  await session.out.flush();
  if (sound !== Exit.ok) await writeFaults(session, result.findings);
  if (result.timedOut) await session.err.line(timeoutText(session, result, flags.timeout));
  return exit;
}

/** Throws E_WHERE, E_USAGE (2). */
function requestOf({ context }: Session, ids: readonly string[], { where, timeout }: WaitFlags): WaitRequest {
  refuseTogether({ '--where': where !== undefined, 'ids of jobs': ids.length > 0 });
  const source = { flag: '--where', text: where ?? '', without: withoutMoment };
  return {
    ids,
    ...(where !== undefined && { where: compileWhere(storedJobFields, source, context.env.clock.now()) }),
    ...(timeout !== undefined && { timeoutMs: timeout }),
  };
}

function jobText({ style }: Session, { id, state, reason }: Waited): string {
  const word = state === 'completed' ? style.good(state) : state === 'dead' ? style.bad(state) : style.warn(state);
  const why = reason === undefined ? '' : style.dim(`  ${state === 'missing' ? 'was ' : ''}${escapeText(reason)}`);
  return `${escapeText(id)} ${word.replace('_', ' ')}${why}`;
}

function summaryText({ completed, dead, left }: WaitResult): string {
  return `${count(completed)} completed, ${count(dead)} dead${left > 0 ? `, ${count(left)} left` : ''}`;
}

function timeoutText({ errStyle }: Session, { left }: WaitResult, timeoutMs: number | undefined): string {
  const after = timeoutMs === undefined ? '' : ` after ${formatDuration(timeoutMs)}`;
  return `${errStyle.bad('not finished')}${after}: ${counted(left, 'job')} left ${errStyle.dim('[E_WAIT_TIMEOUT]')}`;
}

const redrawMs = 200;

/** One line on stderr that is written over again and again, on a terminal only. */
class StatusLine {
  readonly #session: Session;
  readonly #enabled: boolean;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(session: Session, quiet: boolean) {
    this.#session = session;
    this.#enabled = !quiet && session.err.isTerminal;
  }

  show({ counts, left }: WaitProgress): void {
    const now = this.#session.context.env.clock.monotonic();
    if (!this.#enabled || left === 0 || now - this.#drawnAt < redrawMs) return;
    this.#drawnAt = now;
    const { errStyle, errWidth } = this.#session;
    const queue = `queue: ${count(counts.pending)} pending, ${count(counts.in_flight)} in flight, ${count(counts.dead)} dead`;
    const text = cut(`waiting for ${counted(left, 'job')}  ${queue}`, (errWidth ?? 80) - 1);
    process.stderr.write(`\r\u001b[K${errStyle.dim(text)}`);
  }

  clear(): void {
    if (this.#enabled && this.#drawnAt > Number.NEGATIVE_INFINITY) process.stderr.write('\r\u001b[K');
  }
}
