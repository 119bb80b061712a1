import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { startVitest } from 'vitest/node';

/**
 * npm run reliability: runs the tests that try faults, gathers what each said with `tried` (test/support/tried.ts), and
 * writes docs/reliability.md. Exit 1, and no page, when a test fails.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

/** Test files that say what they tried. */
const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter((path) => /\btried(Crashes)?\(/.test(readFileSync(join(root, path), 'utf8')));

// Faults of the kernel at all calls, not at every third.
process.env.WALQ_EVERY_CALL = '1';

const trials = [];
const notRun = [];
const failed = [];
const reporter = {
  onTestCaseResult(test) {
    const { state } = test.result();
    const file = relative(root, test.module.moduleId);
    if (state === 'failed') failed.push(`${file}: ${test.fullName}`);
    if (state === 'skipped') notRun.push(`${file}: ${test.name}`);
    if (state === 'passed') for (const trial of test.meta().tried ?? []) trials.push({ ...trial, file });
  },
};
const vitest = await startVitest('test', files, { root, watch: false, reporters: ['default', reporter] });
const unhandled = vitest.state.getUnhandledErrors().length;
await vitest.close();

if (failed.length > 0 || unhandled > 0) {
  console.log(`no page: ${failed.length} tests failed, ${unhandled} errors beside them\n${failed.join('\n')}`);
  process.exitCode = 1;
} else {
  const server = { middlewareMode: true, hmr: false, ws: false, watch: null };
  const vite = await createServer({ root, configFile: false, logLevel: 'error', server, appType: 'custom' });
  const { reliabilityPage } = await vite.ssrLoadModule('/test/support/reliability-page.ts');
  const { faultTable } = await vite.ssrLoadModule('/test/support/fault-table.ts');
  await vite.close();
  // In the order of names: not of who was done first.
  trials.sort((a, b) => (a.file < b.file ? -1 : 1));
  const machine = `${process.platform} ${process.arch}, Node ${process.version}`;
  writeFileSync(page, reliabilityPage(faultTable, { trials, notRun: notRun.sort(), machine }));
  console.log(
    `${trials.length} trials of ${new Set(trials.map(({ fault }) => fault)).size} faults: docs/reliability.md`,
  );
  process.exitCode = 0;
}
