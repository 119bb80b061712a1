import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeFolder, sealCode } from '../build/fs/compiled.js';

/**
 * Runs what people run, and keeps the code that Node made of the bundles for it (src/fs/compiled.ts). Each run begins
 * with what was kept before it, so that in the end there is the code of all of them.
 */

const self = fileURLToPath(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const bundles = join(root, 'dist', 'js');
const folder = codeFolder(bundles);
/** While it runs: V8 forgets how in the code that it gives away. */
const imports = /\bimport\(/;

const argv = process.argv.slice(2);
if (folder === undefined)
  process.stderr.write('this build of Node cannot be told from others: no code is kept for it\n');
else if (argv.length > 0) runOne(argv);
else runAll();

function runAll() {
  rmSync(join(root, 'dist', 'code'), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const temp = mkdtempSync(join(tmpdir(), 'walq-compile-'));
  const store = join(temp, 'store');
  const lines = [
    ['queue', 'enqueue', 'mail', '-d', '{"to":"ada"}', '--store', store],
    ['queue', 'enqueue', 'mail', '-d', '{"to":"bob"}', '--store', store],
    ['queue', 'list', '--store', store],
    ['queue', 'run', '--exec', 'exit 0', '--drain', '--store', store],
    ['queue', 'status', '--store', store],
    ['wal', 'inspect', store],
    ['wal', 'verify', store],
    ['wal', 'replay', store],
    ['snapshot', 'create', store],
    ['snapshot', 'verify', store],
    ['doctor', store],
    ['help'],
  ];
  // Code that was made under flags is of no use without them.
  const { NODE_OPTIONS: _, ...env } = process.env;
  try {
    for (const line of lines) {
      const { status, stderr } = spawnSync(process.execPath, [self, ...line], { encoding: 'utf8', env });
      if (status !== 0) throw new Error(`walq ${line.join(' ')}: exit ${status}\n${stderr}`);
    }
  } finally {
    rmSync(temp, { recursive: true });
  }
}

function runOne(line) {
  const made = new Map();
  process.on('exit', () => {
    for (const [name, { source, script }] of made)
      if (!imports.test(source.toString('latin1')))
        writeFileSync(join(folder, `${name}.code`), sealCode(source, script.createCachedData()));
  });
  const { main } = createRequire(self)('../dist/js/main.cjs');
  void main(line, (name, source, script) => made.set(name, { source, script }));
}
