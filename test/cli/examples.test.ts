import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { plainWords, protectSelectors } from '../../src/cli/arguments.ts';
import type { Parsed } from '../../src/cli/command.ts';
import { commandLines } from '../../src/cli/examples.ts';
import { buildProgram } from '../../src/cli/program.ts';

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

/** The words of a line as a shell would make them, up to a pipe or the like. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.split(/ (?:[|>]|&&) /);
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
}

async function kindOf(words: readonly string[]): Promise<string> {
  const parsed: Parsed = { kind: '' };
  await buildProgram(parsed, words).parseAsync(protectSelectors(words), { from: 'user' });
  return parsed.kind;
}

test.each([
  ['wal.verify', ['--', 'wal', 'verify', 'x']],
  ['wal.verify', ['--store', 'x', '--', 'wal', 'verify']],
  ['queue.list', ['--store', 'wal', 'queue', 'list']],
  ['snapshot.list', ['--color=never', '--json', 'snapshot', 'list', 'queue']],
])('%s is found wherever its group stands: %j', async (kind, words) => {
  expect(await kindOf(words)).toBe(kind);
});

describe('command lines under the help', () => {
  test('every command has some', () => {
    const program = buildProgram({ kind: '' });
    const kinds = leaves(program).map((command) => {
      const names: string[] = [];
      for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name());
      return names.join('.');
    });
    expect(kinds.filter((kind) => commandLines[kind] === undefined)).toEqual([]);
    expect(Object.keys(commandLines).filter((kind) => !kinds.includes(kind))).toEqual([]);
  });

  const lines = Object.entries(commandLines).flatMap(([kind, of]) =>
    Object.keys(of).flatMap((line) => (line.startsWith('walq ') ? [[kind, line] as const] : [])),
  );

  test.each(lines)('of %s can be typed as it stands: %s', async (kind, line) => {
    const words = wordsOf(line).slice(1);
    expect(plainWords(words).length).toBeGreaterThan(0);
    const parsed = await kindOf(words);
    expect(Object.keys(commandLines)).toContain(parsed);
    const own = Object.keys(commandLines[kind] ?? {})[0] === line;
    if (own) expect(parsed).toBe(kind);
  });
});
