import type { Command } from 'commander';
import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { nearest } from '../../base/nearest.ts';
import { kindsApart, leavesOf } from '../leaves.ts';
import type { Action, Session } from '../session.ts';
import { renderTable } from '../table.ts';
import type { Node } from './build.ts';
import { documentSchema, errorSchema, lineSchema } from './kind.ts';
import { kinds } from './kinds.ts';

export interface SchemaFlags {
  lines?: boolean;
}

/** `walq schema`, `walq schema wal.verify`, `walq schema queue.list --lines`. */
export function schemaFor(program: () => Command): Action<SchemaFlags> {
  return async (session, words, { lines }) => {
    const titles = leavesOf(program()).map((leaf) => ({ kind: leaf.kind, title: leaf.command.description() }));
    titles.push(...Object.entries(kindsApart).map(([kind, title]) => ({ kind, title })));
    if (words.length === 0) return await listKinds(session, titles, lines === true);
    const schema = schemaOf(titles, words.join(' '), lines === true);
    if (session.json) await session.document({ schema, exit: Exit.ok });
    else await session.out.line(JSON.stringify(schema, undefined, 2));
    return Exit.ok;
  };
}

interface Titled {
  kind: string;
  title: string;
}

async function listKinds(session: Session, titles: readonly Titled[], lines: boolean): Promise<ExitCode> {
  const rows = titles
    .map((each) => ({ ...each, lines: kinds[each.kind]?.lines !== undefined }))
    .filter((each) => each.lines || !lines);
  if (session.json) {
    await session.document({ kinds: rows, exit: Exit.ok });
    return Exit.ok;
  }
  const columns = [{ title: 'KIND' }, { title: 'LINES' }, { title: 'ANSWER OF', flexible: true }];
  const cells = rows.map((each) => [each.kind, each.lines ? 'yes' : '', each.title]);
  await session.out.write(renderTable(columns, cells, session));
  return Exit.ok;
}

/** The words of a command will do: `walq schema wal verify`. */
function schemaOf(titles: readonly Titled[], asked: string, lines: boolean): Node {
  const name = asked.trim().replaceAll(' ', '.');
  const found = titles.find(({ kind }) => kind === name);
  if (found === undefined) throw unknownKind(asked, titles);
  const { kind, title } = found;
  const known = kinds[kind];
  if (lines) {
    if (known?.lines !== undefined) return lineSchema(kind, known.lines, `a line of: ${title}`);
    throw usageError('E_USAGE', `${kind} has no lines: it answers with one document`, { next: `walq schema ${kind}` });
  }
  return known === undefined ? errorSchema(title) : documentSchema(kind, known, title);
}

function unknownKind(asked: string, titles: readonly Titled[]): Error {
  const near = nearest(
    asked,
    titles.map(({ kind }) => kind),
  );
  const hint = near.length === 0 ? '' : `; near ones: ${near.join(', ')}`;
  return usageError('E_UNKNOWN_KIND', `there is no kind of document '${excerpt(asked, 60)}'${hint}`, {
    data: { kind: asked, near },
    next: near[0] === undefined ? 'walq schema' : `walq schema ${near[0]}`,
  });
}
