import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { scratch } from '../cli/run-walq.ts';

const built = fileURLToPath(new URL('../../build/fs/node-fs.js', import.meta.url));

/** What a process does before it loads the file system; and how it is to find the binary then. */
const ways = {
  'the binary where it lies': '',
  'its package': `
    const load = Module._load;
    Module._load = function (request, ...rest) {
      if (request.startsWith('fs-native-extensions/prebuilds')) throw new Error('not there');
      return load.call(this, request, ...rest);
    };`,
  'too many open files': `
    const load = Module._load;
    Module._load = function (request, ...rest) {
      if (!request.startsWith('fs-native-extensions')) return load.call(this, request, ...rest);
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    };`,
  'no binary': `Object.defineProperty(process, 'arch', { value: 'other' });`,
} as const;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Asks for the lock in a process of its own, which keeps it; what it answered. */
async function lockBy(way: keyof typeof ways, path: string): Promise<string> {
  const script = `
    import Module from 'node:module';
    ${ways[way]}
    const { nodeFs } = await import(${JSON.stringify(built)});
    const file = await nodeFs.open(${JSON.stringify(path)}, 'r+');
    console.log(await file.tryLock(0, 1).catch((error) => error.code));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [answer] = await once(child.stdout, 'data');
  return String(answer).trim();
}

test.for([
  ['the binary where it lies', 'its package'],
  ['its package', 'the binary where it lies'],
] as const)('a lock taken by %s is seen by %s', async ([first, second]) => {
  const path = join(scratch(), 'LOCK');
  writeFileSync(path, '');
  expect(await lockBy(first, path)).toBe('true');
  expect(await lockBy(second, path)).toBe('false');
  expect(await lockBy(first, path)).toBe('false');
});

test('where there is no binary for the platform a lock is refused, with a code of its own', async () => {
  const path = join(scratch(), 'LOCK');
  writeFileSync(path, '');
  expect(await lockBy('no binary', path)).toBe('E_LOCK_UNSUPPORTED');
});

test('where the system does not give the binary, that is said, and not that there is none', async () => {
  const path = join(scratch(), 'LOCK');
  writeFileSync(path, '');
  expect(await lockBy('too many open files', path)).toBe('E_READ');
});
