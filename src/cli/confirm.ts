import { createInterface } from 'node:readline';
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
    if (/^y(es)?$/i.test(await answerTo(`${what} [y/N] `))) return;
    throw refusedError('E_UNCONFIRMED', 'nothing was changed');
  }
  // Options stay as they are: quoted they mean the same and read badly.
  const typed = process.argv.slice(2).map((word) => (/^--?[\w-]+$/.test(word) ? word : shellWord(word)));
  throw refusedError('E_UNCONFIRMED', `${what.replace(/\?$/, '')}: that needs --yes; nothing was changed`, {
    next: ['walq', ...typed, '--yes'].join(' '),
  });
}

/** What is typed on the terminal; the end of the input is an empty answer. */
function answerTo(question: string): Promise<string> {
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    // While it asks, the terminal hands Ctrl-C over as a key: here it means what it means everywhere.
    dialog.on('SIGINT', () => {
      process.stderr.write('\n');
      dialog.removeAllListeners('close').close();
      process.emit('SIGINT');
    });
    dialog.on('close', () => {
      process.stderr.write('\n');
      resolve('');
    });
    dialog.question(question, (answer) => {
      dialog.removeAllListeners('close').close();
      resolve(answer.trim());
    });
  });
}
