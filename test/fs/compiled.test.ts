import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { codeFolder, sealCode } from '../../src/fs/compiled.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The package as it is built, in a place where it may be damaged. */
function copyOfPackage(): string {
  const copy = mkdtempSync(join(tmpdir(), 'walq-compiled-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  for (const each of ['bin', 'dist', 'package.json']) cpSync(join(root, each), join(copy, each), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function keptOf(copy: string): string {
  const folder = codeFolder(join(copy, 'dist/js'));
  if (folder === undefined) throw new Error('no code can be kept for this build of Node');
  return folder;
}

/** `walq ARGS` of that copy, and for each bundle what V8 did with the code that was kept for it. */
function runOf(copy: string, args: readonly string[], flags: readonly string[] = [], node = process.execPath) {
  const told = join(copy, 'told.json');
  const program = `
    const { writeFileSync } = require('node:fs');
    const told = {};
    process.on('exit', () => writeFileSync(${JSON.stringify(told)}, JSON.stringify(told)));
    const { main } = require(${JSON.stringify(join(copy, 'dist/js/main.cjs'))});
    void main(${JSON.stringify(args)}, (name, source, script) => {
      told[name] = { undefined: 'none', true: 'rejected', false: 'taken' }[script.cachedDataRejected];
    });
  `;
  const options = { encoding: 'utf8', timeout: 60_000 } as const;
  const { status, stdout } = spawnSync(node, [...flags, '-e', program], options);
  const bundles: Record<string, string> = JSON.parse(readFileSync(told, 'utf8'));
  return { status, stdout, bundles };
}

function plainRun(copy: string, args: readonly string[]) {
  return spawnSync(process.execPath, [join(copy, 'bin/walq.cjs'), ...args], { encoding: 'utf8', timeout: 60_000 });
}

test('a small command runs with the code that was made when it was built', () => {
  const copy = copyOfPackage();
  const { status, bundles } = runOf(copy, ['queue', 'enqueue', 'mail', '--store', join(copy, 'store')]);
  expect(status).toBe(0);
  expect(Object.keys(bundles)).toEqual(expect.arrayContaining(['command', 'queue', 'engine']));
  expect(new Set(Object.values(bundles))).toEqual(new Set(['taken']));
});

test('a bundle that imports while it runs has none: V8 would not let it', () => {
  const copy = copyOfPackage();
  const bundles = readdirSync(join(copy, 'dist/js')).filter((name) => name.endsWith('.cjs'));
  const importing = bundles.filter((name) => /\bimport\(/.test(readFileSync(join(copy, 'dist/js', name), 'utf8')));
  expect(importing.length).toBeGreaterThan(0);
  const kept = readdirSync(keptOf(copy));
  expect(importing.filter((name) => kept.includes(name.replace('.cjs', '.code')))).toEqual([]);
});

test('code of other flags is not taken, and all goes on', () => {
  const copy = copyOfPackage();
  const { status, bundles } = runOf(copy, ['wal', 'verify', join(root, 'fixtures/none')], ['--no-lazy']);
  expect(status).toBe(1);
  expect(bundles.command).toBe('rejected');
});

test.each([
  ['damaged', (code: Buffer) => code.fill(code.readUInt8(5000) ^ 1, 5000, 5001)],
  ['cut short', (code: Buffer) => code.subarray(0, 5000)],
  ['empty', () => Buffer.alloc(0)],
  ['foreign', (code: Buffer) => sealCode(Buffer.from('another text'), code.subarray(0, -4))],
])('%s code is left alone', (_what, change) => {
  const copy = copyOfPackage();
  const path = join(keptOf(copy), 'command.code');
  writeFileSync(path, change(readFileSync(path)));
  const { status, bundles } = runOf(copy, ['--help']);
  expect([status, bundles.command, bundles.base]).toEqual([0, 'none', 'taken']);
  expect(plainRun(copy, ['--help']).status).toBe(0);
});

test('what was changed in a bundle is what runs, though it is as long as before', () => {
  const copy = copyOfPackage();
  const path = join(copy, 'dist/js/command.cjs');
  const text = readFileSync(path, 'utf8');
  expect(text).toContain('unknown command');
  writeFileSync(path, text.replaceAll('unknown command', 'UNKNOWN COMMAND'));
  expect(plainRun(copy, ['nonsense']).stderr).toContain('UNKNOWN COMMAND');
});

test('another build of the same version does not take it: one byte of its file is enough', () => {
  const copy = copyOfPackage();
  const node = join(copy, 'node');
  const bytes = readFileSync(process.execPath);
  // In the padding of the header, where no loader looks.
  bytes.writeUInt8(bytes.readUInt8(9) ^ 1, 9);
  writeFileSync(node, bytes, { mode: 0o755 });
  const { status, bundles } = runOf(copy, ['help'], [], node);
  expect([status, new Set(Object.values(bundles))]).toEqual([0, new Set(['none'])]);
});

test('where Node may read nothing but the package, all goes on', () => {
  const copy = realpathSync(copyOfPackage());
  const flags = [
    '--experimental-permission',
    `--allow-fs-read=${copy}`,
    `--allow-fs-read=${join(root, 'node_modules')}`,
  ];
  const options = { encoding: 'utf8', timeout: 60_000 } as const;
  const ran = spawnSync(process.execPath, [...flags, join(copy, 'bin/walq.cjs'), 'help'], options);
  expect([ran.status, ran.stdout]).toEqual([0, plainRun(root, ['help']).stdout]);
});

test('a bug is told by the name of the bundle, not by the place where it was built', () => {
  const copy = copyOfPackage();
  const program = `
    process.stdout.write = () => { throw new Error('of a test'); };
    void require(${JSON.stringify(join(copy, 'dist/js/main.cjs'))}).main(['help']);
  `;
  const { stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', cwd: copy });
  expect(stderr).toContain('walq/command.cjs:');
  expect(stderr).not.toContain(root);
});

test('without what was kept, all is as it is elsewhere', () => {
  const copy = copyOfPackage();
  rmSync(join(copy, 'dist/code'), { recursive: true });
  const { status, stdout } = plainRun(copy, ['help']);
  expect([status, existsSync(join(copy, 'dist/code'))]).toEqual([0, false]);
  expect(stdout).toBe(plainRun(root, ['help']).stdout);
});
