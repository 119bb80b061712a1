import { expect, onTestFinished, test } from 'vitest';
import type { CommandContext } from '../../src/commands/context.ts';
import { openLog } from '../../src/commands/log-source.ts';
import { resolveSelector } from '../../src/commands/resolve.ts';
import { listStoreSnapshots } from '../../src/commands/snapshots.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import type { FileSystem } from '../../src/fs/types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { openStore } from '../../src/storage/store.ts';
import { scratch } from '../cli/run-walq.ts';
import { enqueue } from '../queue/support/machines.ts';
import { contextIn } from '../support/command-context.ts';
import { simEnv } from '../support/env.ts';

/**
 * A store with one snapshot. The reader's `nth` opening of it comes after a writer has put a newer one in its place; it
 * must have come to that.
 */
async function readerBeside(nth: number): Promise<{ dir: string; context: CommandContext }> {
  const dir = `${scratch()}/store`;
  const env = { ...simEnv(), fs: nodeFs };
  const write = async (id: string): Promise<void> => {
    const store = await openStore(env, dir, { machine: () => new QueueMachine(), create: true });
    await store.append([encodeEvent(enqueue(id))]);
    await store.checkpoint({ keep: 1 });
    await store.close();
  };
  await write('first');
  let opened = 0;
  const open: FileSystem['open'] = async (path, mode, options) => {
    if (path.endsWith('01.snap') && ++opened === nth) await write('second');
    return await nodeFs.open(path, mode, options);
  };
  onTestFinished(() => expect(opened).toBe(nth));
  return { dir, context: contextIn({ ...env, fs: { ...nodeFs, open } }) };
}

test('snapshots that a writer replaces between listing and reading are listed as they are then', async () => {
  // A look at its header comes first.
  const { dir, context } = await readerBeside(2);
  const { snapshots } = await listStoreSnapshots(context, dir);
  expect(snapshots.map(({ seq, summary }) => [seq, summary?.seq])).toEqual([[2, 2]]);
});

test('@snap is the snapshot that is there, though the one that was listed went', async () => {
  const { dir, context } = await readerBeside(1);
  const log = openLog(context, { kind: 'store', path: dir });
  expect(await resolveSelector({ kind: 'snap' }, log.look(), 'end')).toBe(2);
});
