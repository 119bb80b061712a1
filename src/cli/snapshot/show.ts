import type { ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { findingError } from '../../base/finding.ts';
import { type ShownSnapshot, showSnapshot } from '../../commands/snapshot-show.ts';
import { pathOrStore } from '../../commands/store-path.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { verdictText, writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';
import { type StateFormat, writeState } from '../state.ts';
import { bytes, isoTime } from '../text.ts';

export async function show(
  session: Session,
  args: readonly string[],
  flags: { output: StateFormat },
): Promise<ExitCode> {
  const shown = await showSnapshot(session.context, pathOrStore(session.context, args[0]));
  const exit = exitOfVerdict(shown.verdict);
  if (exit !== 0 && shown.counts.pending + shown.counts.in_flight + shown.counts.completed + shown.counts.dead === 0) {
    // Nothing could be read: the worst fault is the whole answer.
    throw findingError(shown.findings);
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
    await writeFaults(session, shown.findings);
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
