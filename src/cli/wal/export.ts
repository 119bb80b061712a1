import { Exit, type ExitCode, usageError, type WalqError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { shellPath } from '../../base/shell-word.ts';
import { type ExportResult, type ExportSink, exportLog } from '../../commands/export.ts';
import { ForeignLines } from '../../commands/export-foreign.ts';
import { ExportText } from '../../commands/export-text.ts';
import { stringify } from '../../commands/json-text.ts';
import { OutFile } from '../../commands/out-file.ts';
import { shownPath, splitPositionals } from '../../commands/target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { failureDocument, InDocument, toFailure } from '../failure.ts';
import { verdictText, writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';
import { bytes, counted } from '../text.ts';
import { ExportCsv } from './export-csv.ts';

export type ExportFormat = 'ndjson' | 'csv' | 'document' | 'raft-recovery';

export interface ExportFlags {
  output: ExportFormat;
  to?: string;
}

/** Writes a log as text to standard output or a file. The rest of what there is to say goes to the other one. */
export async function exportWal(session: Session, args: readonly string[], flags: ExportFlags): Promise<ExitCode> {
  const { context, json, out } = session;
  const { path, range } = await splitPositionals(context, args);
  const { output: form, to } = flags;
  if (json && to === undefined && form !== 'ndjson') {
    throw usageError('E_USAGE', `--json wraps ndjson; with -o ${form} it needs a file for the export: --to FILE`);
  }
  const file = to === undefined ? undefined : await OutFile.create(context, to, '--to');
  const lines = new LinesOut(session, file);
  const sink = sinkFor(form, (line) => lines.put(line));
  let result: ExportResult;
  try {
    result = await exportLog(context, { path, range }, sink);
    await file?.finish();
  } catch (error) {
    await file?.discard();
    return await failed(session, error, lines);
  }
  session.settle();
  const exit = exitOfVerdict(result.verdict);
  const facts = factsOf(result, sink, form, file === undefined ? {} : { file: to, bytes: file.bytes });
  await lines.end({ ...facts, exit });
  if (json && to !== undefined) await session.document({ ...facts, exit });
  else if (to !== undefined) await writeSummary(session, result, sink, to, file?.bytes ?? 0);
  await out.flush();
  await explain(session, result, sink, form);
  return exit;
}

function sinkFor(form: ExportFormat, put: (line: string) => Promise<void> | undefined): ExportSink {
  switch (form) {
    case 'ndjson':
      return new ExportText(put);
    case 'csv':
      return new ExportCsv(put);
    case 'document':
    case 'raft-recovery':
      return new ForeignLines(form, put);
  }
}

/** Where the lines go: a file, standard output, or with `--json` a document around them. */
class LinesOut {
  begun = false;
  readonly #session: Session;
  readonly #file: OutFile | undefined;

  constructor(session: Session, file: OutFile | undefined) {
    this.#session = session;
    this.#file = file;
  }

  put(line: string): Promise<void> | undefined {
    if (this.#file !== undefined) return this.#file.put(`${line}\n`);
    const { out, json, kind } = this.#session;
    if (!json) return out.write(`${line}\n`);
    const before = this.begun ? ',' : `{"walq":1,"kind":${JSON.stringify(kind)},"lines":[`;
    this.begun = true;
    return out.write(`${before}\n${line}`);
  }

  /** Ends the document, if one was begun. */
  async end(members: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.begun) await this.#session.out.write(`\n],${stringify(members).slice(1)}\n`);
  }
}

/** Half a document is none: it is ended with the error inside. */
async function failed(session: Session, error: unknown, lines: LinesOut): Promise<never> {
  const failure: WalqError | undefined = toFailure(error);
  if (failure === undefined || !lines.begun) throw error;
  await lines.end({ error: failureDocument(failure, session) });
  throw new InDocument(failure);
}

function factsOf(
  result: ExportResult,
  sink: ExportSink,
  form: ExportFormat,
  written: { file?: string | undefined; bytes?: number },
): Record<string, unknown> {
  const { target, storeId, seqFirst, seqLast, base, events, lost, stateHash, stateUnknown, verdict, findings } = result;
  return {
    ...written,
    format: form,
    target,
    storeId,
    seqFirst,
    seqLast,
    base,
    events,
    lost,
    leftOut: sink instanceof ForeignLines ? sink.leftOut : undefined,
    stateHash,
    stateUnknown,
    sha256: sink instanceof ExportText ? sink.sha256 : undefined,
    verdict,
    findings,
  };
}

async function writeSummary(
  session: Session,
  result: ExportResult,
  sink: ExportSink,
  to: string,
  size: number,
): Promise<void> {
  const { out, style } = session;
  const { target, seqFirst, seqLast, events, lost, base, stateHash } = result;
  const gone = lost === 0 ? '' : `, ${counted(lost, 'event')} lost`;
  const seqs = seqLast < seqFirst ? `, the next is seq ${seqFirst}` : ` (seq ${seqFirst}..${seqLast}${gone})`;
  await out.line(escapeText(`${shownPath(target.path)}: ${counted(events, 'event')}${seqs}, ${bytes(size)} in ${to}`));
  if (!(sink instanceof ExportText)) return;
  if (base !== undefined)
    await out.line(`base: the state at seq ${base.seq}, ${counted(base.entries, 'entry', 'entries')}`);
  await out.line(`state ${stateHash?.slice(0, 12) ?? 'unknown'}, sha256 ${sink.sha256.slice(0, 12)}`);
  const next = `walq wal import --from ${shellPath(to)} --store NEWSTORE`;
  await out.line(`${style.dim('next:')} ${style.command(next)}`);
}

/** What a reader of the lines must know and cannot see in them. */
async function explain(session: Session, result: ExportResult, sink: ExportSink, form: ExportFormat): Promise<void> {
  const { context, err, errStyle } = session;
  const { stateUnknown, verdict, findings } = result;
  if (stateUnknown !== undefined) {
    const { seq, why } = stateUnknown;
    context.note(`event ${seq} does not apply, so the state at the end is unknown: ${escapeText(why)}`);
  }
  if (sink instanceof ForeignLines) {
    const others = counted(sink.leftOut, 'event');
    if (sink.leftOut > 0)
      context.note(`${others} of types that ${form} does not know left out; the lines are renumbered`);
    if (sink.renamed.size > 0) {
      context.note(`${counted(sink.renamed.size, 'job')} under another id: a space would end theirs`);
    }
  }
  if (exitOfVerdict(verdict) === Exit.ok) return;
  await writeFaults(session, findings);
  await err.write(verdictText(verdict, ['what was exported is whole'], errStyle));
}
