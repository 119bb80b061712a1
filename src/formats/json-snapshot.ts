import { WalqError } from '../base/errors.ts';
import { type JsonPiece, JsonPieces } from '../base/json-stream.ts';
import type { ByteSource } from '../base/source.ts';
import { count, FindingList } from './findings.ts';
import type { ForeignJob, ForeignSnapshotSummary, ForeignStatus, ReadOptions } from './types.ts';

/** The largest job that is looked at. */
const jobBytesMax = 64 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
const depthMax = 1024;

/** What the two snapshot forms do not share. Both are one JSON object that holds an object of jobs by id. */
export interface SnapshotCodec {
  name: string;
  /** Key of the member that holds the jobs. */
  jobsKey: string;
  /** One job. Reports its faults; gives nothing when it cannot be used. */
  job(id: string, piece: JsonPiece, findings: FindingList): Omit<ForeignJob, 'file' | 'offset'> | undefined;
  /** Any other member of the root. */
  member(key: string, piece: JsonPiece, head: SnapshotHead, findings: FindingList): void;
  /** After the last byte. */
  finish(head: SnapshotHead, findings: FindingList): void;
}

interface SnapshotHead {
  lastSeq?: string;
  schemaVersion?: string;
  sawJobs: boolean;
}

/**
 * Reads a snapshot of any size, often one single line, holding one job at a time. Rejects only with what the source
 * or the visitor throws.
 */
export async function readJsonSnapshot(
  codec: SnapshotCodec,
  source: ByteSource,
  file: string,
  options: ReadOptions<ForeignJob> = {},
): Promise<ForeignSnapshotSummary> {
  const reader = new SnapshotReader(codec, file);
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let bytes = 0;
  for (;;) {
    const read = await readSome(source, buffer, bytes);
    const more = reader.pieces(read === 0 ? undefined : buffer.subarray(0, read), bytes);
    bytes += read;
    options.progress?.(bytes);
    for (const job of more) {
      const answer = options.visit?.(job);
      if (answer === false || (answer instanceof Promise && (await answer) === false))
        return reader.summary(bytes, true);
    }
    if (read === 0 || reader.failed) break;
  }
  return reader.summary(bytes, false);
}

/** At least three bytes, if there are: a byte order mark must be seen as a whole. */
async function readSome(source: ByteSource, buffer: Buffer, position: number): Promise<number> {
  let filled = 0;
  do {
    const read = await source.read(buffer.subarray(filled), position + filled);
    if (read === 0) break;
    filled += read;
  } while (filled < 3);
  return filled;
}

class SnapshotReader {
  readonly #codec: SnapshotCodec;
  readonly #file: string;
  readonly #findings: FindingList;
  readonly #head: SnapshotHead = { sawJobs: false };
  readonly #byStatus: Record<ForeignStatus, number> = { pending: 0, in_flight: 0, completed: 0, dead: 0 };
  readonly #stream: JsonPieces;
  #jobs = 0;
  #complete = false;
  failed = false;

  constructor(codec: SnapshotCodec, file: string) {
    this.#codec = codec;
    this.#file = file;
    this.#findings = new FindingList(file);
    const open = (path: readonly string[], kind: 'object' | 'array'): boolean => {
      if (path.length === 0) return kind === 'object';
      const isJobs = path.length === 1 && path[0] === codec.jobsKey && kind === 'object';
      if (isJobs) this.#head.sawJobs = true;
      return isJobs;
    };
    this.#stream = new JsonPieces({ open, bytesMax: jobBytesMax, depthMax });
  }

  /** The jobs that a chunk completes; without one, at the end. */
  *pieces(chunk: Uint8Array | undefined, position: number): Generator<ForeignJob, void, void> {
    const from = chunk !== undefined && position === 0 ? this.#skipMark(chunk) : 0;
    try {
      const found = chunk === undefined ? this.#stream.end() : this.#stream.push(chunk.subarray(from));
      for (const piece of found) {
        const job = this.#take(this.#placed(piece));
        if (job !== undefined) yield job;
      }
      if (chunk === undefined) this.#complete = true;
    } catch (error) {
      if (!(error instanceof WalqError) || typeof error.data.position !== 'number') throw error;
      this.#fault(error, error.data.position);
    }
  }

