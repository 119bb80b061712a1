import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { verifyStore } from '../../src/storage/read.ts';
import { replayTo } from '../../src/storage/replay.ts';
import { folderForAll, scratch } from '../cli/run-walq.ts';
import { ListMachine } from '../storage/crash/list-machine.ts';
import { everyOtherCall } from './calls.ts';
import { type Injection, runPlain, type Work } from './child-run.ts';

/** Stores that processes under a failing kernel work on, and what they hold afterwards. */

export const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
/** What the history leaves, and how many of its records its snapshot has. */
export const records = 8;
export const inSnapshot = 6;

/** Names and content of all that is the store's: LOCK is written by whoever looks whether it is free. */
export function filesOf(dir: string): Record<string, string> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8', withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== 'LOCK' && !entry.parentPath.endsWith('quarantine'),
  );
  const files = names.map(({ parentPath, name }) => `${parentPath}/${name}`);
  return Object.fromEntries(files.map((path) => [path.slice(dir.length), readFileSync(path, 'hex')]));
}

/** A clean store with the first so many records. */
export async function mustHold(dir: string, count: number, what: string): Promise<void> {
  expect((await verifyStore(env, dir)).verdict, what).toBe('clean');
  const { machine } = await replayTo(env, dir, () => new ListMachine());
  expect(
    machine.items.map((text) => Number(text.split(' ')[0])),
    what,
  ).toEqual(Array.from({ length: count }, (_, index) => index + 1));
}

type Prepare = (dir: string) => void | Promise<void>;
const wholes = folderForAll();
const made = new Map<Prepare, Promise<string>>();
const asItIs: Prepare = () => {};

async function makeWhole(prepare: Prepare): Promise<string> {
  const dir = `${wholes}/${made.size}`;
  expect(await runPlain(dir, 'history')).toMatchObject({ acked: records, refusals: [] });
  await prepare(dir);
  return dir;
}

/** A process at work on a copy of a store with a history, for each call that is hit: every third. */
export async function hit(work: Work, injection: Pick<Injection, 'call' | 'what'>, prepare = asItIs) {
  const known = made.get(prepare) ?? makeWhole(prepare);
  made.set(prepare, known);
  const whole = await known;
  const cases = everyOtherCall(scratch(), { ...injection, threads: 'all' }, work, (dir) =>
    cpSync(whole, dir, { recursive: true }),
  );
  return { cases, before: filesOf(whole) };
}
