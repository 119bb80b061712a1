import { assert, usageError } from '../base/errors.ts';
import { baseName, join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { takeLock } from '../storage/lock.ts';
import { NewLog } from '../storage/new-log.ts';
import { replayTo } from '../storage/replay.ts';
import { hashEntries } from '../storage/snapshot/hash.ts';
import { snapshotFolder } from '../storage/snapshot/name.ts';
import { writeSnapshot } from '../storage/snapshot/write.ts';
import { defaultSegmentBytes } from '../storage/store-options.ts';
import { varintPayload } from '../storage/wal/encode-frames.ts';
import { FrameType } from '../storage/wal/format.ts';
import { packedBytes, packRecords } from '../storage/wal/records.ts';
import type { CommandContext } from './context.ts';
import type { ExportHeader, ExportTrailer, LostLine } from './export-form.ts';
import type { ExportItem } from './export-read.ts';
import { BaseLoader, type ExportTarget, refuseOtherState, withExport } from './export-source.ts';
import { importing, placeNewStore } from './import-place.ts';
import type { ImportRequest, ImportResult } from './import-types.ts';
import type { Target } from './target.ts';

/** A file to import, as it was recognised. A log that is written to is empty between a rotation and the next event. */
export interface ImportInput {
  path: string;
  target: Target | undefined;
}

export function isExportTarget(target: Target | undefined): target is ExportTarget {
  return target?.kind === 'export' || target?.kind === 'export-stream';
}

/**
 * Makes the store again that an export was made of: the same seqs, records, writes and state, and the same id. The
 * store has its name only when every line was checked, all of it is on disk and the state read back from there is the
 * one that the export names. Throws the fault of the export with line and column (3, 5), and as `placeNewStore` does.
 */
export async function importOwn(
  context: CommandContext,
  { from, snapshot, store }: ImportRequest,
  { path, target }: ImportInput,
): Promise<ImportResult> {
  if (!isExportTarget(target) || from.length > 1 || snapshot !== undefined) {
    throw usageError('E_USAGE', `${path} is an export, which makes a store by itself: name nothing beside it`, {
      data: { file: path },
      next: `walq wal import --from ${shellPath(path)} --store ${shellPath(store)}`,
    });
  }
  const made = await placeNewStore(context, store, importing, (dir) => makeStore(context, target, dir));
  context.note(`created the store ${store}`);
  const { header, trailer } = made;
  const { events, lost, seqLast, stateHash } = trailer;
  return {
    store,
    storeId: header.store,
    files: [{ file: path, format: 'walq-export', events, covered: 0, unknown: 0, damaged: 0 }],
    baseSeq: header.base?.seq ?? 0,
    seqLast,
    export: { seqFirst: header.seqFirst, lost, ...(stateHash === undefined ? {} : { stateHash }) },
    skipped: 0,
    withoutPayload: [],
    renamed: [],
    verdict: 'clean',
    findings: [],
  };
}

async function makeStore(
  context: CommandContext,
  target: ExportTarget,
  dir: string,
): Promise<{ header: ExportHeader; trailer: ExportTrailer }> {
  const lock = await takeLock(context.env, dir, { create: true });
  try {
    const maker = new StoreMaker(context, target, dir);
    try {
      await withExport(context, target, (items) => maker.take(items));
      await maker.close();
    } finally {
      await maker.release();
    }
    const whole = maker.whole();
    await proveState(context, target, dir, whole.trailer);
    return whole;
  } finally {
    await lock.release();
  }
}

/** What the disk gives now must be what was exported. */
async function proveState(
  context: CommandContext,
  target: ExportTarget,
  dir: string,
  { seqLast, stateHash }: ExportTrailer,
): Promise<void> {
  // An event that this version cannot apply: nobody can say what the state is, here as there.
  if (stateHash === undefined) return;
  const { machine, seq, findings } = await replayTo(context.env, dir, () => new QueueMachine());
  const fault = findings.find(({ severity }) => severity !== 'note');
  assert(fault === undefined && seq === seqLast, `a store that was just written is whole: ${fault?.message}`);
  refuseOtherState(baseName(target.path), 'the state at the end', hashEntries(machine.cut()), stateHash);
}

const packBytes = 4096;

/** The events of one write, packed as they come: it may have millions, and an object for each would be a lot. */
class PackedWrite {
  readonly count: number;
  #buffer: Uint8Array | undefined;
  #bytes = 0;
  #taken = 0;

  constructor(count: number) {
    this.count = count;
  }

  get payload(): Uint8Array {
    return this.#buffer?.subarray(0, this.#bytes) ?? new Uint8Array();
  }

  /** True when it was the last one. */
  add(record: Uint8Array): boolean {
    const bytes = packedBytes([record]);
    const end = this.#bytes + bytes;
    if (this.#buffer === undefined || end > this.#buffer.length) {
      const larger = new Uint8Array(this.count === 1 ? bytes : Math.max(packBytes, 2 * end));
      larger.set(this.payload);
      this.#buffer = larger;
    }
    this.#bytes = packRecords(this.#buffer, this.#bytes, [record]);
    return ++this.#taken === this.count;
  }
}

class StoreMaker {
  readonly #context: CommandContext;
  readonly #file: string;
  readonly #dir: string;
  #header: ExportHeader | undefined;
  #trailer: ExportTrailer | undefined;
  #base: BaseLoader<QueueMachine> | undefined;
  #log: NewLog | undefined;
  #write = new PackedWrite(0);

  constructor(context: CommandContext, target: ExportTarget, dir: string) {
    this.#context = context;
    this.#file = baseName(target.path);
    this.#dir = dir;
  }

  async take(items: AsyncIterable<ExportItem[]>): Promise<void> {
    for await (const some of items) {
      for (const item of some) {
        const waiting = this.#item(item);
        if (waiting !== undefined) await waiting;
      }
    }
  }

  #item(item: ExportItem): Promise<void> | undefined {
    switch (item.kind) {
      case 'header':
        this.#header = item.header;
        if (item.header.base !== undefined)
          this.#base = new BaseLoader(new QueueMachine(), item.header.base, this.#file);
        return undefined;
      case 'entry':
        this.#base?.take(item.entry);
        return undefined;
      case 'record':
        return this.#log === undefined ? this.#begin().then(() => this.#record(item)) : this.#record(item);
      case 'lost':
        return this.#lost(item);
      case 'end':
        this.#trailer = item.trailer;
        return this.#log === undefined ? this.#begin() : undefined;
    }
  }

  #record({ seq, record, commit }: Extract<ExportItem, { kind: 'record' }>): Promise<void> | undefined {
    if (commit > 0) this.#write = new PackedWrite(commit);
    if (!this.#write.add(record)) return undefined;
    const { payload, count } = this.#write;
    this.#opened.add({ type: FrameType.data, payload, count });
    return this.#written(seq);
  }

  async #lost({ seqFirst, seqLast, timeMs }: LostLine): Promise<void> {
    if (this.#log === undefined) await this.#begin();
    this.#opened.addLost(seqLast - seqFirst + 1, timeMs === undefined ? new Uint8Array() : varintPayload(timeMs));
    await this.#written(seqLast);
  }

  get #opened(): NewLog {
    assert(this.#log !== undefined, 'the log was begun');
    return this.#log;
  }

  #written(seqLast: number): Promise<void> | undefined {
    return seqLast === this.#header?.base?.seq ? this.#placeBase() : this.#opened.flushIfFull();
  }

  /** The whole base came: the log begins. A base that stands before it is there from the beginning. */
  async #begin(): Promise<void> {
    const header = this.#header;
    assert(header !== undefined, 'the header comes first');
    const { store: id, seqFirst, base } = header;
    this.#base?.prove();
    const before = base !== undefined && base.seq === seqFirst - 1 ? this.#base : undefined;
    const options = { id, seqFirst, segmentBytes: defaultSegmentBytes };
    const created = await NewLog.create(this.#context.env, this.#dir, {
      ...options,
      ...(before && base && { base: { seq: base.seq, entries: before.machine.cut() } }),
    });
    this.#log = created.log;
    if (before !== undefined) this.#base = undefined;
  }

  /** The log has come to the seq of the base: it stands at the end of a write that is on disk. */
  async #placeBase(): Promise<void> {
    const { env } = this.#context;
    const point = await this.#opened.flush();
    assert(this.#header !== undefined && this.#base !== undefined, 'there is a base');
    const entries = this.#base.machine.cut();
    this.#base = undefined;
    const storeId = this.#header.store;
    await writeSnapshot(env, join(this.#dir, snapshotFolder), { storeId, kind: 'checkpoint', point, entries });
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }

  async release(): Promise<void> {
    await this.#log?.release();
  }

  whole(): { header: ExportHeader; trailer: ExportTrailer } {
    assert(this.#header !== undefined && this.#trailer !== undefined, 'an export that was read to its end has both');
    return { header: this.#header, trailer: this.#trailer };
  }
}
