import { WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import type { RecordView } from './types.ts';

const findingsMax = 1000;

/**
 * Replay over events that a salvage could not read. What comes after them may need them: a record that does not apply
 * is skipped and listed, there and nowhere else. The state is then what the events that are left make of it.
 */
export class LostGaps {
  /** Lost events lie before the record at hand, and no snapshot took their place. */
  behind = false;
  readonly #findings: Finding[] = [];
  #more = 0;

  skips(cause: unknown, { seq, file, offset }: Pick<RecordView, 'seq' | 'file' | 'offset'>): boolean {
    if (!this.behind || !(cause instanceof WalqError) || cause.code !== 'E_APPLY') return false;
    const message = `event does not apply after the events lost before it, and is skipped: ${cause.message}`;
    const finding: Finding = { code: 'E_SKIPPED', severity: 'note', file, offset, seqFirst: seq, message };
    if (this.#findings.length < findingsMax) this.#findings.push(finding);
    else this.#more++;
    return true;
  }

  findings(): Finding[] {
    if (this.#more === 0) return this.#findings;
    const message = `${this.#more} more events do not apply and are skipped`;
    return [...this.#findings, { code: 'E_SKIPPED', severity: 'note', file: 'wal', message }];
  }
}
