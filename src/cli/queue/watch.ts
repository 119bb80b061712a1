import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { stringify } from '../../commands/json-text.ts';
import { runnerMembers } from '../../commands/queue/status-members.ts';
import { type WatchFrame, watchQueue } from '../../commands/queue/watch.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { phaseKinds } from '../../queue/state/phase.ts';
import { verdictWord } from '../findings.ts';
import type { Session } from '../session.ts';
import { isoTime } from '../text.ts';
import { Screen } from './screen.ts';
import { watchView } from './watch-view.ts';

export interface WatchFlags {
  output?: 'text' | 'ndjson';
}

/** Twice a second: quick enough for people, cheap enough to leave running. */
const everyMs = 500;

export async function watch(session: Session, _args: readonly string[], flags: WatchFlags): Promise<ExitCode> {
  if (session.json) {
    throw usageError('E_USAGE', 'watch has no end that one JSON document could wait for', {
      next: 'walq queue watch -o ndjson, or walq queue status --json',
    });
  }
  if (session.out.isTerminal && flags.output === undefined) return await watchOnScreen(session);
  const lineOf = flags.output === 'ndjson' ? ndjsonLine : textLine;
  await watchQueue(session.context, { everyMs, always: false, stop: session.context.signal }, async (frame) => {
    session.settle();
    await session.out.line(lineOf(frame));
    await session.out.flush();
  });
  return Exit.ok;
}

async function watchOnScreen(session: Session): Promise<ExitCode> {
  const stop = new AbortController();
  let last: WatchFrame | undefined;
  const screen = new Screen(session, () => stop.abort());
  const draw = async (frame: WatchFrame): Promise<void> => {
    last = frame;
    const { rows, columns } = screen.size;
    await screen.draw(watchView(frame, rows, columns, session.style));
  };
  // The first frame may take a while to read: until it is there, the screen is left as it is.
  let opened = false;
  try {
    await watchQueue(session.context, { everyMs, always: true, stop: stop.signal }, async (frame) => {
      if (!opened) {
        session.settle();
        screen.open(() => (last === undefined ? undefined : draw(last)));
      }
      opened = true;
      await draw(frame);
    });
  } finally {
    await screen.close();
  }
  return last === undefined ? Exit.ok : exitOfVerdict(last.verdict);
}

/** `2026-09-01T03:00:00.000Z seq=12 ready=3 running=1 completed=5 dead=0`: phases without jobs are left out. */
function textLine({ atMs, status, verdict }: WatchFrame): string {
  const always = new Set(['ready', 'running', 'completed', 'dead']);
  const shown = phaseKinds.filter((kind) => always.has(kind) || status.phases[kind] > 0);
  const runner = status.runner === undefined ? 'none' : status.runner.pid;
  const counts = shown.map((kind) => `${kind}=${status.phases[kind]}`);
  const damage = exitOfVerdict(verdict) === Exit.ok ? '' : ` ${verdictWord(verdict)}`;
  return `${isoTime(atMs)} seq=${status.seqLast} ${counts.join(' ')} runner=${runner}${damage}`;
}

function ndjsonLine({ atMs, status, running, perSecond, verdict, runnerError }: WatchFrame): string {
  const { seqLast, counts, phases, runner } = status;
  return stringify({
    walq: 1,
    kind: 'queue.watch',
    atMs,
    seq: seqLast,
    counts,
    phases,
    runner: runner && runnerMembers(runner),
    runnerError,
    perSecond,
    verdict,
    running: running.map(({ job, phase, pid, progress }) => ({
      id: job.id,
      name: job.options.name,
      phase: phase.kind,
      attempt: job.attempt,
      startedMs: job.startedAt,
      pid,
      progress,
    })),
  });
}
