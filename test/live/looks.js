// What a reader may do beside a writer. Each look throws when a rule is broken, and answers with the outcome to count.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock, systemRandom } from '../../build/base/node-clock.js';
import { nodeFs } from '../../build/fs/node-fs.js';
import { backupStore } from '../../build/storage/backup.js';
import { scanStore, verifyStore } from '../../build/storage/read.js';
import { replayTo } from '../../build/storage/replay.js';
import { openStore } from '../../build/storage/store.js';
import { ChainMachine, Prefixes } from './chain.js';

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
const binary = fileURLToPath(new URL('../../bin/walq.cjs', import.meta.url));
const make = () => new ChainMachine();
const prefixes = new Prefixes();

function demand(holds, what) {
  if (!holds) throw new Error(what);
}

function noAlarm(report) {
  const alarms = report.findings.filter(({ severity }) => severity !== 'note');
  demand(alarms.length === 0, `a false alarm: ${JSON.stringify(alarms)}`);
  // A busy writer has zeros ready behind its log.
  const { verdict = 'clean' } = report;
  demand(verdict === 'clean' || verdict === 'padded', `a false verdict: ${verdict}`);
}

/** A prefix of what was written, with all that had been answered before the look. */
function isPrefix({ count, hash }, answered) {
  demand(hash === prefixes.hash(count), `the state at ${count} is not that of the first ${count} records`);
  demand(count >= answered, `${answered} records were answered before the look, ${count} are seen`);
}

async function verify(dir, { answered }) {
  const before = answered();
  const report = await verifyStore(env, dir);
  noAlarm(report);
  const seen = report.seqLast ?? 0;
  demand(seen >= before || report.records === 0, `${before} records were answered, ${seen} are seen`);
  return 'clean';
}

async function scan(dir, { answered }) {
  const before = answered();
  let first = 0;
  let last = 0;
  const report = await scanStore(env, dir, {
    record: ({ seq }) => {
      demand(last === 0 || seq === last + 1, `record ${seq} comes after ${last}`);
      first ||= seq;
      last = seq;
    },
  });
  noAlarm(report);
  demand(last === 0 || last >= before, `${before} records were answered, ${last} are seen`);
  demand(report.records === (last === 0 ? 0 : last - first + 1), 'the report counts other records');
  return 'clean';
}

async function replay(dir, { answered }) {
  const before = answered();
  const result = await replayTo(env, dir, make);
  noAlarm(result);
  isPrefix(result.machine, before);
  return 'clean';
}

/** A backup is whole, verified, and opens as it says. */
async function backup(dir, { answered, place }) {
  const before = answered();
  const result = await backupStore(env, dir, place, make);
  noAlarm(result);
  const state = await opened(place);
  demand(state.count === result.seqLast, 'the copy opens at another seq');
  isPrefix(state, before);
  return 'whole';
}

/** A plain copy opens as a whole prefix, or is refused: verify and opening agree, and name the reason. */
async function plainCopy(dir, { answered, place }) {
  const before = answered();
  const { code: copied } = await run('cp', ['-r', dir, place]);
  const report = await verifyStore(env, place);
  try {
    isPrefix(await opened(place), before);
  } catch (error) {
    demand(error?.name === 'WalqError', `a copy broke it: ${error?.stack}`);
    demand(error.exit === 3, `refused with exit ${error.exit}: ${error.message}`);
    demand(['corrupt', 'no base', 'ambiguous'].includes(report.verdict), `refused, but verify says ${report.verdict}`);
    return `refused ${error.code}`;
  }
  demand(['clean', 'padded', 'torn', 'degraded'].includes(report.verdict), `opens, but verify says ${report.verdict}`);
  return copied === 0 ? 'opens' : 'opens, although cp missed files';
}

async function opened(dir) {
  const store = await openStore(env, dir, { machine: make });
  const { count, hash } = store.machine;
  await store.close();
  return { count, hash };
}

const commands = [
  (store) => ['wal', 'verify', store],
  (store) => ['wal', 'inspect', store],
  (store) => ['wal', 'replay', store],
  (store) => ['wal', 'diff', store, '@snap'],
  (store) => ['wal', 'diff', store, '--with', store],
  (store) => ['queue', 'status', '--store', store],
  (store) => ['doctor', store],
  (store) => ['backup', store, `${store}.copy`],
];

/** The command line, as a process of its own, on a queue. */
async function commandLine(dir, { number }) {
  const args = commands[number % commands.length](dir);
  const { code, stderr } = await run(process.execPath, [binary, ...args]);
  rmSync(`${dir}.copy`, { recursive: true, force: true });
  // Right after a cleaning the log may hold no event: then inspect has found nothing. Before the first one there is no
  // snapshot.
  const finds = !(code === 1 && stderr.includes('E_NO_MATCH')) && !(code === 2 && stderr.includes('@snap names no'));
  demand(code === 0 || !finds, `walq ${args.join(' ')} ended with ${code}: ${stderr}`);
  return args.slice(0, args[0] === 'backup' || args[0] === 'doctor' ? 1 : 2).join(' ');
}

export const looks = { verify, scan, replay, backup, plainCopy, commandLine };

function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stderr }));
  });
}
