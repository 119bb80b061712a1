import { expect, onTestFinished, test } from 'vitest';
import type { CommandContext } from '../../src/commands/context.ts';
import { openLog } from '../../src/commands/log-source.ts';
import { resolveSelector } from '../../src/commands/resolve.ts';
import { salvageStore } from '../../src/commands/salvage.ts';
import { goBack, type NamedSnapshot, restoreSnapshot, withSnapshot } from '../../src/commands/snapshot-restore.ts';
import { showSnapshot } from '../../src/commands/snapshot-show.ts';
import { listStoreSnapshots } from '../../src/commands/snapshots.ts';
import { verifyPath } from '../../src/commands/verify.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import type { FileSystem } from '../../src/fs/types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { openStore } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { scratch } from '../cli/run-walq.ts';
import { enqueue } from '../queue/support/machines.ts';
import { contextIn } from '../support/command-context.ts';
import { simEnv } from '../support/env.ts';

/**
 * A store whose log begins after its one snapshot. The reader's `nth` opening of it comes after a writer has put a
 * newer one in its place; it must have come to that.
 */
async function readerBeside(nth: number): Promise<{ dir: string; context: CommandContext }> {
  const dir = `${scratch()}/store`;
  const env = { ...simEnv(), fs: nodeFs };
  const write = async (id: string): Promise<void> => {
    const store = await openStore(env, dir, { machine: () => new QueueMachine(), create: true });
    await store.append(packed([encodeEvent(enqueue(id))]));
    await store.rotate();
    await store.checkpoint({ keep: 1 });
    await store.append(packed([encodeEvent(enqueue(`${id}, more`))]));
    await store.close();
  };
  await write('first');
  let opened = 0;
  const open: FileSystem['open'] = async (path, mode, options) => {
    if (path.endsWith('01.snap') && ++opened === nth) await write('second');
    return await nodeFs.open(path, mode, options);
  };
  onTestFinished(() => expect(opened).toBeGreaterThanOrEqual(nth));
  return { dir, context: contextIn({ ...env, fs: { ...nodeFs, open } }) };
}

test('snapshots that a writer replaces between listing and reading are listed as they are then', async () => {
  // A look at its header comes first.
  const { dir, context } = await readerBeside(2);
  const { snapshots } = await listStoreSnapshots(context, dir);
  expect(snapshots.map(({ seq, summary }) => [seq, summary?.seq])).toEqual([[3, 3]]);
});

test('@snap is the snapshot that is there, though the one that was listed went', async () => {
  const { dir, context } = await readerBeside(1);
  const log = openLog(context, { kind: 'store', path: dir });
  expect(await resolveSelector({ kind: 'snap' }, log.look(), 'end')).toBe(3);
});

const named = <T>(context: CommandContext, dir: string, use: (snapshot: NamedSnapshot) => Promise<T>): Promise<T> =>
  withSnapshot(context, [dir], use);

/** How often each opens the snapshot, and what it says of a store that is whole. */
const looks: [string, number, (context: CommandContext, dir: string) => Promise<unknown>, unknown][] = [
  [
    'wal verify --deep',
    4,
    (context, dir) => verifyPath(context, dir, true),
    { verdict: 'clean', deep: { applied: expect.any(Number) } },
  ],
  ['snapshot show', 3, (context, dir) => showSnapshot(context, dir), { seq: 3, verdict: 'clean' }],
  [
    'the plan of a restore in place',
    5,
    (context, dir) => named(context, dir, (at) => goBack(context, dir, { snapshot: at.relativeName }, false)),
    { plan: { seq: 3, leaves: [] } },
  ],
  [
    'a restore into a new store',
    3,
    (context, dir) => named(context, dir, (at) => restoreSnapshot(context, at, `${dir}-new`)),
    { seq: 3 },
  ],
  [
    'the plan of a salvage',
    4,
    (context, dir) => salvageStore(context, { store: dir, to: `${dir}-new`, apply: false }),
    { plan: { seqFirst: 4, lost: [], snapshots: [{ seq: 3 }] } },
  ],
];

const moments = looks.flatMap(([name, openings, look, said]) =>
  Array.from({ length: openings }, (_, at) => [name, at + 1, look, said] as const),
);

test.each(moments)('%s is none the wiser when the snapshot goes before its opening %i', async (_, nth, look, said) => {
  const { dir, context } = await readerBeside(nth);
  expect(await look(context, dir)).toMatchObject(said as object);
});
