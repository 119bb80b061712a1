import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { listStoreSnapshots } from '../../commands/snapshots.ts';
import { openStoreTarget } from '../../commands/store-target.ts';
import { findingLine } from '../findings.ts';
import type { Session } from '../session.ts';
import { countCell, renderTable } from '../table.ts';
import { isoTime } from '../text.ts';

/** What everybody needs, and what a terminal must be wider for. */
const wideFrom = 120;
const columns = [
  { title: 'SEQ', align: 'right' as const },
  { title: 'CREATED' },
  { title: 'BYTES', align: 'right' as const },
  { title: 'ENTRIES', align: 'right' as const },
  { title: 'STATUS' },
  { title: 'FILE', flexible: true, cutInside: true },
];
const wideColumns = [...columns, { title: 'KIND' }, { title: 'STATE' }];

/** Every snapshot is read and checked: a list that calls a damaged one fine would be worse than none. */
export async function list(session: Session, args: readonly string[]): Promise<ExitCode> {
  const listing = await listStoreSnapshots(session.context, await openStoreTarget(session.context, args));
  session.settle();
  const faults = listing.snapshots.flatMap((check) => check.findings);
  const exit = faults.some((finding) => finding.severity !== 'note') ? Exit.damage : Exit.ok;
  if (session.json) {
    await session.document({ ...listing, exit });
    return exit;
  }
  const rows = listing.snapshots.map(({ seq, file, bytes, summary }) => [
    String(seq),
    summary === undefined ? '-' : isoTime(summary.createdMs),
    countCell(bytes, session),
    countCell(summary?.entries, session),
    summary === undefined ? 'BAD' : 'OK',
    escapeText(file),
    summary?.kind ?? '-',
    summary === undefined ? '-' : summary.stateHash.slice(0, 12),
  ]);
  const { width, style } = session;
  const shown = width !== undefined && width < wideFrom ? columns : wideColumns;
  const cells = rows.map((row) => row.slice(0, shown.length));
  await session.out.write(renderTable(shown, cells, { width, style }));
  await session.out.flush();
  if (rows.length === 0) session.context.note(`${listing.store} holds no snapshot`);
  for (const finding of faults) await session.err.line(findingLine(finding, session.errStyle, session.errWidth));
  return exit;
}
