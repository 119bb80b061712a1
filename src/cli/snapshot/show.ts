import type { ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { type ShownSnapshot, showSnapshot } from '../../commands/snapshot-show.ts';
import { storePath } from '../../commands/target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { findingError } from '../../storage/snapshot/read.ts';
import { findingLine, verdictText } from '../findings.ts';
import type { Session } from '../session.ts';
import { type StateFormat, writeState } from '../state.ts';
import { bytes, isoTime } from '../text.ts';

export async function show(
  session: Session,
  args: readonly string[],
  flags: { output: StateFormat },
): Promise<ExitCode> {
  const shown = await showSnapshot(session.context, args[0] ?? storePath(session.context));
  const exit = exitOfVerdict(shown.verdict);
  if (exit !== 0 && shown.counts.pending + shown.counts.in_flight + shown.counts.completed + shown.counts.dead === 0) {
    throw noJobs(shown);
  }
  const { target, summary, foreign } = shown;
  const view = {
    ...shown,
    origin: [originOf(shown)],
    facts: { target, snapshot: summary, foreign: foreign && { ...foreign, findings: undefined } },
  };
  await writeState(session, view, session.json ? 'json' : flags.output, exit);
  await session.out.flush();
  if (exit !== 0) {
    for (const finding of shown.findings.slice(0, 10))
      await session.err.line(findingLine(finding, session.errStyle, session.errWidth));
    await session.err.write(verdictText(shown.verdict, [meaningOf(shown)], session.errStyle));
  }
  return exit;
}

function meaningOf({ verdict, seq }: ShownSnapshot): string {
  return verdict === 'degraded'
    ? `a newer snapshot is bad: this is the state at seq ${seq}; walq wal replay gives the newest one`
    : 'what is shown is what could be read';
}

function originOf(shown: ShownSnapshot): string {
  const { summary, foreign, target } = shown;
  if (summary !== undefined) {
    const { file, kind, createdMs, stateHash } = summary;
    const size = `${bytes(summary.bytes)} (${bytes(summary.rawBytes)} before compression)`;
    return escapeText(`${file}: ${kind} snapshot of ${isoTime(createdMs)}, ${size}, state ${stateHash.slice(0, 12)}`);
  }
  return escapeText(`${foreign?.file ?? target.path}: ${foreign?.format ?? ''}, ${bytes(foreign?.bytes ?? 0)}`);
}

/** Nothing could be read: the first fault is the whole answer. */
function noJobs(shown: ShownSnapshot): Error {
  const first = shown.findings.find((finding) => finding.severity !== 'note');
  return findingError(first === undefined ? shown.findings : [first]);
}
