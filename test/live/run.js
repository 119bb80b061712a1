// Readers in a loop beside a real writer that rotates, snapshots, cleans and compacts, and is killed now and then:
//
//   npm run live -- --minutes 10 --seed 1        (or --seconds 5, --json, --only verify,backup)
//
// No look may see damage, a hole or an old state, none may write, and every copy is a whole prefix or refused. Each
// life of the writer is a new store. Ends with 1 and the broken rule, and the seed to see it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { looks } from './looks.js';
import { seeded } from './seeded.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const random = seeded(seed);
const totalMs = 1000 * (values.minutes === undefined ? Number(values.seconds) : 60 * Number(values.minutes));
const endAt = Date.now() + totalMs;
const allKinds = values.only?.split(',') ?? Object.keys(looks);
const writerFile = fileURLToPath(new URL('writer.js', import.meta.url));
const binary = fileURLToPath(new URL('../../bin/walq.cjs', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'walq-live-'));
/** look -> outcome -> how often */
const counts = {};
let lives = 0;
let records = 0;
let cleaned = 0;

/** Names, sizes and times of what a writer does not touch any more, and of the lock: nobody else may either. */
function untouchable(dir) {
  const facts = new Map();
  const note = (path) => {
    const { ino, size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (ino !== undefined) facts.set(path, `${ino} ${size} ${mtimeMs}`);
  };
  const wal = readdirSync(join(dir, 'wal')).filter((name) => name.endsWith('.wal'));
  // The one before the last may still get its SEAL.
  for (const name of wal.sort().slice(0, -2)) note(join(dir, 'wal', name));
  for (const name of readdirSync(join(dir, 'snapshots')))
    if (name.endsWith('.snap')) note(join(dir, 'snapshots', name));
  for (const name of ['LOCK', 'STORE.json']) note(join(dir, name));
  return facts;
}

const known = new Set(['HEAD', 'LOCK', 'STORE.json', 'snapshots', 'wal', 'HEAD.tmp', 'STORE.json.tmp', 'CREATING']);

async function look(kind, dir, answered, number) {
  const before = untouchable(dir);
  const place = join(base, `copy-${lives}-${number}`);
  const outcome = await looks[kind](dir, { answered, place, number });
  rmSync(place, { recursive: true, force: true });
  for (const [path, facts] of untouchable(dir)) {
    if (before.has(path) && before.get(path) !== facts) throw new Error(`${kind} wrote to ${path}`);
  }
  const strange = readdirSync(dir).filter((name) => !known.has(name));
  if (strange.length > 0) throw new Error(`${kind} left ${strange.join(', ')} in the store`);
  counts[kind] ??= {};
  counts[kind][outcome] = (counts[kind][outcome] ?? 0) + 1;
}

function kindsOf(isQueue) {
  return allKinds.filter((kind) => (kind === 'commandLine') === isQueue);
}

/** A store of records that follow each other, or a queue for the commands. */
function startWriter(dir, isQueue) {
  const args = isQueue
    ? [binary, 'demo', '--load', dir, '--jobs', '10000000', '--snapshot-every', String(200 + random(1500))]
    : [writerFile, dir, String(random(2 ** 31))];
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function oneLife() {
  const isQueue = kindsOf(true).length > 0 && (kindsOf(false).length === 0 || lives % 3 === 2);
  const kinds = kindsOf(isQueue);
  const dir = join(base, `store-${++lives}`);
  const writer = startWriter(dir, isQueue);
  const ended = once(writer, 'close');
  let answered = 0;
  writer.stdout.on('data', (chunk) => {
    answered = Number(String(chunk).trimEnd().split('\n').at(-1)) || answered;
  });
  try {
    await Promise.race([once(writer.stdout, 'data'), ended]);
    const untilMs = Date.now() + Math.min(totalMs / 3, 2000 + random(15_000));
    for (let number = 0; Date.now() < untilMs || number < kinds.length; number++) {
      await look(kinds[number % kinds.length], dir, () => answered, number);
      if (writer.exitCode !== null) throw new Error(`the writer ended with ${writer.exitCode}`);
    }
    records += answered;
    if (!readdirSync(join(dir, 'wal')).some((name) => name.startsWith('0000000001-'))) cleaned++;
    writer.kill('SIGKILL');
    await ended;
    // What it left behind is no damage either.
    if (kinds.includes('backup')) await look('backup', dir, () => answered, 'last');
  } finally {
    writer.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  }
}

let broken;
try {
  do await oneLife();
  while (Date.now() < endAt || lives < 3);
} catch (error) {
  broken = error;
} finally {
  rmSync(base, { recursive: true, force: true });
}
const result = { seed, lives, cleaned, records, counts, ...(broken && { broken: String(broken?.stack ?? broken) }) };
process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
process.exitCode = broken === undefined ? 0 : 1;