  summary(bytes: number, stopped: boolean): ForeignSnapshotSummary {
    if (this.#complete) {
      if (!this.#head.sawJobs) {
        const message = `there is no '${this.#codec.jobsKey}' in the snapshot`;
        this.#findings.add({ code: 'E_SNAP_FIELD', severity: 'corrupt', offset: 0, message });
      }
      this.#codec.finish(this.#head, this.#findings);
    }
    const severity = this.#findings.worst();
    const { lastSeq, schemaVersion } = this.#head;
    return {
      format: this.#codec.name,
      file: this.#file,
      bytes,
      jobs: this.#jobs,
      byStatus: this.#byStatus,
      ...(lastSeq === undefined ? {} : { lastSeq }),
      ...(schemaVersion === undefined ? {} : { schemaVersion }),
      findings: this.#findings.list(),
      ...(severity === undefined ? {} : { severity }),
      stopped,
    };
  }

  #mark = 0;

  /** A byte order mark is not part of the JSON, but it counts in positions. */
  #skipMark(chunk: Uint8Array): number {
    if (chunk[0] !== 0xef || chunk[1] !== 0xbb || chunk[2] !== 0xbf) return 0;
    const message = 'a byte order mark, which the system never writes and its reader refuses; nothing is lost by it';
    this.#findings.add({ code: 'E_LOG_BOM', severity: 'degraded', offset: 0, end: 3, message });
    this.#mark = 3;
    return 3;
  }

  #placed(piece: JsonPiece): JsonPiece {
    return this.#mark === 0 ? piece : { ...piece, offset: piece.offset + this.#mark, end: piece.end + this.#mark };
  }

  #take(piece: JsonPiece): ForeignJob | undefined {
    const [key, id] = piece.path;
    if (key === undefined) {
      const message = 'the snapshot is not an object';
      this.#findings.add({ code: 'E_SNAP_FIELD', severity: 'corrupt', offset: piece.offset, end: piece.end, message });
    } else if (id === undefined) {
      if (key === this.#codec.jobsKey) this.#jobsMember(piece);
      else this.#codec.member(key, piece, this.#head, this.#findings);
    } else {
      const job = this.#codec.job(id, piece, this.#findings);
      if (job === undefined) return undefined;
      this.#jobs++;
      this.#byStatus[job.status]++;
      return { ...job, file: this.#file, offset: piece.offset };
    }
    return undefined;
  }

  /** The jobs are there, but no object: null is what Go writes for an empty one. */
  #jobsMember(piece: JsonPiece): void {
    this.#head.sawJobs = true;
    if (piece.text === 'null') return;
    const message = 'the jobs are not an object';
    this.#findings.add({ code: 'E_SNAP_FIELD', severity: 'corrupt', offset: piece.offset, end: piece.end, message });
  }

  #fault(error: WalqError, streamPosition: number): void {
    this.failed = true;
    const offset = streamPosition + this.#mark;
    const { expected, found } = error.data;
    const read = `${count(this.#jobs, 'job')} before it could be read`;
    const facts = {
      ...(typeof expected === 'string' ? { expected } : {}),
      ...(typeof found === 'string' ? { got: found } : {}),
    };
    if (error.code === 'E_JSON' && found === undefined) {
      this.#findings.add({
        code: 'E_SNAP_CUT',
        severity: 'corrupt',
        offset,
        message: `unexpected end of JSON; ${read}`,
        ...facts,
      });
    } else if (error.code === 'E_JSON' && expected === 'the end') {
      const message = 'other bytes follow the end of the snapshot; the snapshot itself is whole';
      this.#findings.add({ code: 'E_SNAP_TRAILING', severity: 'corrupt', offset, message, ...facts });
    } else {
      const what =
        error.code === 'E_JSON' ? 'the snapshot is not sound JSON here' : 'a value is too large or nested too deeply';
      this.#findings.add({ code: 'E_SNAP_JSON', severity: 'corrupt', offset, message: `${what}; ${read}`, ...facts });
    }
  }
}
