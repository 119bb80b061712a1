import { compactStore } from '../../../src/storage/compact.ts';
import { bytesOf, putFile } from '../../support/sim-edit.ts';
import { repair, trimming } from '../repair/support.ts';
import { item, type Run, storeDir } from './run.ts';
import { smallSegmentBytes } from './workloads.ts';

/** Small segments, so that a few records fill them. */
export const stepOptions = { segmentBytes: smallSegmentBytes, keepSnapshots: 1 };

/** What an open store may be asked for, and what happens between two of its lives. Each leaves it open. */
export const steps = {
  append: (run) => run.append(item(run.issued.length + 1, 300)),
  batch: (run) => {
    const next = run.issued.length + 1;
    return run.append(item(next), item(next + 1, 700), item(next + 2));
  },
  rotate: (run) => run.store.rotate(),
  snapshot: (run) => run.store.checkpoint(),
  compact: (run) => compactStore(run.env, run.store, { keep: 1 }),
  /** Of a last segment that a write was begun in. */
  async repair(run) {
    await run.store.close();
    const names = (await run.fs.readdir(`${storeDir}/wal`)).filter((name) => name.endsWith('.wal'));
    const path = `${storeDir}/wal/${names.at(-1)}`;
    putFile(run.fs, path, Buffer.concat([bytesOf(run.fs, path), Buffer.alloc(30, 7)]));
    await repair(run.env, trimming, storeDir);
    await run.open(stepOptions);
  },
  async reopen(run) {
    await run.store.close();
    await run.open(stepOptions);
  },
} as const satisfies Record<string, (run: Run) => Promise<unknown>>;

export type Step = keyof typeof steps;
export const stepNames = Object.keys(steps) as Step[];
