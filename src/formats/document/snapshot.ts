import { excerpt } from '../../base/escape.ts';
import { jsonMembers, jsonString } from '../../base/json.ts';
import type { JsonPiece } from '../../base/json-stream.ts';
import type { FindingList } from '../findings.ts';
import { readJsonSnapshot, type SnapshotCodec } from '../json-snapshot.ts';
import { parseSeq } from '../seq.ts';
import { type ForeignStatus, foreignStatuses, type SnapshotFormat } from '../types.ts';

/**
 * The plain form of a snapshot, on one line or many:
 *
 *   {"Jobs": {"job_1": {"Status": "completed"}}, "LastSeq": 3}
 *
 *   job  Status    string   pending in_flight completed dead
 *        Payload   any JSON, optional
 *        Attempt   integer, optional
 *   LastSeq        decimal: the last event it covers; the log goes on with the next
 */
export const documentSnapshot: SnapshotFormat = {
  kind: 'snapshot',
  name: 'document-snapshot',
  title: 'plain snapshot ({"Jobs": …, "LastSeq": N})',
  detect(head) {
    const text = Buffer.from(head.subarray(0, 256)).toString('latin1');
    return /^(?:\xef\xbb\xbf)?\s*\{\s*"(?:Jobs|LastSeq)"/.test(text);
  },
  read: (source, file, options) => readJsonSnapshot(codec, source, file, options),
};

const codec: SnapshotCodec = {
  name: documentSnapshot.name,
  jobsKey: 'Jobs',
  job(id, piece, findings) {
    const fields = piece.text.startsWith('{')
      ? new Map(jsonMembers(piece.text, 1024).map(({ key, value }) => [key, value]))
      : undefined;
    const rawStatus = fields?.get('Status');
    const status = rawStatus?.startsWith('"') ? jsonString(rawStatus) : rawStatus;
    const known = foreignStatuses.find((each): each is ForeignStatus => each === status);
    const rawAttempt = fields?.get('Attempt') ?? '0';
    const attempt = parseSeq(rawAttempt);
    const faults: string[] = [];
    if (fields === undefined) faults.push('it is not an object');
    else if (known === undefined)
      faults.push(status === undefined ? 'it has no Status' : `Status '${excerpt(status)}' is unknown`);
    if (typeof attempt !== 'number') faults.push(`Attempt is ${excerpt(rawAttempt)}`);
    if (faults.length > 0) {
      const message = `job '${excerpt(id)}' is damaged: ${faults.join('; ')}`;
      findings.add({ code: 'E_SNAP_JOB', severity: 'corrupt', offset: piece.offset, end: piece.end, message });
    }
    if (known === undefined || typeof attempt !== 'number') return undefined;
    const payload = fields?.get('Payload');
    return { id, status: known, attempt, ...(payload === undefined ? {} : { payload }) };
  },
  member(key, piece, head, findings) {
    if (key === 'LastSeq') takeLastSeq(piece, head, findings);
    else {
      const message = `member '${excerpt(key)}' is unknown and not read`;
      findings.add({ code: 'E_SNAP_UNKNOWN', severity: 'note', offset: piece.offset, end: piece.end, message });
    }
  },
  finish(head, findings) {
    if (head.lastSeq !== undefined) return;
    const message = 'there is no LastSeq in the snapshot, so no log can go on from it';
    findings.add({ code: 'E_SNAP_FIELD', severity: 'corrupt', message });
  },
};

function takeLastSeq(piece: JsonPiece, head: { lastSeq?: string }, findings: FindingList): void {
  if (parseSeq(piece.text) !== undefined) {
    head.lastSeq = piece.text;
    return;
  }
  const where = { offset: piece.offset, end: piece.end };
  const message = 'LastSeq is not a number of a log';
  findings.add({ code: 'E_SNAP_FIELD', severity: 'corrupt', ...where, message, got: excerpt(piece.text) });
}
