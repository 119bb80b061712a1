import { Exit, WalqError } from '../../base/errors.ts';
import type { QueueOps } from '../../queue/run/queue-ops.ts';
import type { CommandContext } from '../context.ts';
import { storeOfQueue } from '../store-path.ts';
import { onQueue, type WriterOptions } from '../writer.ts';

/** What became of one of several things asked for. */
export type EachAnswer<T> = { word: string; answer: T } | { word: string; error: WalqError };

/** Requests under way at a time: they share syncs. */
const windowSize = 32;

/**
 * Asks the same for each word (an id, a token). What is refused for one does not keep the others from it; a failure of
 * the log or of the way to it does, and is the last answer. `done` hears of each in the order given. Throws what
 * `onQueue` throws.
 */
export async function onEach<T>(
  context: CommandContext,
  writer: WriterOptions & { command: string },
  words: readonly string[],
  use: (ops: QueueOps, word: string) => Promise<T>,
  done: (answer: EachAnswer<T>) => Promise<void>,
): Promise<void> {
  await onQueue(context, await storeOfQueue(context), writer, async (ops) => {
    const underWay: Promise<EachAnswer<T>>[] = [];
    let next = 0;
    const fill = (): void => {
      for (; next < words.length && underWay.length < windowSize; next++) {
        underWay.push(answerFor(words[next] ?? '', (word) => use(ops, word)));
      }
    };
    fill();
    let failed = false;
    for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) {
      const answer = await first;
      const fatal = 'error' in answer && answer.error.exit > Exit.usage;
      if (!failed || !fatal) await done(answer);
      failed ||= fatal;
      if (!failed) fill();
    }
  });
}

async function answerFor<T>(word: string, use: (word: string) => Promise<T>): Promise<EachAnswer<T>> {
  try {
    return { word, answer: await use(word) };
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    return { word, error };
  }
}
