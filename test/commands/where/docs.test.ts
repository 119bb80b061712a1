import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCheck } from '../../../src/commands/queue/checks.ts';
import { compileWhere } from '../../../src/commands/where/compile.ts';
import { eventFields, foreignFields } from '../../../src/commands/where/event-fields.ts';
import type { Field, FieldTable } from '../../../src/commands/where/fields.ts';
import { jobFields, storedJobFields } from '../../../src/commands/where/job-fields.ts';
import { statusFields, totalFields } from '../../../src/commands/where/total-fields.ts';
import { blocksOf, root } from '../../support/doc-examples.ts';

/**
 * The page about expressions is held against the code. With README=update in the environment the tables of fields are
 * written into it; look at the difference before you commit it.
 */

const path = join(root, 'docs', 'expressions.md');
const page = readFileSync(path, 'utf8');

/** Fields of `table` that `without` has not. */
function rowsOf(table: FieldTable<never>, without: FieldTable<never> = {}): string[][] {
  return Object.entries(table)
    .filter(([name]) => !Object.hasOwn(without, name))
    .map(([name, field]) => rowOf(name, field));
}

function rowOf(name: string, { kind, about, words = [], also = [] }: Field<never>): string[] {
  const others = [...new Set(also)].filter((other) => other !== name).map((other) => `\`${other}\``);
  const known = words.length > 0 ? `: ${words.map((word) => `\`${word}\``).join(' ')}` : '';
  return [`\`${name}\``, kind, about + known, others.join(' ')];
}

function tableOf(rows: readonly string[][]): string {
  const all = [['field', 'kind', 'what it is', 'also called'], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...all.map((row) => [...(row[at] ?? '')].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - [...cell].length)).join(' | ')} |`;
  const [head = [], ...body] = all;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join('\n');
}

const tables: Readonly<Record<string, string[][]>> = {
  events: rowsOf(eventFields),
  jobs: rowsOf(storedJobFields),
  'jobs now': rowsOf(jobFields, storedJobFields),
  totals: rowsOf(totalFields),
  'totals now': rowsOf(statusFields, totalFields),
};

test('the tables of the page have each field there is, and say what the code says', () => {
  let text = page;
  for (const [name, rows] of Object.entries(tables)) {
    const begin = `<!-- fields: ${name} -->\n\n`;
    const from = text.indexOf(begin) + begin.length;
    expect(from, name).toBeGreaterThan(begin.length);
    const to = text.indexOf('\n\n', from);
    const table = tableOf(rows);
    if (process.env.README === 'update') text = text.slice(0, from) + table + text.slice(to);
    else expect(text.slice(from, to)).toBe(table);
  }
  if (text !== page) writeFileSync(path, text);
});

test('the page names the fields of other logs', () => {
  const named = /^Of logs of other systems: (.*)\.$/m.exec(page)?.[1] ?? '';
  expect(named.split(', ')).toEqual(Object.keys(foreignFields).map((name) => `\`${name}\``));
});

describe('every example of the page', () => {
  const lines = blocksOf(page, 'sh').join('\n').split('\n');
  const examples = lines.flatMap((line) => {
    const command = /^walq (.*?) --(?:where|check)/.exec(line)?.[1] ?? '';
    const given = line.matchAll(/ (--where|--check) '([^']*)'/g);
    return [...given].map(([, flag = '', text = '']) => ({ command, flag, text }));
  });

  test('is one', () => {
    expect(examples.length).toBeGreaterThan(15);
    expect(lines.join('\n').match(/--(where|check)/g)).toHaveLength(examples.length);
  });

  test.each(examples)('is understood: $command $flag $text', ({ command, flag, text }) => {
    const source = { flag, text };
    if (flag === '--check') return void parseCheck(text, 0);
    if (/^(wal inspect|queue events)/.test(command)) {
      const table = command.includes('raft') ? foreignFields : eventFields;
      return void compileWhere(table, source, 0);
    }
    if (/^wal bisect/.test(command)) {
      return void (command.includes('--job')
        ? compileWhere(storedJobFields, source, 0)
        : compileWhere(totalFields, source, 0));
    }
    if (command.startsWith('queue wait')) return void compileWhere(storedJobFields, source, 0);
    expect(command).toMatch(/^queue (list|export|dead list)/);
    compileWhere(jobFields, source, 0);
  });

  const tests = blocksOf(page, 'text').flatMap((block) =>
    block.split('\n').flatMap((line) => /^ {4}(\S.*?)(?: {2,}.*)?$/.exec(line)?.[1] ?? []),
  );

  test.each(tests)('is understood, among the forms: %s', (text) => {
    compileWhere(jobFields, { flag: '--where', text }, 0);
  });

  test('of the forms are there', () => {
    expect(tests.length).toBeGreaterThan(10);
  });
});
