import { excerpt } from '../../base/escape.ts';
import { type JsonMember, jsonMembers, jsonString } from '../../base/json.ts';
import type { JsonPiece } from '../../base/json-stream.ts';
import type { FindingList } from '../findings.ts';
import { readJsonSnapshot, type SnapshotCodec } from '../json-snapshot.ts';
import { parseSeq } from '../seq.ts';
import { type ForeignJob, type ForeignStatus, foreignStatuses, type SnapshotFormat } from '../types.ts';

/**
 * A snapshot of raft-recovery: one line of JSON, without a checksum, jobs sorted by id.
 *
 *   {"jobs":{"job-1":{…},…},"schema_ver":1,"last_seq":1380}
 *
 *   job  id           string   the key again
 *        payload      any JSON
 *        status       string   pending in_flight completed dead (a partial snapshot holds the first two only)
 *        attempt      int
 *        timeout      int64    nanoseconds
 *        deadline_ms  int64    absent unless in flight
 *        created_at   int64    milliseconds since the epoch
 *        updated_at   int64    milliseconds since the epoch
 *        worker_id    string   absent when empty
 *   schema_ver        int      1; its reader refuses any other
 *   last_seq          uint64   counts in the log that was rotated away last: the live one restarts at 1
 */
export const raftRecoverySnapshot: SnapshotFormat = {
  kind: 'snapshot',
  name: 'raft-recovery-snapshot',
  title: 'raft-recovery snapshot (JSON)',
  detect(head) {
    const text = Buffer.from(head.subarray(0, 256)).toString('latin1');
    return /^(?:\xef\xbb\xbf)?\s*\{\s*"(?:jobs|schema_ver|last_seq)"/.test(text);
  },
  read: (source, file, options) => readJsonSnapshot(new Codec(), source, file, options),
};

/** What the system writes in every job. There is no checksum: a key that changed shows only by its absence. */
const written = ['id', 'payload', 'status', 'attempt', 'timeout', 'created_at', 'updated_at'] as const;

class Codec implements SnapshotCodec {
  readonly name = raftRecoverySnapshot.name;
  readonly jobsKey = 'jobs';
  #lastId: Buffer | undefined;

  job(id: string, piece: JsonPiece, findings: FindingList): Omit<ForeignJob, 'file' | 'offset'> | undefined {
    this.#checkOrder(id, piece, findings);
    const fields = fieldsOf(piece.text);
    const faults: string[] = [];
    const text = (name: string): string | undefined => {
      const raw = fields?.get(name);
      if (raw === undefined) return undefined;
      if (raw.startsWith('"')) return jsonString(raw);
      faults.push(`${name} is ${excerpt(raw)}, not a string`);
      return undefined;
    };
    const integer = (name: string): string | undefined => {
      const raw = fields?.get(name);
      if (raw === undefined || isInt64(raw)) return raw;
      faults.push(`${name} is ${excerpt(raw)}, not an integer`);
      return undefined;
    };
    const status = text('status');
    const known = foreignStatuses.find((each): each is ForeignStatus => each === status);
    const ownId = text('id');
    const attempt = Number(integer('attempt') ?? 0);
    const timeoutNs = integer('timeout');
    const times = {
      createdMs: integer('created_at'),
      updatedMs: integer('updated_at'),
      deadlineMs: integer('deadline_ms'),
    };
    const workerId = text('worker_id');
    if (fields === undefined) faults.push('it is not an object');
    else if (known === undefined)
      faults.push(status === undefined ? 'it has no status' : `status '${excerpt(status)}' is unknown`);
    const lacking = fields === undefined ? [] : written.filter((name) => name !== 'status' && !fields.has(name));
    if (lacking.length > 0) faults.push(`it has no ${lacking.join(', ')}`);
    if (ownId !== undefined && ownId !== id) faults.push(`its id is '${excerpt(ownId)}'`);
    if (!Number.isSafeInteger(attempt) || attempt < 0) faults.push(`attempt ${attempt} is out of range`);
    if (faults.length > 0) {
      const message = `job '${excerpt(id)}' is damaged: ${faults.join('; ')}`;
      findings.add({ code: 'E_SNAP_JOB', severity: 'corrupt', offset: piece.offset, end: piece.end, message });
    }
    if (known === undefined || !Number.isSafeInteger(attempt) || attempt < 0) return undefined;
    const payload = fields?.get('payload');
    return {
      id,
      status: known,
      attempt,
      ...(payload === undefined ? {} : { payload }),
      ...(timeoutNs === undefined ? {} : { timeoutMs: msOfNs(timeoutNs) }),
      ...definedOnly(times),
      ...(workerId === undefined ? {} : { workerId }),
    };
  }

  member(
    key: string,
    piece: JsonPiece,
    head: { lastSeq?: string; schemaVersion?: string },
    findings: FindingList,
  ): void {
    const where = { offset: piece.offset, end: piece.end };
    if (key === 'schema_ver') {
      head.schemaVersion = piece.text;
      if (piece.text === '1') return;
      const got = excerpt(piece.text);
      const message = 'the snapshot has another schema version than the one known';
      findings.add({ code: 'E_SNAP_VERSION', severity: 'newer', ...where, message, got, expected: '1' });
    } else if (key === 'last_seq') {
      if (parseSeq(piece.text) === undefined) {
        const message = 'last_seq is not a number of a log';
        findings.add({ code: 'E_SNAP_FIELD', severity: 'corrupt', ...where, message, got: excerpt(piece.text) });
      } else head.lastSeq = piece.text;
    } else {
      const message = `member '${excerpt(key)}' is unknown and not read`;
      findings.add({ code: 'E_SNAP_UNKNOWN', severity: 'note', ...where, message });
    }
  }

  finish(head: { lastSeq?: string; schemaVersion?: string }, findings: FindingList): void {
    if (head.schemaVersion !== '1') {
      // What another version means by its fields is not for this one to judge.
      findings.forget('E_SNAP_JOB', 'E_SNAP_FIELD', 'E_SNAP_UNKNOWN', 'E_SNAP_ORDER');
      if (head.schemaVersion !== undefined) return;
      const message = 'the snapshot states no schema version';
      findings.add({ code: 'E_SNAP_VERSION', severity: 'newer', message, expected: '1' });
      return;
    }
    if (head.lastSeq === undefined) {
      const message = 'there is no last_seq in the snapshot, so nothing says where a log goes on from it';
      findings.add({ code: 'E_SNAP_FIELD', severity: 'corrupt', message });
      return;
    }
    const message =
      `last_seq ${head.lastSeq} counts in the log rotated away last (NAME.YYYYMMDD_HHMMSS), ` +
      'not in the live one, which restarts at 1';
    findings.add({ code: 'E_SNAP_LAST_SEQ', severity: 'note', message });
  }

  /**
   * Go writes a map sorted by the bytes of its keys, each once. So one look back is enough, however many jobs there
   * are.
   */
  #checkOrder(id: string, piece: JsonPiece, findings: FindingList): void {
    const bytes = Buffer.from(id);
    const order = this.#lastId === undefined ? -1 : Buffer.compare(this.#lastId, bytes);
    this.#lastId = bytes;
    if (order < 0) return;
    const why =
      order === 0 ? 'stands there twice; the last one counts' : 'is out of order: the system sorts its jobs by id';
    const message = `job '${excerpt(id)}' ${why}`;
    findings.add({ code: 'E_SNAP_ORDER', severity: 'note', offset: piece.offset, end: piece.end, message });
  }
}

/** Members by name, the last of each; null counts as absent, but for a payload. */
function fieldsOf(text: string): Map<string, string> | undefined {
  if (!text.startsWith('{')) return undefined;
  const present = ({ key, value }: JsonMember): boolean => value !== 'null' || key === 'payload';
  return new Map(
    jsonMembers(text, 1024)
      .filter(present)
      .map(({ key, value }) => [key, value]),
  );
}

function isInt64(text: string): boolean {
  if (!/^-?(0|[1-9][0-9]{0,18})$/.test(text)) return false;
  return text.length < 19 || BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** Rounded up: a timeout of less than a millisecond is not none. */
function msOfNs(text: string): number {
  const ns = BigInt(text);
  return Number(ns <= 0n ? ns / 1_000_000n : (ns + 999_999n) / 1_000_000n);
}

function definedOnly<K extends string>(fields: Record<K, string | undefined>): Partial<Record<K, string>> {
  const defined: Partial<Record<K, string>> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) defined[key] = value;
  }
  return defined;
}
