import { expect, test } from 'vitest';
import { removeFile } from '../../support/sim-edit.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill, treeOf } from '../../support/sim-image.ts';
import { isChange } from '../../support/sim-ops.ts';
import { tried } from '../../support/tried.ts';
import { openList, sameTree } from './oracle.ts';
import { item, Run, storeDir } from './run.ts';
import { emptyStore, smallSegmentBytes } from './workloads.ts';

/** Opens, fills three segments, takes a checkpoint that cleans. */
async function work(run: Run): Promise<void> {
  // A slow disk: its syncs are not waited for on the calling thread, so that they can be held.
  let ms = 0;
  run.env.clock.monotonic = () => (ms += 5);
  await run.open({ segmentBytes: smallSegmentBytes });
  for (const number of [1, 2, 3, 4, 5]) await run.append(item(number, 400));
  await run.store.checkpoint({ keep: 1 });
  await run.store.close();
}

test.for([
  ['', false],
  [', even if the LOCK file was deleted under the first', true],
] as const)(
  'a second writer is refused at every step of the first and changes nothing%s',
  async ([, deleted], context) => {
    const store = await emptyStore();
    const whole = new Run(new SimFs(imageAfterKill(store.root)));
    await work(whole);
    const opened = whole.fs.log.find((op) => op.path === 'opened')?.op ?? 0;
    const steps = whole.fs.log.filter((op) => isChange(op.kind) && op.op > opened);
    let tries = 0;
    for (const step of steps) {
      const fs = new SimFs(imageAfterKill(store.root));
      let answer = 'never tried';
      fs.hold = (record) => {
        if (record.op !== step.op) return undefined;
        if (deleted) removeFile(fs, `${storeDir}/LOCK`);
        return secondWriter(fs).then((result) => {
          answer = result;
          tries++;
        });
      };
      await work(new Run(fs).stop());
      if (answer !== 'never tried') expect(answer, `before ${step.kind} ${step.path}`).toBe('E_LOCKED');
    }
    // All but the writes made on the calling thread, which cannot be held.
    expect(tries).toBeGreaterThan(30);
    tried(context, 'two-writers', { 'second refused': tries });
  },
);

/** While the first writer stands still: what a second opening comes to. */
async function secondWriter(fs: SimFs): Promise<string> {
  const before = treeOf(fs.root);
  const answer = await openList(fs, 9).then(
    () => 'got in',
    (error: { code?: string }) => error.code ?? String(error),
  );
  sameTree('the second writer', before, treeOf(fs.root));
  return answer;
}

test('a second writer whose look is older than the last step of the first is refused and changes nothing', async () => {
  for (const appends of [1, 4]) {
    const store = await emptyStore();
    const fs = new SimFs(imageAfterKill(store.root));
    const first = await new Run(fs).stop().open({ segmentBytes: smallSegmentBytes });
    await first.append(item(1, 400));
    removeFile(fs, `${storeDir}/LOCK`);
    let before = treeOf(fs.root);
    // Its look is over when it asks for the lock of the segment it saw: only then the first one goes on, or ends.
    let locks = 0;
    fs.hold = (record) => {
      if (record.kind !== 'tryLock' || ++locks !== 2) return undefined;
      fs.hold = undefined;
      return (async () => {
        for (let number = 2; number < 2 + appends; number++) await first.append(item(number, 400));
        if (appends === 1) await first.store.close();
        before = treeOf(fs.root);
      })();
    };
    await expect(openList(fs, 9), `${appends} appends`).rejects.toMatchObject({ code: 'E_LOCKED' });
    expect(locks).toBe(2);
    sameTree('the second writer', before, treeOf(fs.root));
    if (appends !== 1) await first.store.close();
    const after = await openList(fs, 10);
    expect(after.machine.items.length).toBe(1 + appends);
    await after.close();
  }
});

test.for(['goes on', 'ends'])(
  'no step of a first writer that then %s looks like damage to a second one',
  async (then, context) => {
    let refused = 0;
    for (let step = 1; ; step++) {
      const fs = new SimFs(imageAfterKill((await emptyStore()).root));
      const first = await new Run(fs).stop().open({ segmentBytes: smallSegmentBytes });
      for (const number of [1, 2, 3]) await first.append(item(number, 400));
      removeFile(fs, `${storeDir}/LOCK`);
      let calls = 0;
      let before: ReturnType<typeof treeOf> | undefined;
      fs.hold = () => {
        if (++calls < step) return undefined;
        fs.hold = undefined;
        return (async () => {
          for (const number of [4, 5, 6]) await first.append(item(number, 400));
          await first.store.checkpoint({ keep: 1 });
          await first.append(item(7));
          if (then === 'ends') await first.store.close();
          before = treeOf(fs.root);
        })();
      };
      const second = await openList(fs, 9).catch((error: unknown) => error);
      if (before === undefined) break;
      if (then === 'goes on' || second instanceof Error) {
        expect(second, `step ${step}`).toMatchObject({ code: 'E_LOCKED', exit: 6 });
        sameTree('the second writer', before, treeOf(fs.root));
        refused++;
      } else expect(second, `step ${step}`).toMatchObject({ machine: { items: { length: 7 } } });
      if (then === 'goes on') await first.store.close();
    }
    expect(refused).toBeGreaterThan(then === 'ends' ? 5 : 20);
    tried(context, 'two-writers', { 'second refused': refused });
  },
);
