import { notFoundError, usageError } from '../../base/errors.ts';
import { shellPath } from '../../base/shell-word.ts';
import { verdictOf } from '../../storage/report.ts';
import { noStoreId } from '../../storage/store-file.ts';
import type { CommandContext } from '../context.ts';
import { ForeignIds } from '../foreign-ids.ts';
import { readForeignJobs } from '../foreign-replay.ts';
import { entriesOfForeign } from '../foreign-state.ts';
import { PointMachine } from '../point-machine.ts';
import { seqOf } from '../seq.ts';
import { nameSnapshot } from '../snapshot-restore.ts';
import { loadSnapshot } from '../snapshot-show.ts';
import { listStoreSnapshots, refuseLog } from '../snapshots.ts';
import { pathOrStore } from '../store-path.ts';
import { exists, isForeign, nameOf, openTarget, type Target } from '../target.ts';
import { type Difference, differenceOf, ofTwo } from './diff.ts';
import { type PointState, stateOfMachine } from './states.ts';

/** A snapshot as it was named: a path, or one of a store. */
type Named = { path: string } | { store: string; choice: string };

/**
 * `[STORE] A B`, where each is a file, a seq or @snap of the store, or `STORE@SEQ`; one of a store is compared with its
 * newest, a store alone is the two newest. Throws E_WRONG_TARGET, E_SELECTOR, E_USAGE (2), E_NO_SNAPSHOT, E_NO_TARGET
 * (1), and the damage of a snapshot (3).
 */
export async function diffSnapshots(context: CommandContext, args: readonly string[]): Promise<Difference> {
  const [a, b] = await namedBy(context, args);
  const before = await read(context, a);
  const after = await read(context, b);
  const [{ storeId, state: early }, { storeId: other, state: late }] = [before, after];
  const oneLog = storeId !== undefined && storeId === other && storeId !== noStoreId;
  if (!oneLog) return ofTwo(early, late);
  const backwards = Number(early.facts.seq) > Number(late.facts.seq);
  return differenceOf({ before: early, after: late, backwards }, false);
}

async function namedBy(context: CommandContext, args: readonly string[]): Promise<[Named, Named]> {
  const [first, ...rest] = args;
  const isStore = first !== undefined && (await isStoreAt(context, first)) && !(await allPaths(context, rest));
  const store = pathOrStore(context, isStore ? first : undefined);
  const words = isStore ? rest : args;
  const [a, b, extra] = words;
  if (extra !== undefined) throw usageError('E_USAGE', 'two snapshots are compared; there are more');
  if (a === undefined) return await twoNewest(context, store);
  const both: [Named, Named] = [
    await named(context, store, a),
    b === undefined ? { store, choice: 'snap' } : await named(context, store, b),
  ];
  // A store that was typed, and of which nothing is compared: nobody can say which is meant.
  const unused = both.find((each) => 'path' in each);
  if (unused !== undefined && both.every((each) => 'path' in each)) pathOrStore(context, unused.path);
  return both;
}

/** `STORE FILE` compares the newest snapshot of the store with the file. */
async function allPaths(context: CommandContext, words: readonly string[]): Promise<boolean> {
  const [only, more] = words;
  return only !== undefined && more === undefined && (await exists(context, only));
}

async function isStoreAt(context: CommandContext, path: string): Promise<boolean> {
  return (await exists(context, path)) && (await openTarget(context, path)).kind === 'store';
}

async function named(context: CommandContext, store: string, word: string): Promise<Named> {
  const isChoice = /^@?(snap|\d+)$/.test(word) && !(await exists(context, word));
  return isChoice ? { store, choice: word } : { path: word };
}

async function twoNewest(context: CommandContext, store: string): Promise<[Named, Named]> {
  const { snapshots } = await listStoreSnapshots(context, store);
  const [newest, older] = snapshots.filter(({ summary }) => summary !== undefined);
  if (newest !== undefined && older !== undefined) {
    return [
      { store, choice: String(older.seq) },
      { store, choice: String(newest.seq) },
    ];
  }
  throw notFoundError('E_NO_SNAPSHOT', `${store} has no two good snapshots to compare`, {
    data: { store, snapshots: snapshots.map(({ seq }) => seq) },
    next: `walq wal diff ${shellPath(store)} @snap`,
  });
}

interface Read {
  state: PointState;
  /** Of one of ours. */
  storeId?: string;
}

async function read(context: CommandContext, which: Named): Promise<Read> {
  if ('path' in which) {
    const target = await openPath(context, which.path);
    return isForeign(target) ? await readForeign(context, target) : await readOurs(context, target);
  }
  const { path } = await nameSnapshot(context, [which.store, which.choice.replace(/^@/, '')]);
  return await readOurs(context, { kind: 'snapshot', path });
}

/** `STORE@SEQ` too. */
async function openPath(context: CommandContext, word: string): Promise<Target> {
  const at = /^.+@(snap|\d+)$/.test(word) && !(await exists(context, word));
  const target = await openTarget(context, at ? (await nameSnapshot(context, [word])).path : word);
  refuseLog(target);
  return target;
}

async function readOurs(context: CommandContext, target: Target): Promise<Read> {
  const machine = new PointMachine();
  const { summary, findings } = await loadSnapshot(context, target, machine);
  const { seq, storeId, file, createdMs: atMs } = summary;
  const name = target.kind === 'store' ? { kind: 'snapshot' as const, path: `${target.path}/${file}` } : nameOf(target);
  const facts = { target: name, seq, atMs, replayed: 0 };
  const state = { facts, state: stateOfMachine(machine), verdict: verdictOf(findings), findings, whole: true };
  return { state, storeId };
}

async function readForeign(context: CommandContext, target: Target & { path: string }): Promise<Read> {
  const { jobs, summary } = await readForeignJobs(context, target);
  const machine = new PointMachine();
  const ids = new ForeignIds();
  for (const entry of entriesOfForeign(jobs, ids, 0)) machine.load(entry);
  const atMs = machine.lastMs;
  return {
    state: {
      facts: {
        target: nameOf(target),
        seq: summary.lastSeq && seqOf(summary.lastSeq),
        ...(atMs !== undefined && { atMs }),
        replayed: 0,
      },
      state: stateOfMachine(machine),
      verdict: verdictOf(summary.findings),
      findings: summary.findings,
      whole: true,
      originalId: (id) => ids.original(id),
    },
  };
}
