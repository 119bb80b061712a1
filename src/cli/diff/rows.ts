import type { DiffTotals, JobChange } from '../../commands/diff/compare.ts';
import type { Difference } from '../../commands/diff/diff.ts';
import { changeMembers } from '../../commands/diff/members.ts';
import type { SettingChange } from '../../commands/diff/settings.ts';
import { stringify } from '../../commands/json-text.ts';
import { LongTable } from '../long-table.ts';
import type { Session } from '../session.ts';
import type { Style } from '../style.ts';
import type { Column } from '../table.ts';
import { cut } from '../text.ts';
import { fullText } from './full.ts';
import { type ChangeLine, jobLine, settingLine } from './lines.ts';
import { summaryLines } from './summary.ts';

/** Writes a difference in one form. What the methods return must be awaited. */
export interface ChangeWriter {
  begin(totals: DiffTotals): Promise<void> | undefined;
  setting(change: SettingChange): Promise<void> | undefined;
  job(change: JobChange): Promise<void> | undefined;
  /** Ends the document; `summary` goes into the machine-readable forms. */
  end(summary: Readonly<Record<string, unknown>>): Promise<void> | undefined;
}

export interface WriterOptions {
  output: 'text' | 'table' | 'json' | 'ndjson';
  /** Jobs asked for by name are shown whole. */
  job?: readonly string[];
}

export function changeWriter(session: Session, difference: Difference, options: WriterOptions): ChangeWriter {
  const { out } = session;
  const full = options.job !== undefined;
  const members = (change: JobChange): string => stringify(changeMembers(change, difference, full));
  const silent = (): undefined => undefined;
  switch (session.json ? 'json' : options.output) {
    case 'text':
      return textWriter(session, difference, full);
    case 'table':
      return full ? textWriter(session, difference, full) : tableWriter(session, difference);
    case 'ndjson':
      return {
        begin: silent,
        setting: silent,
        job: (change) => out.line(members(change)),
        end: (summary) => out.line(stringify({ walq: 1, kind: session.kind, summary })),
      };
    case 'json': {
      let jobs = 0;
      const open = `{"walq":1,"kind":${JSON.stringify(session.kind)},"jobs":[`;
      return {
        begin: () => out.write(open),
        setting: silent,
        job: (change) => out.write(`${jobs++ === 0 ? '' : ','}\n${members(change)}`),
        end: (summary) => out.write(`${jobs === 0 ? '' : '\n'}],${stringify(summary).slice(1)}\n`),
      };
    }
  }
}

function textWriter(session: Session, difference: Difference, full: boolean): ChangeWriter {
  const { out, style, width } = session;
  let lines = 0;
  const line = (change: ChangeLine): Promise<void> | undefined => {
    const { sign, what, state, details } = change;
    const text = [`${sign} ${what}`, state, details.join(', ')].filter((part) => part !== '').join('  ');
    const shown = colored(width === undefined ? text : cut(text, width), sign, style);
    return out.line(lines++ === 0 ? `\n${shown}` : shown);
  };
  return {
    begin: (totals) => out.line(summaryLines(difference, totals, session).join('\n')),
    setting: (change) => line(settingLine(change)),
    job: (change) =>
      full ? out.write(`\n${fullText(change, difference, session)}`) : line(jobLine(change, difference)),
    end: () => undefined,
  };
}

/** Cut before, so that colours cannot be cut. */
function colored(text: string, sign: ChangeLine['sign'], style: Style): string {
  const paint = sign === '+' ? style.good : sign === '-' ? style.bad : sign === '~' ? style.warn : style.dim;
  return paint(sign) + text.slice(1);
}

const columns: readonly Column[] = [
  { title: ' ' },
  { title: 'JOB', flexible: true, cutInside: true },
  { title: 'STATUS' },
  { title: 'CHANGES', flexible: true },
];

function tableWriter(session: Session, difference: Difference): ChangeWriter {
  const table = new LongTable(session, columns, { headAlone: false });
  const put = ({ sign, what, state, details }: ChangeLine): Promise<void> | undefined =>
    table.row([sign, what, state, details.join(', ')]);
  return {
    begin: (totals) => session.out.line(`${summaryLines(difference, totals, session).join('\n')}\n`),
    setting: (change) => put(settingLine(change)),
    job: (change) => put(jobLine(change, difference)),
    end: () => table.end(),
  };
}
