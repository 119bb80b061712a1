import { createInterface } from 'node:readline/promises';
import { refusedError } from '../base/errors.ts';
import { shellWord } from '../base/shell-word.ts';
import type { Session } from './session.ts';

/**
 * Asks before something is thrown away: on a terminal the person at it, elsewhere only --yes is an answer. Throws
 * E_UNCONFIRMED (7) with the command to type.
 */
export async function confirm(session: Session, what: string): Promise<void> {
  session.settle();
  if (!session.json && process.stdin.isTTY === true && session.err.isTerminal) {
    await session.out.flush();
    const dialog = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await dialog.question(`${what} [y/N] `);
      if (/^y(es)?$/i.test(answer.trim())) return;
    } finally {
      dialog.close();
    }
    throw refusedError('E_UNCONFIRMED', 'nothing was changed');
  }
  // Options stay as they are: quoted they mean the same and read badly.
  const typed = process.argv.slice(2).map((word) => (/^--?[\w-]+$/.test(word) ? word : shellWord(word)));
  throw refusedError('E_UNCONFIRMED', `${what.replace(/\?$/, '')}: that needs --yes; nothing was changed`, {
    next: ['walq', ...typed, '--yes'].join(' '),
  });
}
