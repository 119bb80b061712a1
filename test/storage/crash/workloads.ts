import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterPowerLoss } from '../../support/sim-image.ts';
import { item, Run } from './run.ts';

/** Holds two frames of a few hundred bytes. */
export const smallSegmentBytes = 1200;

/** An empty store, closed and wholly on disk. */
export async function emptyStore(): Promise<SimFs> {
  const run = await new Run().open();
  await run.store.close();
  return new SimFs(imageAfterPowerLoss(run.fs.root, () => true));
}

/** Short histories, each of which leaves a crash point behind every operation. They begin on an empty store. */
export const workloads = {
  async 'three appends and a batch'(): Promise<Run> {
    const run = await start();
    for (const number of [1, 2, 3]) await run.append(item(number, 60));
    await run.append(item(4), item(5, 900), item(6));
    await run.store.close();
    return run;
  },
  async 'operations that share a sync'(): Promise<Run> {
    const run = await start();
    await run.append(item(1));
    await run.appendTogether(item(2, 300), item(3, 300), item(4, 300));
    await run.appendTogether(item(5), item(6));
    return run;
  },
  async 'operations of which one half is answered while the other is synced'(): Promise<Run> {
    const run = await start({ overlap: true, segmentBytes: smallSegmentBytes });
    await run.appendInParallel(4, 3, 200);
    const checkpoint = run.store.checkpoint({ keep: 1 });
    await run.appendInParallel(3, 2, 300);
    await checkpoint;
    await run.store.close();
    return run;
  },
  async 'appends that fill segments'(): Promise<Run> {
    const run = await start({ segmentBytes: smallSegmentBytes });
    for (const number of [1, 2, 3, 4, 5]) await run.append(item(number, 400));
    await run.store.close();
    return run;
  },
  async 'appends with zeros ahead of the log'(): Promise<Run> {
    const run = await start({ aheadBytes: 1000 });
    await run.append(item(1, 40));
    await run.append(item(2, 400));
    await run.append(item(3, 400));
    await run.append(item(4, 600));
    await run.append(item(5, 20));
    await run.store.close();
    await run.open({ aheadBytes: 1000 });
    await run.append(item(6, 100));
    return run;
  },
  async 'segments that fill, with zeros ahead of the log'(): Promise<Run> {
    const run = await start({ segmentBytes: smallSegmentBytes, aheadBytes: 700 });
    for (const number of [1, 2, 3, 4, 5]) await run.append(item(number, 300));
    await run.store.checkpoint({ keep: 1 });
    await run.append(item(6, 300));
    await run.store.close();
    return run;
  },
  async 'a checkpoint between appends'(): Promise<Run> {
    const run = await start();
    await run.append(item(1), item(2));
    await run.store.checkpoint();
    await run.append(item(3));
    await run.store.close();
    return run;
  },
  async 'checkpoints that clean the log'(): Promise<Run> {
    const run = await start({ segmentBytes: smallSegmentBytes });
    for (const number of [1, 2, 3, 4]) await run.append(item(number, 400));
    await run.store.checkpoint({ keep: 1 });
    for (const number of [5, 6, 7]) await run.append(item(number, 400));
    await run.store.checkpoint({ keep: 1 });
    return run;
  },
  async 'a checkpoint while appends go on'(): Promise<Run> {
    const run = await start({ segmentBytes: smallSegmentBytes });
    await run.append(item(1, 400));
    const checkpoint = run.store.checkpoint({ keep: 1 });
    for (const number of [2, 3, 4]) await run.append(item(number, 400));
    await checkpoint;
    await run.append(item(5));
    return run;
  },
  async 'three checkpoints of which two are kept'(): Promise<Run> {
    const run = await start({ segmentBytes: smallSegmentBytes });
    for (const number of [1, 3, 5]) {
      await run.append(item(number, 700));
      await run.append(item(number + 1, 500));
      await run.store.checkpoint();
    }
    await run.store.close();
    return run;
  },
  async 'an opening whose first frame begins in the last bytes of a sector'(): Promise<Run> {
    const run = await start();
    await run.append(item(1, 226));
    await run.store.close();
    await run.open();
    await run.append(item(2, 100));
    return run;
  },
  async 'three openings, one without a write'(): Promise<Run> {
    const run = await start();
    await run.append(item(1));
    await run.store.close();
    await run.open();
    await run.store.close();
    await run.open();
    await run.append(item(2));
    await run.append(item(3));
    await run.store.close();
    return run;
  },
} as const;

export type Workload = keyof typeof workloads;

async function start(options?: Parameters<Run['open']>[0]): Promise<Run> {
  return await new Run(await emptyStore()).open(options);
}
