import { count, type FindingList } from './findings.ts';

/** What many lines have in common is one note: how often, and where first. */
export class Habits {
  readonly #seen = new Map<Habit, { times: number; offset: number }>();

  see(habit: Habit, offset: number): void {
    const seen = this.#seen.get(habit);
    if (seen === undefined) this.#seen.set(habit, { times: 1, offset });
    else seen.times++;
  }

  report(findings: FindingList): void {
    for (const [code, { times, offset }] of this.#seen) {
      findings.add({ code, severity: 'note', offset, message: messages[code](times) });
    }
  }
}

type Habit = 'E_LOG_CRLF' | 'E_LOG_BLANK' | 'E_LOG_OPEN_END' | 'E_LOG_FORM';

const messages: Record<Habit, (times: number) => string> = {
  E_LOG_CRLF: (times) => `${count(times, 'line')} ending in CRLF: the file went through a text conversion`,
  E_LOG_BLANK: (times) => count(times, 'empty line'),
  E_LOG_OPEN_END: () => 'the last record has no line end: its text may have been longer',
  E_LOG_FORM: (times) =>
    `${count(times, 'record')} not in the form the system writes (order, case or number of fields), sound by checksum`,
};
