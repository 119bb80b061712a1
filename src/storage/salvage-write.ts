import { assert, refusedError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { createStore } from './create.ts';
import { readSmall, writeError } from './files.ts';
import { headFileName, walFolder } from './folder.ts';
import { openSegment, takeLock } from './lock.ts';
import { LogWriter } from './log-writer.ts';
import { verifyStore } from './read.ts';
import { runSalvage, type SalvagePlan } from './salvage.ts';
import type { SalvageItem } from './salvage-read.ts';
import { surveySalvage } from './salvage-survey.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { readSnapshot } from './snapshot/read.ts';
import { writeSnapshot } from './snapshot/write.ts';
import type { ChainPoint, StorageEnv } from './types.ts';
import { type FrameDraft, varintPayload } from './wal/encode-frames.ts';
import { decodeSegmentHeader, FrameType, segmentHeaderBytes } from './wal/format.ts';
import { segmentFileName } from './wal/names.ts';
import { forEachRecord } from './wal/records.ts';

const batchBytes = 1024 * 1024;

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
  const source = await surveySalvage(env, plan.storeDir, options.readable, plan.until);
  const lock = await takeLock(env, toDir, { create: true });
  try {
    const { id } = await createStore(env, toDir, { seqFirst: source.seqFirst });
    const log = new SalvageLog(env, await newWriter(env, toDir, id, source.seqFirst), options.segmentBytes);
    const wanted = new Set(source.snapshots.map(({ seq }) => seq));
    const points = new Map<number, ChainPoint>();
    try {
      points.set(source.seqFirst - 1, log.point);
      const done = await runSalvage(plan.storeDir, source, async (item) => {
        const seqLast = log.add(item);
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

async function newWriter(env: StorageEnv, dir: string, id: string, seqFirst: number): Promise<LogWriter> {
  const name = segmentFileName(1, seqFirst);
  const result = decodeSegmentHeader(
    (await readSmall(env.fs, join(dir, walFolder, name), segmentHeaderBytes)) ?? new Uint8Array(),
  );
  const file = await openSegment(env, dir, join(walFolder, name));
  assert(result.ok && file !== undefined, 'the segment was made just now');
  const { header, link } = result;
  const head = await env.fs.open(join(dir, headFileName), 'r+', { nofollow: true });
  const segment = { name, ordinal: 1, salt: header.salt };
  const at = { segment, end: segmentHeaderBytes, link, seqNext: seqFirst };
  return new LogWriter(env, dir, { storeId: id, file, head, headCounter: 0, at, aheadBytes: 0, segmentBytes: 0 });
}

/** The new log: frames gather until there is enough for a sync, segments end where they would have. */
class SalvageLog {
  readonly #env: StorageEnv;
  readonly #writer: LogWriter;
  readonly #segmentBytes: number;
  #drafts: FrameDraft[] = [];
  #bytes = 0;

  constructor(env: StorageEnv, writer: LogWriter, segmentBytes: number) {
    this.#env = env;
    this.#writer = writer;
    this.#segmentBytes = segmentBytes;
  }

  get point(): ChainPoint {
    return this.#writer.point;
  }

  /** The last seq of the item, if it has any. */
  add(item: SalvageItem): number | undefined {
    switch (item.kind) {
      case 'mark':
        this.#push({ type: item.type, payload: Uint8Array.from(item.payload) }, item.payload.length);
        return undefined;
      case 'lost': {
        const count = item.seqLast - item.seqFirst + 1;
        this.#push({ type: FrameType.lost, payload: varintPayload(this.#env.clock.now()), count }, 0);
        return item.seqLast;
      }
      case 'records': {
        const records: Uint8Array[] = [];
        forEachRecord(Uint8Array.from(item.payload), (record) => records.push(record));
        this.#push({ type: FrameType.data, records }, item.payload.length);
        return item.seqFirst + item.count - 1;
      }
    }
  }

  #push(draft: FrameDraft, bytes: number): void {
    this.#drafts.push(draft);
    this.#bytes += bytes + 48;
  }

  async flushIfFull(): Promise<void> {
    const end = this.#writer.segmentBytes + this.#bytes;
    if (this.#bytes >= batchBytes || end >= this.#segmentBytes) await this.flush();
  }

  /** Where the log then ends: a rotation comes before the next frame, not after this one. */
  async flush(): Promise<ChainPoint> {
    if (this.#drafts.length === 0) return this.#writer.point;
    if (this.#writer.segmentBytes >= this.#segmentBytes) await this.#writer.rotate();
    await this.#writer.commit(this.#drafts);
    this.#writer.writeHead();
    this.#drafts = [];
    this.#bytes = 0;
    return this.#writer.point;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#writer.commit([{ type: FrameType.close, payload: varintPayload(this.#env.clock.now()) }]);
    await this.#writer.syncHead(true);
  }

  async release(): Promise<void> {
    await this.#writer.close();
  }
}
