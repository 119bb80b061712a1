import { fileURLToPath } from 'node:url';
import { assert, type ExitCode, usageError } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { gatherReport } from '../commands/report/gather.ts';
import type { ReportData } from '../commands/report/types.ts';
import { exitOfVerdict } from '../commands/verdict.ts';
import { readSmall } from '../fs/read.ts';
import { verdictClauses, verdictText } from './findings.ts';
import { type PageParts, pageHtml } from './report/html.ts';
import { packPage } from './report/pack.ts';
import { sampleText } from './report/sample-text.ts';
import { refuseTarget, writePage } from './report/write.ts';
import type { Session } from './session.ts';
import { bytes, counted } from './text.ts';

interface ReportFlags {
  output: string;
  force?: boolean;
  withPayloads?: boolean;
}

const partBytesMax = 4 * 1024 * 1024;

/** The exit code is that of doctor: the page tells what is wrong, and so does this. */
export async function report(session: Session, args: readonly string[], flags: ReportFlags): Promise<ExitCode> {
  const { context, out, err } = session;
  const { output, force = false, withPayloads = false } = flags;
  const toStdout = output === '-';
  if (toStdout && session.json)
    throw usageError('E_USAGE', '--json and -o - both want standard output: give -o a file');
  if (toStdout && out.isTerminal)
    throw usageError('E_USAGE', '-o - writes a page of HTML, which a terminal cannot show', {
      next: 'walq report -o report.html',
    });
  if (!toStdout) await refuseTarget(session, output, force);
  const parts = await pageParts(session);
  const data = await gatherReport(context, args, { withPayloads });
  const pieces = pageHtml(data, packPage(data), parts);
  const exit = exitOfVerdict(data.diagnosis.verdict);
  if (toStdout) {
    for (const piece of pieces) await out.bytes(Buffer.from(piece));
    session.settle();
    if (exit !== 0) await writeVerdict(session, data, err);
    return exit;
  }
  const page = Buffer.from([...pieces].join(''));
  await writePage(session, output, page, force);
  session.settle();
  const { verdict, findings, log, store } = data.diagnosis;
  if (session.json) {
    const { sample } = data;
    const { lost, lostUnknown } = log;
    await session.document({
      store,
      file: output,
      bytes: page.length,
      withPayloads,
      sample,
      verdict,
      findings,
      lost,
      lostUnknown,
      exit,
    });
    return exit;
  }
  const { sample } = data;
  await out.line(
    `${escapeText(output)}: ${bytes(page.length)}, ${counted(sample.eventsOf, 'event')} of ${escapeText(store)}`,
  );
  for (const text of sampleText(sample)) await out.line(text);
  await writeVerdict(session, data, out);
  return exit;
}

async function writeVerdict(session: Session, { diagnosis }: ReportData, to: Session['out']): Promise<void> {
  const { verdict, log } = diagnosis;
  const style = to === session.out ? session.style : session.errStyle;
  await to.write(verdictText(verdict, verdictClauses(verdict, log), style));
}

/** Script and style sheet lie beside this file, in what the build makes. */
async function pageParts({ context }: Session): Promise<PageParts> {
  const read = async (name: string): Promise<string> => {
    const path = fileURLToPath(new URL(`./report/page/${name}`, import.meta.url));
    const found = await readSmall(context.env.fs, path, partBytesMax);
    assert(found !== undefined, `${path} is a part of walq`);
    return Buffer.from(found).toString();
  };
  return { script: await read('page.js'), css: await read('page.css') };
}
