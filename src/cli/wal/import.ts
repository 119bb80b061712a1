import { type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { shellPath } from '../../base/shell-word.ts';
import { importLogs } from '../../commands/import.ts';
import type { ImportedFile, ImportResult } from '../../commands/import-types.ts';
import { exitOfVerdict, worstFirst } from '../../commands/verdict.ts';
import { verdictText, writeFaults } from '../findings.ts';
import type { CommonFlags, Session } from '../session.ts';
import { counted, cut } from '../text.ts';

export interface ImportFlags extends CommonFlags {
  from?: string[];
  snapshot?: string;
}

const listed = 10;

export async function importLog(session: Session, _args: readonly string[], flags: ImportFlags): Promise<ExitCode> {
  const { store } = flags;
  if (store === undefined) throw usageError('E_USAGE', 'an import makes a new store: name its folder with --store DIR');
  const { from = [], snapshot } = flags;
  const result = await importLogs(session.context, { from, store, ...(snapshot === undefined ? {} : { snapshot }) });
  session.settle();
  const exit = exitOfVerdict(result.verdict);
  if (session.json) await session.document({ ...result, exit });
  else await writeText(session, result);
  return exit;
}

async function writeText(session: Session, result: ImportResult): Promise<void> {
  const { out, err, errStyle, style } = session;
  const { base } = result;
  if (base !== undefined) {
    const seqs =
      result.baseSeq === 0 ? '' : result.baseSeq === 1 ? '; it takes seq 1' : `; they take seq 1..${result.baseSeq}`;
    await out.line(escapeText(`${base.file}: ${counted(base.jobs, 'job')} as the base${seqs}`));
  }
  for (const file of result.files) await out.line(escapeText(fileLine(file)));
  await out.line(`store ${escapeText(result.store)} (id ${result.storeId}): ${seqsOf(result)}`);
  if (result.export !== undefined) await out.line(stateLine(result));
  if (result.skipped > 0)
    await out.line(
      `${counted(result.skipped, 'event')} did not fit the state (doubled, out of order, or of a job no log holds) and changed nothing`,
    );
  if (result.renamed.length > 0) await out.line(renamedLine(result));
  if (result.withoutPayload.length > 0) await out.line(payloadLine(session, result.withoutPayload));
  await out.flush();
  if (result.verdict !== 'clean') {
    await writeFaults(session, worstFirst(result.findings));
    await err.write(verdictText(result.verdict, ['of the sources; what was sound in them is in the store'], errStyle));
  }
  await out.line(`${style.dim('next:')} ${style.command(`walq wal verify ${shellPath(result.store)}`)}`);
}

function seqsOf({ seqLast, export: made }: ImportResult): string {
  if (made === undefined) return `seq 1..${seqLast}`;
  const { seqFirst, lost } = made;
  if (seqLast < seqFirst) return `no events, the next is seq ${seqFirst}`;
  return `seq ${seqFirst}..${seqLast}${lost > 0 ? `, ${counted(lost, 'event')} lost` : ''}`;
}

function stateLine({ baseSeq, export: made }: ImportResult): string {
  const base = baseSeq > 0 ? `; the state at seq ${baseSeq} is its snapshot` : '';
  if (made?.stateHash === undefined) return `state unknown: there are events of a newer walq${base}`;
  return `state ${made.stateHash.slice(0, 12)}, as it was exported${base}`;
}

function renamedLine(result: ImportResult): string {
  const shown = result.renamed
    .slice(0, listed)
    .map(({ id }) => escapeText(id))
    .join(', ');
  const more = result.renamed.length > listed ? ', …' : '';
  const jobs = counted(result.renamed.length, 'job');
  return `${jobs} under a new id (their own is empty, too long or holds a NUL): ${shown}${more}`;
}

function fileLine(file: ImportedFile): string {
  const parts = [`${counted(file.events, 'event')} imported`];
  if (file.covered > 0) parts.push(`${counted(file.covered, 'event')} covered by the snapshot`);
  if (file.unknown > 0) parts.push(`${counted(file.unknown, 'event')} of unknown type left out`);
  if (file.damaged > 0) parts.push(`${counted(file.damaged, 'record')} damaged`);
  return `${file.file}: ${parts.join(', ')}`;
}

function payloadLine(session: Session, ids: readonly string[]): string {
  const shown = ids.slice(0, listed).map(escapeText).join(', ');
  const more = ids.length > listed ? `, … (--json lists all)` : '';
  const text = `${counted(ids.length, 'job')} without a payload, because the log never had one: ${shown}${more}`;
  return session.width === undefined ? text : cut(text, session.width * 3);
}
