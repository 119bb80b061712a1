import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { openQueue } from '../../src/index.ts';
import { folderForAll } from '../cli/run-walq.ts';
import { until } from '../queue/process/helpers.ts';
import { tried } from '../support/tried.ts';

/** A queue on a file system of 4 MB, until the kernel says that it is full; then there is room again. */

const disk = folderForAll();
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'walq-test', disk]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', disk]);
});
const orNotRun = mounted ? '' : 'NOT RUN, only root can mount a small disk: ';

test.skipIf(!mounted)(
  `${orNotRun}a full disk refuses jobs, keeps what handlers have done, and goes on when there is room`,
  async (context) => {
    const ballast = `${disk}/ballast`;
    writeFileSync(ballast, Buffer.alloc(1_500_000, 1));
    const dir = `${disk}/store`;
    const queue = await openQueue(dir, { segmentBytes: 256 * 1024, keepSnapshots: 1 });
    const acknowledged: string[] = [];
    const refusals: Record<string, number> = {};
    const ask = (bytes: number): Promise<boolean> =>
      queue.enqueue('fill', 'x'.repeat(bytes)).then(
        ({ id }) => acknowledged.push(id) > 0,
        (error: { code: string }) => {
          refusals[error.code] = (refusals[error.code] ?? 0) + 1;
          return false;
        },
      );
    // Ever smaller jobs, so that the last ones leave no room for a verdict either.
    for (const bytes of [60_000, 5000, 300, 1]) while (await ask(bytes));
    expect(refusals).toEqual({ E_NO_SPACE: 4 });

    const runs = new Map<string, number>();
    const worker = queue.work(async ({ id }) => {
      runs.set(id, (runs.get(id) ?? 0) + 1);
    });
    // It cannot even begin one: there is no room for a DISPATCH.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(runs.size).toBe(0);
    rmSync(ballast);
    expect(await ask(1)).toBe(true);
    await until(() => runs.size >= 5, 'handlers are at work');

    // Again, now with handlers whose verdicts have to wait.
    writeFileSync(ballast, '');
    spawnSync('sh', ['-c', `cat /dev/zero > ${ballast}`]);
    await ask(60_000);
    rmSync(ballast);
    await until(() => queue.counts().completed === acknowledged.length, 'all are done');
    await worker.stop();
    await queue.close();

    await using again = await openQueue(dir);
    expect(again.counts()).toMatchObject({ completed: acknowledged.length, pending: 0, in_flight: 0, dead: 0 });
    for (const id of acknowledged) expect(again.get(id)?.state, id).toBe('completed');
    expect([...runs.values()].filter((times) => times !== 1)).toEqual([]);
    expect(runs.size).toBe(acknowledged.length);
    tried(context, 'disk-full', refusals);
  },
);
