import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { followLogs, type LogPiece, logsOf, readLogs, type TakePiece } from '../../commands/queue/logs.ts';
import type { LogFileInfo } from '../../queue/process/log-files.ts';
import type { Session } from '../session.ts';

export interface LogsFlags {
  follow?: boolean;
  attempt?: number;
  raw?: boolean;
}

export async function logs(session: Session, args: readonly string[], flags: LogsFlags): Promise<ExitCode> {
  const [id = ''] = args;
  const { context, out, err } = session;
  const request = { id, ...(flags.attempt !== undefined && { attempt: flags.attempt }) };
  if (flags.follow === true) {
    if (session.json) throw usageError('E_USAGE', '--follow has no end that a JSON document could wait for');
    session.settle();
    await followLogs(context, request, printer(session, flags, true));
    return Exit.ok;
  }
  const { store, files } = await logsOf(context, request);
  if (session.json) {
    await session.document({ store, id, files: await textsOf(session, files), exit: Exit.ok });
    return Exit.ok;
  }
  if (files.length === 0) await err.line(session.errStyle.dim(`${escapeText(id)} has printed nothing`));
  await readLogs(context, files, printer(session, flags, files.length > 1));
  await out.flush();
  return Exit.ok;
}

/**
 * Bytes as they are for a pipe and under --raw; for a terminal what could move its cursor or change its state is
 * escaped.
 */
function printer(session: Session, flags: LogsFlags, headed: boolean): TakePiece {
  const { out, style } = session;
  const texts = new Map<string, TerminalText>();
  let current: string | undefined;
  let lineOpen = false;
  return async ({ file, bytes }: LogPiece) => {
    if (headed && file.path !== current) {
      const gap = current === undefined ? '' : lineOpen ? '\n\n' : '\n';
      await out.write(`${gap}${style.dim(`==> attempt ${file.attempt}, seq ${file.dispatchSeq} <==`)}\n`);
    }
    current = file.path;
    lineOpen = bytes.at(-1) !== newline;
    if (!out.isTerminal || flags.raw === true) return await out.bytes(bytes);
    const text = texts.get(file.path) ?? new TerminalText();
    texts.set(file.path, text);
    await out.write(text.next(bytes));
    await out.flush();
  };
}

const newline = 0x0a;

/** What one file holds. A `\r` at the end of a piece waits for the next one: it may be the half of a line end. */
class TerminalText {
  readonly #decoder = new TextDecoder();
  #held = '';

  next(bytes: Uint8Array): string {
    const text = this.#held + this.#decoder.decode(bytes, { stream: true });
    this.#held = text.endsWith('\r') ? '\r' : '';
    return forTerminal(text.slice(0, text.length - this.#held.length));
  }
}

function forTerminal(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split(/([\n\t])/)
    .map((part) => (part === '\n' || part === '\t' ? part : escapeText(part)))
    .join('');
}

async function textsOf({ context }: Session, files: readonly LogFileInfo[]): Promise<Record<string, unknown>[]> {
  const documents: Record<string, unknown>[] = [];
  for (const file of files) {
    const decoder = new TextDecoder();
    let text = '';
    await readLogs(context, [file], async ({ bytes }) => {
      text += decoder.decode(bytes, { stream: true });
    });
    documents.push({ ...file, text: text + decoder.decode() });
  }
  return documents;
}
