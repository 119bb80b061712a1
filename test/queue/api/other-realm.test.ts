import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { scratch } from '../../cli/run-walq.ts';

const library = fileURLToPath(new URL('../../../dist/js/index.cjs', import.meta.url));

/** As Jest loads a library: in a context with an `Error` of its own, while Node throws that of the program. */
function inOtherRealm(): typeof import('../../../src/index.ts') {
  // All that a program has, but for what belongs to each realm by itself.
  const own = new Set(['Error', 'Object', 'Array', 'Promise', 'Date', 'Map', 'Set', 'globalThis', 'global']);
  const names = Object.getOwnPropertyNames(globalThis).filter((name) => !own.has(name));
  const context = createContext(Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name)])));
  const loaded = new Map<string, { exports: unknown }>();
  const load = (path: string): unknown => {
    const known = loaded.get(path);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(path, module);
    const real = createRequire(path);
    const require = (name: string) => (name.startsWith('.') ? load(real.resolve(name)) : real(name));
    const wrapped = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`;
    const run = runInContext(wrapped, context, { filename: path });
    run(module.exports, Object.assign(require, { resolve: real.resolve }), module, path, dirname(path));
    return module.exports;
  };
  return load(library) as typeof import('../../../src/index.ts');
}

test('where Node throws errors of another realm, as under Jest, they are known for what they are', async () => {
  const { openQueue } = inOtherRealm();
  const dir = `${scratch()}/store`;
  const queue = await openQueue(dir);
  await expect(openQueue(dir)).rejects.toMatchObject({ code: 'E_LOCKED' });
  await expect(openQueue(`${dir}/no/store`)).rejects.toMatchObject({ code: 'E_NO_STORE', exit: 1 });
  await queue.enqueue('read', { file: `${dir}/nothing` }, { id: 'read', attempts: 1 });
  const worker = queue.work(({ payload }) => readFileSync((payload as { file: string }).file), { drain: true });
  expect(await worker.done).toMatchObject({ dead: 1 });
  // With its stack, as of any error.
  expect(queue.get('read')?.error).toMatch(/^Error: ENOENT: .*\n +at /);
  await queue.snapshot();
  await queue.close();
});
