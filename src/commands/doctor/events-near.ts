import type { Finding } from '../../base/finding.ts';
import { walFolder } from '../../storage/folder.ts';
import { scanStore } from '../../storage/read.ts';
import type { StorageEnv } from '../../storage/types.ts';
import { type EventRow, rowJson, rowOfRecord } from '../event-row.ts';

/** Events before and after a fault. */
const eventsAround = 10;
const linesMax = 2000;
/** What a token of a lease opens, whoever has it. */
const secretMembers = new Set(['payload', 'result', 'error', 'command', 'undecoded', 'lease', 'key']);
/** Why a job ended or is tried again, in the words of the queue. Others are somebody's own, and so is why one pauses. */
const ownReasons = new Set([
  ...['asked', 'attempts', 'cancelled', 'crash', 'crashes', 'expired', 'failed', 'lease', 'parent', 'permanent'],
  ...['redrive', 'resources', 'stopped', 'timeout'],
]);

/**
 * The last events before each fault of the log and the first after it, as far as they can be read: lines of JSON.
 * Without payloads they lack what jobs put into them. Rejects with E_READ.
 */
export async function eventsNear(
  env: StorageEnv,
  store: string,
  faults: readonly Finding[],
  withPayloads: boolean,
): Promise<string[]> {
  const near = new Near(faults, (row) => `${rowJson(withPayloads ? row : withoutSecrets(row))}\n`);
  if (!near.done) {
    await scanStore(env, store, {
      record(record) {
        near.take(rowOfRecord(record));
        return !near.done;
      },
    });
  }
  return near.finish();
}

function withoutSecrets(row: EventRow): EventRow {
  const isSecret = ([name, value]: readonly [string, unknown]): boolean =>
    secretMembers.has(name) || (name === 'reason' && !ownReasons.has(String(value)));
  return { ...row, details: () => row.details().filter((member) => !isSecret(member)) };
}

class Near {
  readonly #lineOf: (row: EventRow) => string;
  /** Faults that no event has passed yet, in the order of the log. */
  #ahead: { file: string; offset: number }[];
  readonly #recent: EventRow[] = [];
  readonly #lines: string[] = [];
  #after = 0;

  constructor(faults: readonly Finding[], lineOf: (row: EventRow) => string) {
    this.#lineOf = lineOf;
    this.#ahead = faults.flatMap(({ file, offset }) =>
      file.startsWith(`${walFolder}/`) ? { file, offset: offset ?? 0 } : [],
    );
  }

  /** No event that is still to come can be near a fault. */
  get done(): boolean {
    return (this.#ahead.length === 0 && this.#after === 0) || this.#lines.length >= linesMax;
  }

  take(row: EventRow): void {
    const ahead = this.#ahead.filter(
      ({ file, offset }) => file > row.file || (file === row.file && offset > row.offset),
    );
    if (ahead.length < this.#ahead.length) {
      this.#ahead = ahead;
      this.#flush();
      this.#after = eventsAround;
    }
    if (this.#after > 0) {
      this.#after--;
      this.#lines.push(this.#lineOf(row));
    } else if (this.#recent.push(row) > eventsAround) this.#recent.shift();
  }

  /** Of faults at the end of the log there is only what came before them. */
  finish(): string[] {
    if (this.#ahead.length > 0) this.#flush();
    return this.#lines;
  }

  #flush(): void {
    this.#lines.push(...this.#recent.splice(0).map(this.#lineOf));
  }
}
