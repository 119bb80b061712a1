import { execFile } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeStore, segments } from '../cli/make-store.ts';
import { binary, scratch, walq } from '../cli/run-walq.ts';
import { startRunner } from '../queue/run/queue-cli.ts';

/** Who may read a store, and what ids, names and links can make a command touch outside it. */

/** Every path below, with its kind. */
function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

function openToOthers(folder: string): string[] {
  return [folder, ...below(folder)].flatMap((path) => {
    const { mode } = lstatSync(path);
    const allowed = lstatSync(path).isDirectory() ? 0o700 : 0o600;
    return (mode & 0o777) === allowed ? [] : [`${path} ${(mode & 0o777).toString(8)}`];
  });
}

/** A command as a shell runs it that forbids nothing to new files. */
async function withoutMask(...args: string[]): Promise<void> {
  await promisify(execFile)('/bin/sh', ['-c', 'umask 0; exec "$@"', 'sh', process.execPath, binary, ...args]);
}

test('every folder of a store is 0700 and every file, its socket too, 0600, whatever the umask', async () => {
  const store = `${scratch()}/store`;
  await withoutMask('--store', store, 'queue', 'enqueue', 'mail', '-d', '{"to":"ada"}');
  await withoutMask('--store', store, 'queue', 'run', '--exec', 'echo printed; cat', '--drain');
  await withoutMask('--store', store, 'snapshot', 'create');
  writeFileSync(segments(store)[0] ?? '', 'torn', { flag: 'a' });
  await withoutMask('wal', 'repair', store, '--mode', 'trim', '--apply', '--yes');
  const parts = readdirSync(store);
  for (const part of ['HEAD', 'LOCK', 'STORE.json', 'logs', 'quarantine', 'run', 'snapshots', 'wal'])
    expect(parts, `the store has ${part}`).toContain(part);
  expect(openToOthers(store)).toEqual([]);
  await startRunner(store, ['--commands']).says('ready');
  expect(lstatSync(`${store}/run/sock`).isSocket()).toBe(true);
  expect(openToOthers(store)).toEqual([]);
});

test('a restored copy, an export and a saved state are for their owner alone', async () => {
  const folder = scratch();
  await makeStore(`${folder}/store`, 3);
  await withoutMask('wal', 'replay', `${folder}/store`, '--save', `${folder}/saved.snap`);
  writeFileSync(`${folder}/events.log`, '[seq=1] ENQUEUE job_1\n', { mode: 0o600 });
  await withoutMask('wal', 'import', '--from', `${folder}/events.log`, '--store', `${folder}/imported`);
  expect(openToOthers(folder)).toEqual([]);
});

const commands = [
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned;',
  "'; touch pwned; '",
  '" && touch pwned; "',
  '| touch pwned',
];
const paths = ['../../escaped', '/tmp/walq-escaped', '..', '.', 'a/../../b', '~/escaped', '%2e%2e%2fescaped'];

test('no payload, id, name, group or key of a job reaches a shell, and no path in it leaves the store', async () => {
  const folder = scratch();
  const store = `${folder}/deep/store`;
  mkdirSync(`${folder}/deep`);
  let number = 0;
  for (const text of [...commands, ...paths]) {
    const flags = [
      '--id',
      `${text}${number++}`,
      '--group',
      text,
      '--key',
      `${text}${number}`,
      '-d',
      JSON.stringify({ text }),
    ];
    const ran = await walq(['--store', store, 'queue', 'enqueue', text, ...flags]);
    expect(ran.code, ran.stderr).toBe(0);
  }
  const exec = 'echo "$WALQ_JOB_ID $WALQ_JOB_NAME"; cat';
  const ran = await walq(['--store', store, 'queue', 'run', '--exec', exec, '--drain'], { cwd: `${folder}/deep` });
  expect(ran.code, ran.stderr).toBe(0);
  const outside = below(folder).filter((path) => path !== `${folder}/deep` && !path.startsWith(store));
  expect(outside).toEqual([]);
  expect(existsSync('/tmp/walq-escaped')).toBe(false);
  expect(readdirSync(`${store}/logs`).every((name) => /^[0-9a-f]{16}-\d+-\d+\.log$/.test(name))).toBe(true);
  const shown = await walq(['--store', store, 'queue', 'logs', '$(touch pwned)0']);
  expect(shown.stdout).toContain('$(touch pwned)0 $(touch pwned)');
});

test('links inside a store lead no command outside: nothing there is read as ours, written or removed', async () => {
  for (const part of ['logs', 'quarantine', 'snapshots', 'run', 'HEAD', 'STORE.json']) {
    const folder = scratch();
    const store = `${folder}/store`;
    const outside = `${folder}/outside`;
    await makeStore(store, 2);
    const isFile = /^[A-Z]/.test(part);
    mkdirSync(outside);
    writeFileSync(`${outside}/letter`, 'dear');
    if (existsSync(join(store, part))) await promisify(execFile)('mv', [join(store, part), `${folder}/moved`]);
    symlinkSync(isFile ? `${outside}/letter` : outside, join(store, part));
    writeFileSync(segments(store)[0] ?? '', 'torn', { flag: 'a' });
    for (const args of [
      ['queue', 'enqueue', 'mail', '-d', '{}'],
      ['queue', 'run', '--exec', 'echo printed', '--drain'],
      ['snapshot', 'create'],
      ['wal', 'repair', '--mode', 'trim', '--apply', '--yes'],
    ]) {
      const ran = await walq(['--store', store, ...args]);
      expect([0, 1, 2, 3, 4, 7, 74], `${part}: ${args.join(' ')}: ${ran.stderr}`).toContain(ran.code);
    }
    expect(readdirSync(outside), part).toEqual(['letter']);
    expect(readFileSync(`${outside}/letter`, 'utf8'), part).toBe('dear');
  }
});
