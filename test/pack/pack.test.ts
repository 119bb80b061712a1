import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What `npm pack` would put into the package, as built now. */
async function packedFiles(): Promise<string[]> {
  // Without scripts: the build is there, and a second one would pull it from under other tests.
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root });
  const [packed]: { files: { path: string }[] }[] = JSON.parse(stdout);
  return (packed?.files ?? []).map((file) => file.path);
}

describe('the package', () => {
  let files: string[] = [];
  beforeAll(async () => {
    files = await packedFiles();
  });

  it.each([
    'bin/walq.cjs',
    'dist/js/main.cjs',
    'dist/js/index.cjs',
    'dist/js/LICENSES.txt',
    'dist/types/index.d.ts',
    'dist/js/report/page/page.js',
    'dist/js/report/page/page.css',
    'package.json',
    'README.md',
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'LICENSE',
    'docs/exit-codes.md',
    'src/storage/wal/FORMAT.md',
    'src/storage/snapshot/FORMAT.md',
  ])('has %s', (path) => {
    expect(files).toContain(path);
  });

  it('has what its README links to', () => {
    const readme = readFileSync(`${root}/README.md`, 'utf8');
    const linked = [...readme.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = '']) => path);
    expect(linked).toContain('docs/README.md');
    expect(linked.filter((path) => !files.includes(path))).toEqual([]);
  });

  it('has nothing but the program, its declarations and its documents', () => {
    const allowed = [
      /^bin\/walq\.cjs$/,
      /^dist\/js\/[a-z0-9-]+\.cjs$/,
      /^dist\/code\/v[0-9.]+-[a-z0-9]+-[a-z0-9]+-[0-9a-f]{8}\/[a-z0-9-]+\.code$/,
      /^dist\/js\/LICENSES\.txt$/,
      /^dist\/js\/report\/page\/page\.js$/,
      /^dist\/types\/(.+\.d\.ts|package\.json)$/,
      /^dist\/js\/report\/page\/page\.css$/,
      /^(docs|src)\/.+\.md$/,
      /^docs\/report-(damaged|job)\.png$/,
      /^(package\.json|LICENSE|(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY)\.md)$/,
      /^fixtures\/README\.md$/,
    ];
    expect(files.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([]);
  });

  it('names only files that are there, and needs nothing of development at run time', () => {
    const manifest: unknown = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
    expect(manifest).toMatchObject({ name: 'walq', type: 'module', bin: { walq: 'bin/walq.cjs' }, license: 'MIT' });
    const { dependencies, exports } = manifest as { dependencies: object; exports: Record<string, unknown> };
    expect(Object.keys(dependencies).sort()).toEqual(['cli-table3', 'croner', 'fs-native-extensions', 'ora', 'yaml']);
    expect(exports['.']).toEqual({ types: './dist/types/index.d.ts', default: './dist/js/index.cjs' });
    // For tools that do not look at `exports`.
    expect(manifest).toMatchObject({ types: './dist/types/index.d.ts', main: './dist/js/index.cjs' });
    for (const path of ['bin/walq.cjs', 'dist/js/index.cjs', 'dist/types/index.d.ts'])
      expect(existsSync(`${root}/${path}`)).toBe(true);
  });

  it('has a lock file with the optional packages of every platform and no address of a registry', () => {
    const text = readFileSync(`${root}/package-lock.json`, 'utf8');
    const lock: { packages: Record<string, { optionalDependencies?: object }> } = JSON.parse(text);
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
      ),
    );
    expect(missing).toEqual([]);
    expect(text).not.toContain('"resolved"');
  });
});
