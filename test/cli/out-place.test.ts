import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeNewFile } from '../../src/commands/out-file.ts';
import { bindPlan } from '../../src/commands/plan-file.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { backupStore } from '../../src/storage/backup.ts';
import { contextOf } from '../support/command-context.ts';
import { scratch, walq } from './run-walq.ts';

const clean = fileURLToPath(new URL('../../fixtures/clean', import.meta.url));

/** Commands that make a file, and those that make a folder, at a place that is named last. */
const files = [
  ['wal', 'export', clean, '--to'],
  ['report', clean, '-o'],
  ['doctor', clean, '--bundle'],
  ['wal', 'replay', clean, '--save'],
  ['wal', 'repair', clean, '--mode', 'cut', '--at', '21', '--plan'],
];
const folders = [
  ['backup', clean],
  ['wal', 'repair', clean, '--mode', 'salvage', '--apply', '--to'],
  ['snapshot', 'restore', clean, '--to'],
  ['demo', '--dir'],
];

it.each(files)('%s %s: a place where no file can be is refused in words about that place', async (...args) => {
  const folder = scratch();
  writeFileSync(join(folder, 'file'), '');
  const line = args.filter((word) => word !== undefined);
  expect(await walq([...line, folder])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/ is a folder .*\nnext: {2}name a file/),
  });
  expect(await walq([...line, join(folder, 'file', 'x')])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/file is no folder .*\nnext: {2}name a place/),
  });
  expect(await walq([...line, join(folder, 'no', 'x')])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/there is no folder .*\nnext: {2}mkdir -p/),
  });
});

it.each(folders)('%s %s: so is one where no folder can be', async (...args) => {
  const folder = scratch();
  mkdirSync(join(folder, 'full', 'x'), { recursive: true });
  writeFileSync(join(folder, 'file'), '');
  const line = args.filter((word) => word !== undefined);
  for (const [place, told] of [
    [join('file', 'x'), /file is no folder .*\nnext: {2}name a place/],
    [join('no', 'x'), /there is no folder .*\nnext: {2}mkdir -p/],
    ['full', /is not empty.*\[E_PLACE\]\nnext: {2}name a folder/],
    ['file', /\[E_PLACE\]\nnext: {2}name a folder/],
  ] as const) {
    expect(await walq([...line, join(folder, place)])).toMatchObject({ code: 7, stderr: expect.stringMatching(told) });
  }
});

it.each([
  ['EACCES', 'E_IO', 'name a place that you may write to'],
  ['EROFS', 'E_IO', 'name a place that you may write to'],
  ['ENOSPC', 'E_NO_SPACE', 'make room on that disk, or name a place on another one'],
])('%s at the place of an output gives advice about the place', async (errno, code, next) => {
  const refuse = async (): Promise<never> => {
    throw Object.assign(new Error(errno), { code: errno });
  };
  const context = contextOf(clean);
  const env = { ...context.env, fs: { ...nodeFs, mkdir: refuse } };
  await expect(backupStore(env, clean, join(scratch(), 'x'), () => neverMade())).rejects.toMatchObject({ code, next });
  const noFile = { ...context, env: { ...context.env, fs: { ...nodeFs, open: refuse } } };
  await expect(writeNewFile(noFile, join(scratch(), 'x'), new Uint8Array(1), '--to')).rejects.toMatchObject({
    code,
    next,
  });
});

it('a plan that the disk has no room for leaves no file behind', async () => {
  const context = contextOf(clean);
  const open: typeof nodeFs.open = async (path, flags) => {
    const write = async (): Promise<never> => {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    };
    return Object.assign(await nodeFs.open(path, flags), { write });
  };
  const full = { ...context, env: { ...context.env, fs: { ...nodeFs, open } } };
  const folder = scratch();
  const path = join(folder, 'plan');
  await expect(bindPlan(full, { path, apply: false }, {})).rejects.toMatchObject({
    code: 'E_NO_SPACE',
    message: expect.stringContaining(path),
  });
  expect(readdirSync(folder)).toEqual([]);
});

function neverMade(): never {
  throw new Error('nothing is replayed where no folder can be made');
}

it.each([...files, ...folders])('%s %s: without a name nothing is made', async (...args) => {
  const cwd = scratch();
  const line = args.filter((word) => word !== undefined);
  expect(await walq([...line, ''], { cwd })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/: nothing stands after it|the name of the new folder is empty/),
  });
  expect(readdirSync(cwd)).toEqual([]);
});

it('a link to an empty folder is no place for a new one, also with a slash behind it', async () => {
  const folder = scratch();
  mkdirSync(join(folder, 'empty'));
  symlinkSync('empty', join(folder, 'link'));
  for (const name of ['link', 'link/']) {
    expect(await walq(['backup', clean, join(folder, name)])).toMatchObject({ code: 7, stdout: '' });
  }
  expect(readdirSync(folder).sort()).toEqual(['empty', 'link']);
  expect(await walq(['backup', clean, `${join(folder, 'empty')}/`])).toMatchObject({ code: 0 });
});

it('notes show names of files as text', async () => {
  const folder = scratch();
  writeFileSync(join(folder, 'log'), '[seq=1] ENQUEUE job_1\n');
  const { stderr, code } = await walq([
    'wal',
    'import',
    '--from',
    join(folder, 'log'),
    '--store',
    join(folder, 'a\x1bb'),
  ]);
  expect(code).toBe(0);
  expect(stderr).toContain('a\\x1bb');
  expect(stderr).not.toContain('\x1b');
});
