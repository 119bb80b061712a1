import { Exit } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import type { Scene } from '../../commands/explain/scene.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { verdictText, writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';

/** On stderr: what is wrong with the files that an answer was read from, and with the runner that was asked. */
export async function explainLook(
  session: Session,
  { runner, ...files }: Pick<Scene, 'verdict' | 'findings' | 'runner' | 'seq' | 'whole'>,
): Promise<void> {
  if (runner.error !== undefined)
    session.context.note(`the runner cannot be asked what it does: ${escapeText(runner.error.message)}`);
  await explainFiles(session, files);
}

/** The same where no runner has a say. */
export async function explainFiles(
  session: Session,
  { verdict, findings, seq, whole }: Pick<Scene, 'verdict' | 'findings' | 'seq' | 'whole'>,
): Promise<void> {
  if (exitOfVerdict(verdict) === Exit.ok) return;
  await session.out.flush();
  await writeFaults(session, findings);
  await session.err.write(verdictText(verdict, [meaningOf()], session.errStyle));

  function meaningOf(): string {
    if (verdict === 'torn' || verdict === 'degraded') return 'the answer is whole';
    if (whole === true) return 'the answer is whole: the damage lies in a part of the store that it does not need';
    return `this is the queue up to seq ${seq}; what lies behind is not in it`;
  }
}
