import { expect, test } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill, treeOf } from '../../support/sim-image.ts';
import { tried } from '../../support/tried.ts';
import { openList, sameTree } from './oracle.ts';
import { workloads } from './workloads.ts';

const reading = ['open', 'read', 'readdir', 'lstat', 'stat', 'size', 'info', 'tryLock'];

async function usedStore(): Promise<SimFs> {
  const run = await workloads['checkpoints that clean the log']();
  return run.fs;
}

test.for(['EIO', 'EACCES', 'EMFILE'])(
  '%s at any call of an opening is an I/O error: no file is touched, and the next opening works',
  async (errno, context) => {
    const used = await usedStore();
    let trials = 0;
    for (let nth = 1; ; nth++) {
      const fs = new SimFs(imageAfterKill(used.root));
      const before = treeOf(fs.root);
      fs.inject({ nth, errno, match: (op) => reading.includes(op.kind) });
      const failure: unknown = await openList(fs, 7).then(
        (store) => store.close(),
        (error: unknown) => error,
      );
      const hit = fs.log.find((op) => op.result === errno);
      if (hit === undefined) break;
      trials++;
      const what = `${hit.kind} ${hit.path}`;
      expect(failure, what).toBeInstanceOf(WalqError);
      expect(failure, what).toMatchObject({ exit: 74, code: expect.stringMatching(/^E_(READ|IO)$/) });
      expect(() => sameTree(what, before, treeOf(fs.root))).not.toThrow();
      const store = await openList(fs, 8);
      expect(store.machine.items.length, what).toBe(7);
      await store.close();
    }
    expect(trials).toBeGreaterThan(25);
    tried(context, 'read-error', { [`${errno}: I/O error, nothing touched`]: trials });
  },
);

test.for([1, 7])('reads cut short to %i bytes are read on', async (short, context) => {
  const used = await usedStore();
  const fs = new SimFs(imageAfterKill(used.root));
  fs.inject({ nth: 1, short, persistent: true, match: (op) => op.kind === 'read' });
  const store = await openList(fs, 7);
  expect(store.machine.items.length).toBe(7);
  expect(store.recovery.findings).toEqual([]);
  await store.close();
  tried(context, 'read-error', { 'short reads, read on': 1 });
});
