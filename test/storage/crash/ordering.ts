import type { OpRecord } from '../../support/sim-ops.ts';
import { storeDir } from './run.ts';

const segmentPath = /\/wal\/(\d{10})-(\d{20})\.wal(?:\.tmp)?$/;
const snapshotPath = /\/snapshots\/(\d{20})\.snap$/;
const segmentHeaderBytes = 96;

/**
 * Reads the log of one process (with the notes that `Run` leaves) and lists every step taken too early: an answer
 * before the sync of its frame or before HEAD said so; HEAD ahead of what is durable; a rename before the sync of
 * what it names; a segment used before HEAD names it for good; a used segment unlinked before a snapshot that covers
 * it is durable; a write over durable bytes, other than the documented one at open.
 */
export function stepsTooEarly(log: readonly OpRecord[]): string[] {
  const watch = new OrderWatch(log);
  for (const record of log) if (record.result === 'ok') watch.see(record);
  return watch.found;
}

interface FileState {
  /** Of a segment. */
  ordinal?: number;
  /** Written or cut since the last sync. */
  unsynced: boolean;
  /** Of what is not zeros. */
  end: number;
  /** Bytes below this were synced after they were written. */
  durableEnd: number;
  /** What was written since the last sync. */
  text: string;
}

class OrderWatch {
  readonly found: string[] = [];
  readonly #log: readonly OpRecord[];
  readonly #files = new Map<number, FileState>();
  /** Of each segment that this process wrote to. */
  readonly #durableEnds = new Map<number, number>();
  #durableText = '';
  #headSeq = 0;
  /** The segment that the last HEAD written names, and the last one synced. */
  #headOrdinal = 0;
  #headOrdinalDurable = 0;
  #snapshotsNamed: number[] = [];
  #snapshotsDurable: number[] = [];
  #opening = true;

  constructor(log: readonly OpRecord[]) {
    this.#log = log;
  }

  see(record: OpRecord): void {
    if (record.kind === 'note') this.#note(record);
    else if (record.kind === 'write') this.#write(record);
    else if (record.kind === 'truncate') this.#truncate(record);
    else if (record.kind === 'datasync') this.#datasync(record);
    else if (record.kind === 'rename') this.#rename(record);
    else if (record.kind === 'unlink') this.#unlink(record);
    else if (record.kind === 'syncDir' && record.path.endsWith('/snapshots')) {
      this.#snapshotsDurable = [...this.#snapshotsNamed];
    }
  }

  #note(record: OpRecord): void {
    if (record.path === 'opening') this.#opening = true;
    if (record.path === 'opened') this.#opening = false;
    const acked = /^ack (\d+)$/.exec(record.path)?.[1];
    if (acked === undefined) return;
    if (!this.#durableText.includes(`item ${acked} `)) this.#early(record, 'answered before its frame was synced');
    if (this.#headSeq < Number(acked)) this.#early(record, 'answered before HEAD was written');
  }

  #write(record: OpRecord): void {
    const state = this.#stateOf(record);
    const bytes = record.bytes ?? new Uint8Array(0);
    const offset = record.offset ?? 0;
    if (record.path === `${storeDir}/HEAD`) {
      const head = headOf(bytes);
      const durable = this.#durableEnds.get(head.ordinal) ?? Number.POSITIVE_INFINITY;
      if (head.end > durable) this.#early(record, 'HEAD is ahead of the disk');
      this.#headSeq = head.seqLast;
      this.#headOrdinal = head.ordinal;
    }
    if (
      offset >= segmentHeaderBytes &&
      !this.#opening &&
      (state.ordinal ?? 1) > Math.max(1, this.#headOrdinalDurable)
    ) {
      this.#early(record, 'segment used before HEAD names it for good');
    }
    if (state.ordinal !== undefined && offset < state.durableEnd && !this.#opening) {
      this.#early(record, `overwrites durable bytes at ${offset}`);
    }
    state.text += Buffer.from(bytes).toString('latin1');
    state.unsynced = true;
    state.end = Math.max(state.end, offset + contentBytes(bytes.subarray(0, record.done ?? 0)));
  }

  #truncate(record: OpRecord): void {
    const state = this.#stateOf(record);
    const size = record.offset ?? 0;
    if (size < state.durableEnd && !this.#opening) this.#early(record, `cuts durable bytes at ${size}`);
    state.unsynced = true;
    state.end = Math.min(state.end, size);
  }

  #datasync(record: OpRecord): void {
    const state = this.#stateOf(record);
    state.unsynced = false;
    state.durableEnd = state.end;
    if (record.path === `${storeDir}/HEAD`) this.#headOrdinalDurable = this.#headOrdinal;
    if (state.ordinal === undefined) return;
    this.#durableEnds.set(state.ordinal, state.end);
    this.#durableText += state.text;
    state.text = '';
  }

  #rename(record: OpRecord): void {
    if (this.#stateOf(record).unsynced) this.#early(record, 'renamed before what it holds was synced');
    const seq = snapshotPath.exec(record.to ?? '')?.[1];
    if (seq !== undefined) this.#snapshotsNamed.push(Number(seq));
  }

  #unlink(record: OpRecord): void {
    const ordinal = ordinalOf(record.path);
    if (ordinal === undefined || record.path.endsWith('.tmp') || this.#opening) return;
    const unused = this.#stateOf(record).end === segmentHeaderBytes;
    const seqNext = this.#firstSeqOf(ordinal + 1);
    const covered = seqNext !== undefined && this.#snapshotsDurable.some((seq) => seq >= seqNext - 1);
    if (!unused && !covered) this.#early(record, 'segment removed before a snapshot that covers it was durable');
  }

  #stateOf(record: OpRecord): FileState {
    const ino = record.ino ?? 0;
    const known = this.#files.get(ino);
    if (known !== undefined) return known;
    const ordinal = ordinalOf(record.path);
    const state: FileState = { unsynced: false, end: 0, durableEnd: 0, text: '', ...(ordinal && { ordinal }) };
    this.#files.set(ino, state);
    return state;
  }

  /** From the names in the log. */
  #firstSeqOf(ordinal: number): number | undefined {
    const record = this.#log.find(({ path }) => ordinalOf(path) === ordinal);
    return record && Number(segmentPath.exec(record.path)?.[2]);
  }

  #early(record: OpRecord, what: string): void {
    this.found.push(`op ${record.op}, ${record.kind} ${record.path}: ${what}`);
  }
}

/** Without the zeros that a busy writer puts behind the log. */
function contentBytes(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}

function ordinalOf(path: string): number | undefined {
  const match = segmentPath.exec(path);
  return match ? Number(match[1]) : undefined;
}

/** FORMAT.md, HEAD: a slot alone, or the whole file with one slot filled. */
function headOf(bytes: Uint8Array): { ordinal: number; seqLast: number; end: number } {
  const slots = bytes.length === 64 ? [0] : [4096, 8192];
  const at = slots.find((offset) => bytes.subarray(offset, offset + 64).some((byte) => byte !== 0)) ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 64);
  return {
    ordinal: Number(view.getBigUint64(24, true)),
    seqLast: Number(view.getBigUint64(32, true)),
    end: view.getUint32(40, true),
  };
}
