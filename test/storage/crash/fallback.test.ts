import { expect, test } from 'vitest';
import { bytesOf, putFile } from '../../support/sim-edit.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { tried } from '../../support/tried.ts';
import { openList } from './oracle.ts';
import { storeDir } from './run.ts';
import { smallSegmentBytes, workloads } from './workloads.ts';

test('with two snapshots kept, the newest may go bad at any time and nothing is lost', async (context) => {
  const run = await workloads['three checkpoints of which two are kept']();
  let checked = 0;
  for (const point of run.points) {
    const fs = new SimFs(imageAfterKill(point.fs.root));
    const folder = `${storeDir}/snapshots`;
    const snapshots = (await fs.readdir(folder)).filter((name) => name.endsWith('.snap'));
    const newest = snapshots.at(-1);
    if (newest === undefined || snapshots.length < 2) continue;
    const bytes = bytesOf(fs, `${folder}/${newest}`);
    bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
    putFile(fs, `${folder}/${newest}`, bytes);
    const opening = openList(fs, 9, { segmentBytes: smallSegmentBytes });
    await expect(opening, point.label).resolves.toBeDefined();
    const store = await opening;
    expect(store.machine.items.length, point.label).toBeGreaterThanOrEqual(point.acked);
    expect(store.machine.items, point.label).toEqual(point.issued.slice(0, store.machine.items.length));
    expect(
      store.recovery.findings.some(({ severity }) => severity === 'degraded'),
      point.label,
    ).toBe(true);
    await store.close();
    checked++;
  }
  expect(checked).toBeGreaterThan(20);
  tried(context, 'bad-snapshot', { 'same state, degraded': checked });
});
