import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jobMutants } from './mutants-jobs.js';
import { queueMutants } from './mutants-queue.js';
import { readingMutants } from './mutants-reading.js';
import { snapshotMutants } from './mutants-snapshots.js';
import { takingMutants } from './mutants-taking.js';
import { whereMutants } from './mutants-where.js';
import { writingMutants } from './mutants-writing.js';

/**
 * npm run mutants [-- WORD...]: are the tests able to fail? Takes one property after the other out of a copy of the
 * sources and demands that the tests named for it fail, by an assertion. With words: those mutants whose name holds one
 * of them. Exit 1 when a mutant survives, breaks the tests in another way, or no longer fits the source.
 *
 * A mutant is a list of exact replacements in one file. `only` is a pattern of test names, where the file is long.
 *
 * @typedef {object} Mutant
 * @property {string} name
 * @property {string} property What is taken out.
 * @property {string} file
 * @property {[from: string, to: string][]} edits Each `from` occurs exactly once.
 * @property {string[]} tests Files.
 * @property {string} [only] A pattern of test names.
 *
 * @typedef {{ outcome: 'passed' | 'failed' | 'broke' | 'hung', by: string }} Verdict
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const hungMs = 90_000;
/** What `expect` throws; of promises that settle the wrong way it says so in a plain Error. */
const assertion = /^(AssertionError|Error: promise (resolved|rejected) )/;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
const folder = mkdtempSync(join(tmpdir(), 'walq-mutants-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) child.kill('SIGKILL');
    process.exit(130);
  });
}

/** The sources and tests, as they are, in a folder of their own. */
function copyOfSources(number) {
  const copy = join(folder, String(number));
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** @returns {Promise<Verdict>} */
async function runTests(copy, { tests, only }) {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const options = [
    '--reporter=json',
    `--outputFile=${report}`,
    '--bail=1',
    '--maxWorkers=1',
    '--passWithNoTests=false',
  ];
  const filter = only === undefined ? [] : ['-t', only];
  const child = spawn(process.execPath, [vitest, 'run', ...tests, ...filter, ...options], {
    cwd: copy,
    stdio: 'ignore',
  });
  running.add(child);
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, hungMs);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  running.delete(child);
  if (hung) return { outcome: 'hung', by: `nothing after ${hungMs / 1000} s` };
  return verdictOf(JSON.parse(readFileSync(report, 'utf8')));
}

/** @returns {Verdict} */
function verdictOf(report) {
  const results = report.testResults.flatMap((file) => file.assertionResults);
  const failed = results.filter((result) => result.status === 'failed');
  const asserted = failed.find((result) => result.failureMessages.some((message) => assertion.test(message)));
  if (asserted !== undefined) return { outcome: 'failed', by: asserted.fullName };
  const [first] = failed;
  if (first !== undefined)
    return { outcome: 'broke', by: `${first.fullName}: ${first.failureMessages[0]?.split('\n')[0]}` };
  const broken = report.testResults.find((file) => file.status === 'failed');
  if (broken !== undefined) return { outcome: 'broke', by: broken.message };
  return {
    outcome: results.some((result) => result.status === 'passed') ? 'passed' : 'broke',
    by: 'no test of that name',
  };
}

/** @param {Mutant} mutant */
async function tryMutant(copy, mutant) {
  const path = join(copy, mutant.file);
  const original = readFileSync(path, 'utf8');
  let text = original;
  for (const [from, to] of mutant.edits) {
    const pieces = text.split(from);
    if (pieces.length !== 2) return { ok: false, what: `STALE: ${pieces.length - 1} places hold: ${from}` };
    text = pieces.join(to);
  }
  writeFileSync(path, text);
  try {
    const { outcome, by } = await runTests(copy, mutant);
    if (outcome === 'failed') return { ok: true, what: `caught by: ${by}` };
    return { ok: false, what: outcome === 'passed' ? 'SURVIVED' : `${outcome}, not by an assertion: ${by}` };
  } finally {
    writeFileSync(path, original);
  }
}

/** The tests of a mutant say something only if they pass without it. */
async function tryUnchanged(copy, mutant) {
  const { outcome, by } = await runTests(copy, mutant);
  return { ok: outcome === 'passed', what: outcome === 'passed' ? 'passes' : `${outcome}: ${by}` };
}

const words = process.argv.slice(2);
const mutants = [
  ...writingMutants,
  ...snapshotMutants,
  ...takingMutants,
  ...readingMutants,
  ...queueMutants,
  ...jobMutants,
  ...whereMutants,
].filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const suites = new Map(mutants.map((mutant) => [`${mutant.tests.join(' ')} ${mutant.only ?? ''}`.trim(), mutant]));
const tasks = [
  ...[...suites].map(([name, mutant]) => ({ name, kind: 'unchanged', run: (copy) => tryUnchanged(copy, mutant) })),
  ...mutants.map((mutant) => ({
    name: `${mutant.name}  (${mutant.property})`,
    kind: 'mutant',
    run: (copy) => tryMutant(copy, mutant),
  })),
];
let bad = 0;
const started = performance.now();

async function worker(number) {
  const copy = copyOfSources(number);
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
    const begun = performance.now();
    const { ok, what } = await task.run(copy);
    if (!ok) bad++;
    const seconds = `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    console.log(`${ok ? 'ok  ' : 'BAD '} ${task.kind}  ${seconds.padStart(7)}  ${task.name}\n          ${what}`);
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, (_, number) => worker(number)));
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`${mutants.length} mutants, ${suites.size} suites, ${bad} bad, ${seconds} s`);
process.exitCode = bad === 0 && mutants.length > 0 ? 0 : 1;
