import { escapeText } from '../../base/escape.ts';
import type { JobChange } from '../../commands/diff/compare.ts';
import type { Difference } from '../../commands/diff/diff.ts';
import { fieldsOf } from '../../commands/diff/job-fields.ts';
import { originalId } from '../../commands/diff/members.ts';
import type { Session } from '../session.ts';
import { type Column, renderTable } from '../table.ts';
import { jobLine } from './lines.ts';
import { labelOf, valueText } from './values.ts';

const columns: readonly Column[] = [
  { title: ' ' },
  { title: 'FIELD' },
  { title: 'BEFORE', flexible: true },
  { title: 'AFTER', flexible: true },
];

/** One job field by field: what differs is marked, what is the same stands there too. */
export function fullText(change: JobChange, difference: Difference, session: Session): string {
  const { before, after, fields } = change;
  const { style, width } = session;
  const { sign, state } = jobLine(change, difference);
  const head = `${sign} ${style.strong(escapeText(originalId(difference, change.id)))}  ${state}\n`;
  const [was, is] = [before && fieldsOf(before), after && fieldsOf(after)];
  const changed = new Set(fields.map(({ name }) => name));
  const isReplaced = change.kinds.includes('replaced');
  const rows = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].map((name) => {
    const mark = changed.has(name) || isReplaced ? '*' : '';
    return [mark, labelOf(name), cell(name, before, was?.get(name)), cell(name, after, is?.get(name))];
  });
  return head + renderTable(columns, rows, { width, style });
}

/** A side without the job has nothing to say, not even 'none'. */
function cell(name: string, job: unknown, value: unknown): string {
  return job === undefined || value === undefined ? '-' : valueText(name, value);
}
