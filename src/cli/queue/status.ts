import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { type CheckResult, parseCheck } from '../../commands/queue/checks.ts';
import { type QueueStatusResult, queueStatus } from '../../commands/queue/status.ts';
import { statusMembers } from '../../commands/queue/status-members.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { writeFaults } from '../findings.ts';
import { labelledLine } from '../labelled.ts';
import { seenText } from '../seen-text.ts';
import type { Session } from '../session.ts';
import { settingLines } from './settings-text.ts';
import { statusLines } from './status-text.ts';

export interface StatusFlags {
  output: 'text' | 'json';
  check?: string[];
}

export async function status(session: Session, _args: readonly string[], flags: StatusFlags): Promise<ExitCode> {
  const now = session.context.env.clock.now();
  const checks = (flags.check ?? []).map((text) => parseCheck(text, now));
  const result = await queueStatus(session.context, checks);
  session.settle();
  const failed = (result.checks ?? []).filter((check) => !check.ok);
  const sound = exitOfVerdict(result.verdict);
  const exit = sound === Exit.ok && failed.length > 0 ? Exit.failed : sound;
  if (session.json || flags.output === 'json') await session.document({ ...statusMembers(result), exit });
  else await writeStatus(session, result);
  await session.out.flush();
  if (sound !== Exit.ok) await writeFaults(session, result.findings);
  for (const check of failed) await session.err.line(failureText(session, check));
  return exit;
}

const labelColumns = 11;

async function writeStatus(session: Session, result: QueueStatusResult): Promise<void> {
  const { out, style } = session;
  const now = session.context.env.clock.now();
  const lines = [...statusLines(result, style, now), ...settingLines(result.settings, now)];
  for (const [label, text] of lines) await out.line(labelledLine(label, text, labelColumns, session));
}

/** `check failed: dead = 0 and ready < 5: dead is 1, ready is 2 [E_CHECK]`. */
function failureText({ errStyle }: Session, { check, found }: CheckResult): string {
  return `${errStyle.bad('check failed:')} ${escapeText(check)}: ${seenText(found)} ${errStyle.dim('[E_CHECK]')}`;
}
