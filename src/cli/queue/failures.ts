import type { WalqError } from '../../base/errors.ts';
import { failureText } from '../failure.ts';
import type { Session } from '../session.ts';

/** Many failures of one command, for stderr: the same advice is given once. */
export class Failures {
  readonly #session: Session;
  readonly #given = new Set<string>();

  constructor(session: Session) {
    this.#session = session;
  }

  text(error: WalqError, word?: string): string {
    const session = this.#session;
    const [what = '', next = ''] = failureText(error, session, session.errStyle, { word }).split(/(?<=\n)/);
    if (this.#given.has(next)) return what;
    this.#given.add(next);
    return what + next;
  }
}
