import { rmSync } from 'node:fs';
import { verifyStore } from '../../build/storage/read.js';
import { env } from './env.js';
import { walBytes } from './log-store.js';
import { mustEqual, rounds } from './measure.js';
import { writeAndSync } from './raw.js';

/**
 * A row about durable writes. `write(dir, round)` opens a store in `dir`, does `operations` of them, closes it, and
 * answers the milliseconds of the operations alone, the commits they shared, the records in the log, and the bytes of
 * those commits where that is not all of the log. The raw loop then writes as many buffers of the same mean size. The
 * bytes of a commit are only known after one run, so the first, uncounted round of walq comes first. `others`: more to
 * compare with.
 */
export async function durableRow({ folder, roundCount }, operations, write, others = {}) {
  let shape = await once(`${folder}/shape`, write, -2);
  const walq = async (round) => {
    shape = await once(`${folder}/round`, write, round);
    return (operations / shape.ms) * 1000;
  };
  const rawLoop = (blocking) => async () => {
    const ms = await writeAndSync(folder, shape.commitBytes, shape.commits, blocking);
    return (operations / ms) * 1000;
  };
  const ceilings = { raw: rawLoop(true), 'raw, not blocking': rawLoop(false), ...others };
  const measured = await rounds(roundCount, walq, ceilings);
  const { commits, commitBytes } = shape;
  return { ...measured, facts: { operations, commits, bytesPerCommit: commitBytes } };
}

async function once(dir, write, round) {
  try {
    const { ms, commits, records, bytes = walBytes(dir) } = await write(dir, round);
    const report = await verifyStore(env, dir);
    mustEqual(report.verdict, 'clean', 'verdict');
    mustEqual(report.findings.length, 0, 'findings');
    mustEqual(report.records, records, 'records in the log');
    return { ms, commits, commitBytes: Math.round(bytes / commits) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * `writers` at once, each asks again as soon as it is answered, until `total` operations are done: milliseconds, and
 * the answer to each.
 */
export async function inParallel(writers, total, operation) {
  const answers = new Array(total);
  let next = 0;
  const writer = async (_, slot) => {
    while (next < total) {
      const number = next++;
      answers[number] = await operation(number, slot);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: writers }, writer));
  return { ms: performance.now() - started, answers };
}
