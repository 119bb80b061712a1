import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { completionTree } from '../../src/cli/completion/tree.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { allCodes } from '../../src/commands/catalogue.ts';
import { scratch, walq } from './run-walq.ts';

/** What bash offers after these words; the last one is the one being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const cwd = scratch();
  const { stdout } = await walq(['completion', 'bash']);
  writeFileSync(join(cwd, 'script'), stdout);
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `source ./script; COMP_WORDS=(walq ${quoted}); COMP_CWORD=${words.length}; _walq; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', script], { cwd, encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

it('bash offers commands, subcommands, flags, values and codes', async () => {
  expect(await offered('')).toEqual(expect.arrayContaining(['wal', 'snapshot', 'completion', 'help']));
  expect(await offered('wal', 'ver')).toEqual(['verify']);
  expect(await offered('wal', 'inspect', '--gr')).toEqual(['--grep']);
  expect(await offered('wal', 'inspect', '--js')).toEqual(['--json']);
  expect(await offered('wal', 'inspect', '-o', '')).toEqual(['text', 'table', 'ndjson', 'json', 'csv', 'hex']);
  expect(await offered('wal', 'inspect', '--output', '=', 'nd')).toEqual(['ndjson']);
  expect(await offered('wal', 'inspect', '--output', '=')).toContain('hex');
  expect(await offered('wal', 'verify', '--color', 'a')).toEqual(['auto', 'always']);
  expect(await offered('--json', 'wal', 'com')).toEqual(['compact']);
  expect(await offered('completion', 'z')).toEqual(['zsh']);
  expect(await offered('help', 'E_GA')).toEqual(['E_GAP']);
  expect(await offered('queue', 'list', '--where', 'max')).toEqual(['max_attempts']);
  expect(await offered('queue', 'status', '--check', '"oldest')).toEqual(['oldest_ready']);
  expect(await offered('schema', 'queue.dead.')).toEqual([
    'queue.dead.list',
    'queue.dead.show',
    'queue.dead.rm',
    'queue.dead.retry',
  ]);
});

it('bash offers the values of options that take lists, and of those that take a file too', async () => {
  expect(await offered('wal', 'inspect', '--type', 'DE')).toEqual(['DEAD']);
  expect(await offered('queue', 'events', '--type', 'PRU')).toEqual(['PRUNE']);
  expect(await offered('queue', 'list', '--state', '')).toEqual(['pending', 'in_flight', 'completed', 'dead']);
  expect(await offered('queue', 'list', '--phase', 'lea')).toEqual(['leased']);
  for (const diff of ['wal', 'snapshot']) {
    expect(await offered(diff, 'diff', '--state', 'in')).toEqual(['in_flight']);
    expect(await offered(diff, 'diff', '--type', 're')).toEqual(['replaced', 'retried']);
  }
  expect(await offered('queue', 'prune', '--state', '')).toEqual(['completed', 'dead']);
  expect(await offered('wal', 'replay', '--snapshot', '')).toEqual(['auto', 'none']);
  expect(await offered('wal', 'state-hash', '--snapshot', 'n')).toEqual(['none']);
});

it('zsh and fish offer files beside the words where a file is as good', async () => {
  const [zsh, fish] = await Promise.all(
    ['zsh', 'fish'].map(async (shell) => (await walq(['completion', shell])).stdout),
  );
  expect(zsh).toContain("'wal replay --snapshot') compadd auto none; _files; return ;;");
  expect(zsh).toContain("'queue prune --state') compadd completed dead; return ;;");
  expect(fish).toContain("-l snapshot -r -a 'auto none' ");
  expect(fish).toContain("-l state -x -a 'completed dead' ");
});

it('bash leaves paths to the shell', async () => {
  expect(await offered('wal', 'verify', '')).toEqual([]);
  expect(await offered('wal', 'verify', '--store', '')).toEqual([]);
});

it('knows every command and option of the program', () => {
  const program = buildProgram({ kind: 'test' });
  const nodes = completionTree(program, allCodes());
  const paths = nodes.map((node) => node.path);
  for (const group of program.commands) {
    for (const leaf of group.commands) expect(paths).toContain(`${group.name()} ${leaf.name()}`);
  }
  const inspect = nodes.find((node) => node.path === 'wal inspect');
  expect(inspect?.options.flatMap((option) => option.flags)).toEqual(
    expect.arrayContaining(['-o', '--output', '-n', '--limit', '--json', '--store', '--color', '-h', '--help']),
  );
});

it.each(['bash', 'zsh', 'fish'])('%s script names every command', async (shell) => {
  const { code, stdout, stderr } = await walq(['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const name of ['inspect', 'verify', 'replay', 'repair', 'compact', 'import', 'prune', 'E_GAP']) {
    expect(stdout).toContain(name);
  }
  const file = join(scratch(), 'script');
  writeFileSync(file, stdout);
  // Shells that this machine has must find no fault in it.
  const { error, status, stderr: faults } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
  if (error === undefined) expect({ status, faults }).toEqual({ status: 0, faults: '' });
});
