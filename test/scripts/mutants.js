import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jobMutants } from './mutants-jobs.js';
import { queueMutants } from './mutants-queue.js';
import { readingMutants } from './mutants-reading.js';
import { repairMutants } from './mutants-repair.js';
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
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('mutants-tester.js', import.meta.url));
const hungMs = 90_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
const folder = mkdtempSync(join(tmpdir(), 'walq-mutants-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) kill(child);
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

/** A folder of copied sources, and the process that runs tests in it. */
class Tester {
  constructor(number) {
    this.copy = copyOfSources(number);
  }

  /** @returns {Promise<import('./mutants-tester.js').Verdict | { outcome: 'hung', by: string }>} */
  async run(asked) {
    this.child ??= await startedIn(this.copy);
    const { child } = this;
    return await new Promise((resolve) => {
      const end = (verdict) => {
        clearTimeout(timer);
        child.off('message', end).off('exit', gone);
        resolve(verdict);
      };
      const gone = () => end({ outcome: 'broke', by: 'the tests ended their process' });
      const timer = setTimeout(() => {
        this.stop();
        end({ outcome: 'hung', by: `nothing after ${hungMs / 1000} s` });
      }, hungMs);
      child.on('message', end).on('exit', gone);
      child.send(asked);
    });
  }

  /** With all that it started. */
  stop() {
    if (this.child !== undefined) kill(this.child);
    this.child = undefined;
  }
}

/** In a group of its own, so that what it starts can be killed with it. */
async function startedIn(cwd) {
  const child = fork(program, { cwd, detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  running.add(child);
  await Promise.race([once(child, 'message'), once(child, 'exit').then(() => Promise.reject(new Error('no tester')))]);
  return child;
}

function kill(child) {
  running.delete(child);
  if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
}

/** @param {Tester} tester @param {Mutant} mutant */
async function tryMutant(tester, { file, edits, tests, only }) {
  const changed = join(tester.copy, file);
  const original = readFileSync(changed, 'utf8');
  let text = original;
  for (const [from, to] of edits) {
    const pieces = text.split(from);
    if (pieces.length !== 2) return { ok: false, what: `STALE: ${pieces.length - 1} places hold: ${from}` };
    text = pieces.join(to);
  }
  writeFileSync(changed, text);
  const { outcome, by } = await tester.run({ tests, only, changed });
  writeFileSync(changed, original);
  if (outcome === 'failed') return { ok: true, what: `caught by: ${by}` };
  return { ok: false, what: outcome === 'passed' ? 'SURVIVED' : `${outcome}, not by an assertion: ${by}` };
}

/** The tests of mutants say something only if they pass without them. */
async function tryUnchanged(tester, asked) {
  const { outcome, by } = await tester.run(asked);
  return { ok: outcome === 'passed', what: outcome === 'passed' ? 'passes' : `${outcome}: ${by}` };
}

/** Each file of tests once, with all that mutants want of it. */
function unchanged(mutants) {
  const files = new Set(mutants.flatMap(({ tests }) => tests));
  return [...files].map((file) => {
    const wanted = new Set(mutants.filter(({ tests }) => tests.includes(file)).map(({ only }) => only));
    return { tests: [file], only: wanted.has(undefined) ? undefined : `(${[...wanted].join(')|(')})` };
  });
}

const words = process.argv.slice(2);
const mutants = [
  ...writingMutants,
  ...snapshotMutants,
  ...takingMutants,
  ...readingMutants,
  ...repairMutants,
  ...queueMutants,
  ...jobMutants,
  ...whereMutants,
].filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const files = unchanged(mutants);
const tasks = [
  ...files.map((asked) => ({ name: asked.tests[0], kind: 'unchanged', run: (tester) => tryUnchanged(tester, asked) })),
  ...mutants.map((mutant) => ({
    name: `${mutant.name}  (${mutant.property})`,
    kind: 'mutant',
    run: (tester) => tryMutant(tester, mutant),
  })),
];
let bad = 0;
const started = performance.now();

async function worker(number) {
  const tester = new Tester(number);
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
    const begun = performance.now();
    const { ok, what } = await task.run(tester);
    if (!ok) bad++;
    const seconds = `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    console.log(`${ok ? 'ok  ' : 'BAD '} ${task.kind}  ${seconds.padStart(7)}  ${task.name}\n          ${what}`);
  }
  tester.stop();
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, (_, number) => worker(number)));
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`${mutants.length} mutants, ${files.length} files of tests, ${bad} bad, ${seconds} s`);
process.exitCode = bad === 0 && mutants.length > 0 ? 0 : 1;
