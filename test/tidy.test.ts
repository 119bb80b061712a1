import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultsOf, importsOf, resolve } from './tidy-rules.ts';

const root = new URL('..', import.meta.url).pathname;

function sources(): string[] {
  return ['src', 'test', 'scripts', 'bench', 'bin', 'fixtures'].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|js|mjs)$/.test(name) && !name.includes('node_modules'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  );
}

describe('the project', () => {
  it('keeps its layers, sizes and words', () => {
    const files = sources();
    expect(files).toContain('src/cli/main.ts');
    expect(files.flatMap((path) => faultsOf(path, readFileSync(`${root}/${path}`, 'utf8')))).toEqual([]);
  });
});

/** Files and packages that a file loads, others too through them. What is loaded only when a command runs is not. */
function reachedFrom(start: string): Set<string> {
  const reached = new Set([start]);
  for (const path of reached) {
    if (!path.startsWith('src/')) continue;
    for (const specifier of importsOf(readFileSync(`${root}/${path}`, 'utf8'))) {
      reached.add(specifier.startsWith('.') ? resolve(path, specifier) : specifier);
    }
  }
  return reached;
}

describe('the library', () => {
  it('knows nothing of the commands and the command line, and no package but those for locks and cron rules', () => {
    const reached = reachedFrom('src/index.ts');
    expect(reached.size).toBeGreaterThan(50);
    const known = /^(src\/(index|base|fs|storage|queue)\b|node:|croner$)/;
    const wrong = [...reached].filter((each) => !known.test(each));
    expect(wrong).toEqual([]);
  });
});

describe('a start that many wait for', () => {
  it('queue enqueue loads no reader of other systems, and nothing of repair and backup', () => {
    const reached = reachedFrom('src/cli/queue/enqueue.ts');
    expect(reached.size).toBeGreaterThan(50);
    const wrong = [...reached].filter((each) => /^src\/formats\/|repair|salvage|restore|backup/.test(each));
    expect(wrong).toEqual([]);
  });
});

describe('the rules', () => {
  const faults = (path: string, text: string): string => faultsOf(path, text).join('\n');

  it.each([
    ['src/base/a.ts', "import { f } from '../fs/node-fs.ts';"],
    ['src/fs/a.ts', "import type { LogReport } from '../storage/types.ts';"],
    ['src/storage/wal/a.ts', "export { f } from '../../queue/machine.ts';"],
    ['src/storage/a.ts', "import { f } from '../formats/registry.ts';"],
    ['src/formats/a.ts', "import { f } from '../storage/types.ts';"],
    ['src/queue/process/a.ts', "const { f } = await import('../../commands/x.ts');"],
    ['src/queue/a.ts', "import { f } from '../formats/registry.ts';"],
    ['src/commands/a.ts', "import {\n  f,\n  g,\n} from '../cli/text.ts';"],
    ['src/index.ts', "export { f } from './cli/main.ts';"],
    ['src/cli/a.ts', "import { f } from '../../test/support/x.ts';"],
    ['src/storage/wal/a.ts', "import { f } from '../store.ts';"],
    ['src/storage/wal/a.ts', "import { f } from '../snapshot/codec.ts';"],
    ['src/storage/snapshot/a.ts', "import { f } from '../wal/format.ts';"],
    ['src/formats/document/a.ts', "import { f } from '../raft-recovery/checksum.ts';"],
    ['src/formats/lines.ts', "import { f } from './document/log.ts';"],
    ['src/queue/process/a.ts', "import { f } from '../run/runner.ts';"],
    ['src/commands/a.ts', "import { f } from './queue/enqueue.ts';"],
    ['src/cli/wal/a.ts', "import { f } from '../queue/run.ts';"],
  ])('refuse an upward import: %s, %s', (path, text) => {
    expect(faults(path, text)).toMatch(/may not import|leaves src/);
  });

  it.each([
    ['src/storage/a.ts', "import * as fs from 'node:fs';"],
    ['src/cli/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['src/commands/a.ts', "import { Chalk } from 'chalk';"],
    ['src/queue/a.ts', "const { Command } = await import('commander');"],
    ['src/base/a.ts', "import ora from 'ora';"],
    ['src/formats/a.ts', "import Table from 'cli-table3';"],
    ['src/storage/a.ts', "import { tryLock } from 'fs-native-extensions';"],
    ['src/commands/a.ts', "import { spawn } from 'node:child_process';"],
    ['src/queue/a.ts', "import yaml from 'yaml';"],
    ['src/cli/a.ts', "import lodash from 'lodash';"],
  ])('refuse a package outside its layer: %s, %s', (path, text) => {
    expect(faults(path, text)).toMatch(/only src\/.* may import|nobody may import/);
  });

  it('refuse a layer nobody has named, and relative imports without .ts', () => {
    expect(faults('src/util/a.ts', 'export {};')).toContain('src/util is no layer');
    expect(faults('src/base/a.ts', "import { f } from './b.js';")).toContain('does not end in .ts');
  });

  it('refuse printing, arguments and exits below the command line', () => {
    expect(faults('src/commands/a.ts', "process.stdout.write('x');")).toContain('only src/cli');
    expect(faults('src/storage/a.ts', 'process.exit(1);')).toContain('only src/cli');
  });

  it.each(['Date.now()', 'performance.now()', 'process.hrtime()', 'Math.random()', 'new Date()', 'randomBytes(16)'])(
    'refuse %s where time and randomness are passed in',
    (text) => {
      expect(faults('src/storage/a.ts', text)).toContain('passed in');
      expect(faults('src/queue/run/a.ts', text)).toContain('passed in');
      expect(faults('src/cli/a.ts', text)).toBe('');
    },
  );

  it('refuse long files and wide lines', () => {
    expect(faults('src/base/a.ts', 'x\n'.repeat(301))).toContain('301 lines');
    expect(faults('src/base/a.ts', 'x\n'.repeat(300))).toBe('');
    expect(faults('test/a.ts', 'x'.repeat(121))).toContain('121 columns');
    expect(faults('test/a.ts', 'x'.repeat(120))).toBe('');
    expect(faults('test/a.ts', `  explain: '${'x '.repeat(90)}',`)).toBe('');
    expect(faults('test/a.ts', `// ${'x '.repeat(90)}`)).toContain('columns');
    expect(faults('test/a.ts', `f('a'); ${'x '.repeat(60)} g('b');`)).toContain('columns');
  });

  it.each(['// TODO later', '// @ts-ignore', 'f(x as any)', 'it.skip(', 'debugger;', "const p = '/home/me/x';"])(
    'refuse the words of %s',
    (text) => {
      expect(faults('src/base/a.ts', text)).not.toBe('');
    },
  );

  it('accept what is allowed', () => {
    const text =
      "import { a } from '../storage/types.ts';\nimport type { b } from './c.ts';\n// import '../cli/x.ts'\n";
    expect(faults('src/commands/a.ts', text)).toBe('');
    expect(importsOf(text)).toEqual(['../storage/types.ts', './c.ts']);
  });
});
