import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The numbers come from the run that wrote the page; whether it knows all tests that count there can be seen here. */
test('docs/reliability.md names every test that counts cases of a fault, and none that is gone', () => {
  const page = readFileSync(join(root, 'docs/reliability.md'), 'utf8');
  const named = new Set([...page.matchAll(/\(\.\.\/(test\/[^)]+\.test\.ts)\)/g)].map(([, path]) => path));
  const counting = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .filter((path) => /\btried(Crashes)?\(context/.test(readFileSync(join(root, path), 'utf8')));
  expect([...named].sort(), 'npm run reliability writes the page anew').toEqual(counting.sort());
});
