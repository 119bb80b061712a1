import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll } from 'vitest';

const built = fileURLToPath(new URL('../../build/', import.meta.url));
let child: Promise<string> | undefined;
const made: string[] = [];
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

/**
 * The child in one file: to find and read a hundred is most of what it does before it is idle. Beside the built
 * sources, where it finds the packages that they find.
 */
export function bundledChild(): Promise<string> {
  child ??= bundle();
  return child;
}

async function bundle(): Promise<string> {
  const outDir = mkdtempSync(`${built}kernel-child-`);
  made.push(outDir);
  const input = fileURLToPath(new URL('./child.js', import.meta.url));
  const rollupOptions = { input, output: { entryFileNames: 'child.mjs' } };
  await build({ configFile: false, logLevel: 'warn', build: { ssr: true, target: 'node20', outDir, rollupOptions } });
  return `${outDir}/child.mjs`;
}
