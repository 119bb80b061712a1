import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { binary, scratch, walq } from './run-walq.ts';

/** What every colour begins with. */
const colorStart = '\u001b[';

describe('walq', () => {
  it('--version prints the version and nothing else, however it is asked for', async () => {
    for (const args of [['--version'], ['-V'], ['--json', '--version']]) {
      expect(await walq(args)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
        stderr: '',
      });
    }
  });

  it('--help goes to stdout with 0; a missing command shows help on stderr with 2', async () => {
    expect(await walq(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Commands:'), stderr: '' });
    expect(await walq(['wal', 'verify', '--help'])).toMatchObject({ code: 0, stderr: '' });
    expect(await walq([])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Commands:') });
    expect(await walq(['wal'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('inspect') });
  });

  it.each([
    [['frob'], 'unknown command'],
    [['wal', 'frob'], 'unknown command'],
    [['enqueue', 'mail'], "unknown command 'enqueue'; there is walq queue enqueue ["],
    [['verify'], 'there is walq wal verify and walq snapshot verify [E_USAGE]\nnext:  walq wal verify --help'],
    [['queue', 'doctor'], 'there is walq doctor ['],
    [['wal', 'inspect', '--frob'], '--frob'],
    [['wal', 'inspect', '-o', 'xml'], 'Allowed choices are text, table, ndjson, json, csv, hex'],
    [['wal', 'inspect', '-n', 'x'], "--limit: 'x' is not allowed"],
    [['wal', 'inspect', '-n', '-5'], '-5'],
    [['wal', 'inspect', '-n'], 'argument missing'],
    [['wal', 'verify', 'a', 'b'], 'too many arguments'],
    [['wal', 'compact', '--keep', '0'], '1 or more'],
    [['--color', 'pink', 'wal', 'verify'], 'pink'],
    [['completion', 'tcsh'], 'bash, zsh, fish'],
    [['completion'], 'missing required argument'],
  ])('%j is a usage error: 2, one line with a code, no stack', async (args, part) => {
    const { code, stdout, stderr } = await walq(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(part);
    expect(stderr).toContain('[E_USAGE]');
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });

  it('answers a usage error with one JSON document when JSON is asked for, in any of its spellings', async () => {
    for (const json of [['--json'], ['-o', 'json'], ['-ojson'], ['--output=json'], ['--output', 'json']]) {
      const { code, stdout } = await walq(['wal', 'verify', ...json, '--frob']);
      expect(code).toBe(2);
      expect(JSON.parse(stdout)).toMatchObject({ walq: 1, kind: 'wal.verify', error: { code: 'E_USAGE', exit: 2 } });
    }
  });

  it('says where a store would be and what makes one, exit 1, and creates nothing', async () => {
    const cwd = scratch();
    for (const args of [
      ['wal', 'verify'],
      ['wal', 'inspect'],
      ['wal', 'inspect', '-10..'],
      ['snapshot', 'list'],
    ]) {
      const { code, stdout, stderr } = await walq(args, { cwd });
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
      expect(stderr).toContain('there is no store at ./.walq [E_NO_STORE]');
      expect(stderr).toContain('next:  --store or WALQ_STORE names another; walq queue enqueue creates one');
    }
    expect(execFileSync('ls', ['-A', cwd], { encoding: 'utf8' })).toBe('');
    const elsewhere = await walq(['wal', 'verify'], { cwd, env: { WALQ_STORE: 'from-variable' } });
    expect(elsewhere.stderr).toContain('there is no store at from-variable');
    const flag = await walq(['wal', 'verify', '--store', 'from-flag'], { cwd, env: { WALQ_STORE: 'from-variable' } });
    expect(flag.stderr).toContain('there is no store at from-flag');
  });

  it('names what is not there, and what a file is not', async () => {
    const cwd = scratch();
    writeFileSync(join(cwd, 'empty'), '');
    writeFileSync(join(cwd, 'noise'), Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 167 + 13) % 256)));
    writeFileSync(join(cwd, 'zeros'), Buffer.alloc(4096));
    mkdirSync(join(cwd, 'folder'));
    const cases: [string, number, string][] = [
      ['missing', 1, 'E_NO_TARGET'],
      ['folder', 1, 'E_NO_STORE'],
      ['empty', 3, 'E_EMPTY_FILE'],
      ['noise', 3, 'E_UNKNOWN_FORMAT'],
      ['zeros', 3, 'E_UNKNOWN_FORMAT'],
      ['/dev/null', 2, 'E_WRONG_TARGET'],
    ];
    for (const [path, expected, name] of cases) {
      for (const command of [
        ['wal', 'verify'],
        ['wal', 'inspect'],
        ['wal', 'replay'],
        ['snapshot', 'verify'],
        ['snapshot', 'show'],
      ]) {
        const { code, stdout, stderr } = await walq([...command, path], { cwd });
        expect({ command, path, code, stdout }).toEqual({ command, path, code: expected, stdout: '' });
        expect(stderr).toContain(`[${name}]`);
      }
    }
    const stream = await walq(['wal', 'verify', '-'], { input: '' });
    expect(stream).toMatchObject({ code: 3, stderr: expect.stringContaining('standard input is empty') });
  });

  it('shows names with control characters escaped', async () => {
    const { stderr } = await walq(['wal', 'verify', 'a\u001b[31mb']);
    expect(stderr).toContain('a\\x1b[31mb');
    expect(stderr).not.toContain(colorStart);
  });

  it('colours only when asked: flag, then FORCE_COLOR, then NO_COLOR', async () => {
    const colored = async (args: string[], env: Record<string, string>): Promise<boolean> =>
      (await walq(['help', 'E_GAP', ...args], { env })).stdout.includes(colorStart);
    expect(await colored([], {})).toBe(false);
    expect(await colored(['--color', 'always'], {})).toBe(true);
    expect(await colored(['--color=always'], { NO_COLOR: '1' })).toBe(true);
    expect(await colored([], { FORCE_COLOR: '1' })).toBe(true);
    expect(await colored([], { FORCE_COLOR: '0' })).toBe(false);
    expect(await colored(['--color', 'never'], { FORCE_COLOR: '1' })).toBe(false);
    const failing = await walq(['wal', 'verify', 'nothing', '--color', 'always'], { env: { NO_COLOR: '1' } });
    expect(failing.stderr).toContain(colorStart);
  });

  it('ends with 74 and one error when the output cannot be written', () => {
    const ran = spawnSync('bash', ['-c', `"${process.execPath}" "${binary}" help codes > /dev/full`], {
      encoding: 'utf8',
    });
    expect(ran.status).toBe(74);
    expect(ran.stderr).toContain('[E_OUTPUT]');
    expect(ran.stderr.trim().split('\n')).toHaveLength(2);
  });

  it('ends quietly when the reader goes away', () => {
    const script = `set -o pipefail; "${process.execPath}" "${binary}" help codes | true; echo "\${PIPESTATUS[0]}"`;
    const ran = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect({ out: ran.stdout, err: ran.stderr }).toEqual({ out: '0\n', err: '' });
  });
});

describe('walq help', () => {
  it('explains a code, whatever its spelling', async () => {
    for (const word of ['E_GAP', 'e_gap', 'E-GAP']) {
      const { code, stdout } = await walq(['help', word]);
      expect({ word, code }).toEqual({ word, code: 0 });
      expect(stdout).toContain('seq jumps ahead');
    }
    expect(JSON.parse((await walq(['help', 'E_GAP', '--json'])).stdout)).toMatchObject({
      walq: 1,
      kind: 'help',
      code: 'E_GAP',
      title: expect.any(String),
      explain: expect.any(String),
      next: expect.any(String),
    });
  });

  it('suggests near codes and commands', async () => {
    expect((await walq(['help', 'E_GAPP'])).stderr).toContain('E_GAP ');
    expect((await walq(['help', 'E_TORN'])).stderr).toContain('E_TORN_TAIL');
    expect((await walq(['help', 'wal', 'verfy'])).stderr).toContain('verify');
    expect(await walq(['help', 'E_QQQQQQQQ'])).toMatchObject({ code: 1 });
  });

  it('fits what it says about commands and options into 80 columns', async () => {
    for (const of of ['queue', 'wal', 'snapshot']) {
      const { stdout } = await walq([of, '--help']);
      const lists = stdout.slice(stdout.indexOf('Options:')).split('Examples:')[0] ?? '';
      expect(lists).toContain('Commands:');
      for (const line of lists.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });

  it('--all shows the help of every command once, as each shows it alone', async () => {
    const { code, stdout } = await walq(['help', '--all', '--json']);
    const { commands }: { commands: { command: string; text: string }[] } = JSON.parse(stdout);
    expect(code).toBe(0);
    const names = commands.map(({ command }) => command);
    expect(names).toEqual(expect.arrayContaining(['walq', 'walq wal', 'walq wal verify', 'walq queue dead rm']));
    expect(new Set(names).size).toBe(names.length);
    const inText = (await walq(['help', '--all'])).stdout;
    for (const { command, text } of commands) expect(inText, command).toContain(text);
    const one = commands.find(({ command }) => command === 'walq wal verify');
    const alone = (await walq(['wal', 'verify', '--help'])).stdout;
    expect(one?.text.replace(/\s+/g, ' ')).toBe(alone.replace(/\s+/g, ' '));
    const below = (await walq(['help', '--all', 'snapshot'])).stdout;
    expect(below).toContain('walq snapshot prune\n');
    expect(below).not.toContain('walq wal verify\n');
  });

  it('shows the help of a command', async () => {
    expect((await walq(['help', 'wal', 'verify'])).stdout).toBe((await walq(['wal', 'verify', '--help'])).stdout);
    expect((await walq(['help'])).stdout).toBe((await walq(['--help'])).stdout);
  });
});

describe('advice', () => {
  it('names the store that was asked about, and no store is told in the same words everywhere', async () => {
    const cwd = scratch();
    mkdirSync(join(cwd, 'my store'));
    for (const command of ['status', 'list', 'events', 'take', 'export']) {
      const { code, stderr } = await walq(['queue', command, '--store', 'my store'], { cwd });
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(stderr).toContain('error: my store is a folder without a store in it [E_NO_STORE]\n');
      expect(stderr).toContain('next:  --store or WALQ_STORE names another; walq queue enqueue creates one');
    }
    await walq(['queue', 'enqueue', 'a', '--store', 'here', '--id', 'a'], { cwd });
    for (const [args, next] of [
      [['cancel', 'nobody'], 'status; a finished'],
      [['logs', 'nobody'], 'list\n'],
      [['show', 'nobody'], 'list --id-prefix nobo\n'],
      [['drain'], "run --exec 'CMD' --drain\n"],
    ] as const) {
      const { stderr } = await walq(['queue', ...args, '--store', 'here'], { cwd });
      expect(stderr).toContain(`next:  walq --store here queue ${next}`);
    }
    const { stderr } = await walq(['queue', 'cancel', 'nobody'], { cwd, env: { WALQ_STORE: 'here' } });
    expect(stderr).toContain('next:  walq queue status');
    const cron = await walq(['queue', 'schedule', 'add', 'x', '--cron', 'bad', '--store', 'here'], { cwd });
    expect(cron.stderr).toContain("as in '0 3 * * *', or six with seconds first [E_SCHEDULE]");
  });
});
