// The benchmark: `npm run bench -- [--quick] [--check] [--only ROW,ROW] [--dry-run]`. docs/performance.md says what the
// rows mean.
//
// Each row runs in a process of its own, so that neither its heap nor what the compiler learnt comes from the row
// before it.
// With `--inline ROW` it runs in this process, for a profiler: `node --cpu-prof bench/run.js --inline verify`.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rows, sharingRows } from './rows.js';
import { describeMachine, freeBytes, load } from './support/machine.js';
import { roundsMin } from './support/measure.js';
import { linesOf, machineText, writeDocument } from './support/report.js';
import { readResults, resultOf, targetsOf, writeResult } from './support/results.js';

/** A row may lose this part of its share against the kept result before `--check` fails. */
const lossMax = 0.25;
const roomBytes = { full: 15e9, quick: 1e9 };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    only: { type: 'string' },
    inline: { type: 'string' },
    child: { type: 'string' },
    folder: { type: 'string' },
  },
});
const mode = options.quick ? 'quick' : 'full';

if (options.child !== undefined) {
  // Without this, a row whose suite was killed would go on alone.
  process.on('disconnect', () => process.exit());
  process.once('message', async (prepared) => process.send((await step(prepared)) ?? {}));
} else await inTempFolder(options.inline === undefined ? suite : inline);

/** Stores of one run lie in one folder, which goes away however the run ends. */
async function inTempFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'walq-bench-'));
  const clean = () => rmSync(folder, { recursive: true, force: true });
  process.on('exit', clean);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  await work(folder);
}

async function suite(folder) {
  const machine = describeMachine(folder);
  console.log(`${machineText({ ...machine, load: load() })}\n`);
  if (freeBytes(folder) < roomBytes[mode]) {
    throw new Error(
      `${folder} has less than ${roomBytes[mode] / 1e9} GB free; TMPDIR names another disk, --quick wants less`,
    );
  }
  const chosen = rows.filter((row) => options.only === undefined || options.only.split(',').includes(row.name));
  if (chosen.length === 0) throw new Error(`--only takes of: ${rows.map((row) => row.name).join(', ')}`);
  const losses = [];
  for (const row of chosen) {
    const result = await resultIn(row, folder, machine);
    console.log(linesOf(row.name, result));
    if (options.check) losses.push(...(await lossOf(row, result, folder, machine)));
    else if (!options['dry-run']) writeResult(row.name, mode, result);
  }
  if (!options.check && !options['dry-run'] && mode === 'full') {
    writeDocument(rows.flatMap(keptResult));
  }
  for (const loss of losses) console.log(`LOST ${loss}`);
  if (losses.length > 0) process.exitCode = 1;
}

/** The kept full result of a row, judged by the targets of today. */
function keptResult(row) {
  const { full } = readResults(row.name);
  return full === undefined ? [] : [{ ...full, targets: targetsOf(row, full) }];
}

async function resultIn(row, folder, machine) {
  const before = load();
  const own = ownFolder(row, folder);
  mkdirSync(own);
  const prepared = row.prepare ? await inChild(row, folder, {}) : {};
  const measured = await inChild(row, folder, { prepared });
  rmSync(own, { recursive: true, force: true });
  const around = { machine: { ...machine, load: Math.max(before, load()) }, measuredAt: new Date().toISOString() };
  return resultOf(row, measured, around);
}

/** One step of a row: what must be there first, or the measuring itself once that is done. */
function step(given) {
  const row = rowNamed(options.child);
  const context = contextOf(row, options.folder);
  return given.prepared === undefined ? row.prepare(context) : row.run({ ...context, prepared: given.prepared });
}

function inChild(row, folder, message) {
  const args = ['--child', row.name, '--folder', folder, ...(options.quick ? ['--quick'] : [])];
  return new Promise((done, fail) => {
    let answer;
    const child = fork(fileURLToPath(import.meta.url), args);
    child.on('message', (message) => {
      answer = message;
      child.disconnect();
    });
    child.send(message);
    child.on('error', fail);
    child.on('exit', (code) => (answer ? done(answer) : fail(new Error(`row ${row.name} failed (exit ${code})`))));
  });
}

/** Both steps of a row here. */
async function inline(shared) {
  const row = rowNamed(options.inline);
  mkdirSync(ownFolder(row, shared));
  const context = contextOf(row, shared);
  console.log(await row.run({ ...context, prepared: await row.prepare?.(context) }));
}

function rowNamed(name) {
  const row = rows.find((each) => each.name === name);
  if (row === undefined) throw new Error(`no row ${name}: ${rows.map((each) => each.name).join(', ')}`);
  return row;
}

/** Large logs are shared between rows; everything else goes away with its row. */
function contextOf(row, shared) {
  const folder = sharingRows.includes(row) ? shared : ownFolder(row, shared);
  return { folder, size: row.sizes[mode], roundCount: row.rounds ?? roundsMin };
}

function ownFolder(row, shared) {
  return join(shared, `row-${row.name}`);
}

/** A share may dip once on a busy machine: a row has lost when it does so twice. */
async function lossOf(row, result, folder, machine) {
  const kept = readResults(row.name)[mode];
  if (kept === undefined) return [`${row.name}: no kept ${mode} result to compare with`];
  const least = kept.share * (1 - lossMax);
  if (result.share >= least) return [];
  console.log(`${' '.repeat(16)}share ${result.share} against ${kept.share}: once more`);
  const again = await resultIn(row, folder, machine);
  console.log(linesOf(row.name, again));
  if (again.share >= least) return [];
  return [`${row.name}: share ${Math.max(result.share, again.share)}, kept ${kept.share}, least ${least.toFixed(3)}`];
}
