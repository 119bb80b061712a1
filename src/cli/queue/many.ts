import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { onEach } from '../../commands/queue/each.ts';
import { inPlace } from '../../commands/queue/in-place.ts';
import { storeOfQueue } from '../../commands/store-path.ts';
import { worstExit } from '../../commands/verdict.ts';
import { onQueue } from '../../commands/writer.ts';
import type { Answer, OperationName, Request } from '../../queue/run/operations.ts';
import type { QueueOps } from '../../queue/run/queue-ops.ts';
import { failureDocument } from '../failure.ts';
import type { Session } from '../session.ts';
import { Failures } from './failures.ts';

export interface WriterFlags {
  lockTimeout: number;
}

/** For `onQueue`: `walq queue cancel`, from the kind of document. */
function writerOf(session: Session, flags: WriterFlags) {
  return {
    lockTimeoutMs: flags.lockTimeout,
    pid: process.pid,
    command: `walq ${session.kind.replaceAll('.', ' ')}`,
  };
}

/** One request, through a runner or under the lock. Rejects as `onQueue` does. */
export async function ask<K extends OperationName>(
  session: Session,
  flags: WriterFlags,
  op: K,
  request: Request<K>,
): Promise<Answer<K>> {
  const store = await storeOfQueue(session.context);
  const answer = await onQueue(session.context, store, writerOf(session, flags), (ops) => ops.call(op, request));
  session.settle();
  return answer;
}

/**
 * The same for each id or token: a line for each on stdout, `ID cancelled`, or an error on stderr. The worst counts.
 * With --json one document: `results`, each with `id` and the answer or an error.
 */
export async function forEach<T extends object>(
  session: Session,
  words: readonly string[],
  flags: WriterFlags,
  options: {
    use: (ops: QueueOps, word: string) => Promise<T>;
    /** What follows the id on its line. */
    say: (answer: T) => string;
    /** What the line begins with, if it is not the word. */
    idOf?: (answer: T, word: string) => string;
  },
): Promise<ExitCode> {
  const results: Record<string, unknown>[] = [];
  const exits: ExitCode[] = [];
  const failures = new Failures(session);
  const idOf = options.idOf ?? ((_, word) => word);
  await onEach(session.context, writerOf(session, flags), words, options.use, async (each) => {
    if ('answer' in each) {
      const { word, answer } = each;
      exits.push(Exit.ok);
      if (session.json) results.push({ id: word, ...answer });
      else await session.out.line(`${escapeText(idOf(answer, word))} ${options.say(answer)}`);
      return;
    }
    const { word, error } = each;
    exits.push(error.exit);
    if (session.json) results.push({ id: word, error: failureDocument(error, session) });
    else {
      await session.out.flush();
      // A token says nothing to most errors: which of several was it?
      const isNamed = words.length === 1 || error.message.includes(word);
      await session.err.write(failures.text(isNamed ? error : inPlace(error, word)));
    }
  });
  session.settle();
  const exit = worstExit(exits);
  if (session.json) await session.document({ results, exit });
  return exit;
}

/** Ids, or --all: one of the two. */
export function idsOrAll(ids: readonly string[], all: boolean, help: string): 'ids' | 'all' {
  if (all && ids.length > 0) throw usageError('E_USAGE', '--all and ids exclude each other');
  if (all) return 'all';
  if (ids.length > 0) return 'ids';
  throw usageError('E_USAGE', 'which ones? give ids, or --all', { next: help });
}
