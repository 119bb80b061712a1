import { assert, refusedError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { writeError } from '../fs/failure.ts';
import { besideWriter } from './beside-writer.ts';
import { takeLock } from './lock.ts';
import { NewLog } from './new-log.ts';
import { verifyStore } from './read.ts';
import { runSalvage, type SalvagePlan } from './salvage.ts';
import type { SalvageItem } from './salvage-read.ts';
import { surveySalvage } from './salvage-survey.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { readSnapshot } from './snapshot/read.ts';
import { writeSnapshot } from './snapshot/write.ts';
import type { ChainPoint, StorageEnv } from './types.ts';
import { FrameType } from './wal/format.ts';

export interface SalvageOptions {
  readable(record: Uint8Array): boolean;
  segmentBytes: number;
}

/**
 * Makes a new store in `toDir`, which is empty or not there, of all that the plan names. The damaged store is only
 * read. Answers the id of the new one; it was read back and is whole. Rejects with E_PLAN_STALE (7) when the damaged
 * store is not what the plan was made from any more, E_NOT_A_STORE (7), E_IO, E_NO_SPACE; what was made so far is
 * then no store to use.
 */
export async function writeSalvage(
  env: StorageEnv,
  plan: SalvagePlan,
  toDir: string,
  options: SalvageOptions,
): Promise<string> {
  const { storeDir, until } = plan;
  const survey = () => surveySalvage(env, storeDir, options.readable, until);
  const source = await besideWriter(env, storeDir, survey);
  const lock = await takeLock(env, toDir, { create: true });
  try {
    const { segmentBytes } = options;
    const { storeId: id, log } = await NewLog.create(env, toDir, { seqFirst: source.seqFirst, segmentBytes });
    const wanted = new Set(source.snapshots.map(({ seq }) => seq));
    const points = new Map<number, ChainPoint>();
    try {
      points.set(source.seqFirst - 1, log.point);
      const done = await runSalvage(plan.storeDir, source, async (item) => {
        const seqLast = addTo(log, item);
        // A snapshot stands at the end of a frame that is on disk.
        if (seqLast !== undefined && wanted.has(seqLast)) points.set(seqLast, await log.flush());
        else await log.flushIfFull();
      });
      await log.close();
      if (done.sha256 !== plan.sha256) {
        throw refusedError('E_PLAN_STALE', 'the damaged store has changed since the plan was made', {
          next: 'make a new plan: the same command without --apply',
        });
      }
    } finally {
      await log.release();
    }
    for (const { file, seq } of source.snapshots) {
      const point = points.get(seq);
      assert(point !== undefined, 'a frame ends where a snapshot that fits the log stands');
      const entries: Uint8Array[] = [];
      const path = join(plan.storeDir, file);
      await readSnapshot(source.view, path, (entry) => entries.push(Uint8Array.from(entry)));
      const kind = seq === source.seqFirst - 1 ? 'base' : 'checkpoint';
      await writeSnapshot(env, join(toDir, snapshotFolder), { storeId: id, kind, point, entries });
    }
    const report = await verifyStore(env, toDir);
    assert(report.verdict === 'clean' && report.records === plan.events, 'a salvaged store holds what was planned');
    return id;
  } catch (error) {
    throw writeError(toDir, error);
  } finally {
    await lock.release();
  }
}

/** The last seq of the item, if it has any. */
function addTo(log: NewLog, item: SalvageItem): number | undefined {
  switch (item.kind) {
    case 'mark':
      log.add({ type: item.type, payload: Uint8Array.from(item.payload) });
      return undefined;
    case 'lost':
      log.addLost(item.seqLast - item.seqFirst + 1);
      return item.seqLast;
    case 'records': {
      const { payload, count } = item;
      log.add({ type: FrameType.data, payload: Uint8Array.from(payload), count });
      return item.seqFirst + count - 1;
    }
  }
}
