import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '../../src/formats/raft-recovery/checksum.ts';
import { parseWalRecord } from '../../src/formats/raft-recovery/wal-record.ts';
import { detectFormat } from '../../src/formats/registry.ts';
import { parseSeq } from '../../src/formats/seq.ts';
import { detectBytes, type ForeignLogSummary, type ForeignSnapshotSummary } from '../../src/formats/types.ts';
import { sourceOf } from '../support/source.ts';
import { goChecksum } from './raft-encoder.ts';

/**
 * Real files of raft-recovery, where someone has them: WALQ_SAMPLES names the folder that holds `raft-recovery/`.
 * Expected values come from the list beside the files, which says what the system itself makes of them; its record
 * counts end at the first damage, as the system does.
 */
const folder = process.env.WALQ_SAMPLES;

type Damage = { code: string; offset: number };
interface ExpectedLog {
  file: string;
  /** Records up to the first damage. */
  records: number;
  seqs: string;
  severity?: 'note' | 'torn' | 'corrupt';
  damage?: Damage[];
  more?: Partial<ForeignLogSummary>;
}

const logs: ExpectedLog[] = [
  { file: 'basic/wal.log', records: 3493, seqs: '1..3493' },
  { file: 'snapshot-rotate/wal.log.20261122_212117', records: 1043, seqs: '1..1043' },
  { file: 'snapshot-rotate/wal.log.20261122_212118', records: 1380, seqs: '1..1380' },
  { file: 'snapshot-rotate/wal.log', records: 703, seqs: '1..703' },
  { file: 'concurrent/wal.log', records: 3200, seqs: '1..3200', severity: 'note', more: { outOfOrder: 13 } },
  { file: 'reopen/wal.log', records: 538, seqs: '1..187', severity: 'note', more: { restarts: 2 } },
  {
    file: 'badutf8/wal.log',
    records: 12,
    seqs: '1..20',
    severity: 'corrupt',
    damage: [{ code: 'E_LOG_CHECKSUM', offset: 1094 }],
    more: { records: 19, recordsAfterDamage: 7, damaged: 1 },
  },
  {
    file: 'enospc/wal.log',
    records: 305,
    seqs: '1..305',
    severity: 'torn',
    damage: [{ code: 'E_LOG_TORN', offset: 30004 }],
  },
  {
    file: 'enospc-reopened/wal.log',
    records: 305,
    seqs: '1..305',
    severity: 'corrupt',
    damage: [{ code: 'E_LOG_GLUED', offset: 30004 }],
    more: { recordsAfterDamage: 9, recordsGlued: 1, restarts: 1, damaged: 1 },
  },
  {
    file: 'demo-kill9-midprocess/wal/beaver-raft.wal',
    records: 454,
    seqs: '1..454',
    severity: 'note',
    more: { outOfOrder: 12 },
  },
  { file: 'demo-kill9-midprocess/wal/beaver-raft.wal.20261122_212152', records: 100, seqs: '1..100' },
  {
    file: 'demo-kill9-midprocess/wal/beaver-raft.wal.20261122_212316',
    records: 852,
    seqs: '1..852',
    severity: 'note',
    more: { outOfOrder: 25 },
  },
  {
    file: 'damaged/truncated-mid-record.log',
    records: 1042,
    seqs: '1..1042',
    severity: 'torn',
    damage: [{ code: 'E_LOG_TORN', offset: 129270 }],
  },
  {
    file: 'damaged/flip-jobid.log',
    records: 521,
    seqs: '1..1043',
    severity: 'corrupt',
    damage: [{ code: 'E_LOG_CHECKSUM', offset: 77998 }],
    more: { records: 1042, recordsAfterDamage: 521, missing: [] },
  },
  {
    file: 'damaged/nul-tail.log',
    records: 1043,
    seqs: '1..1043',
    severity: 'torn',
    damage: [{ code: 'E_LOG_ZEROS', offset: 129366 }],
  },
  { file: 'damaged/duplicate-record.log', records: 1044, seqs: '1..1043', severity: 'note', more: { duplicates: 1 } },
  {
    file: 'damaged/surrogate-seq-edit.log',
    records: 2301,
    seqs: '55200..57500',
    // Every checksum is right: 56000 was changed to 56003, and both are surrogates. What is not there is not there.
    severity: 'corrupt',
    damage: [
      { code: 'E_GAP', offset: 0 },
      { code: 'E_GAP', offset: 76299 },
    ],
    more: {
      conflicts: 1,
      missing: [
        { seqFirst: '1', seqLast: '55199' },
        { seqFirst: '56000', seqLast: '56000' },
      ],
    },
  },
];

const snapshots: { file: string; expected: Partial<ForeignSnapshotSummary>; code?: string; offset?: number }[] = [
  {
    file: 'snapshot-rotate/snapshot.json',
    expected: { jobs: 700, lastSeq: '1380', schemaVersion: '1', severity: 'note' },
  },
  {
    file: 'demo-kill9-midprocess/snapshot/beaver-raft.snap',
    expected: { jobs: 1000, lastSeq: '847', schemaVersion: '1', severity: 'note' },
  },
  { file: 'damaged/snapshot-truncated.json', expected: { severity: 'corrupt' }, code: 'E_SNAP_CUT', offset: 8952 },
  {
    file: 'damaged/snapshot-schema2.json',
    expected: { severity: 'newer', schemaVersion: '2' },
    code: 'E_SNAP_VERSION',
  },
];

interface Vectors {
  checksum: {
    seq: string;
    type: string;
    job_id_utf8_hex: string;
    checksum: number;
    line_as_encoded: string;
    verifies_after_decode: boolean;
  }[];
  decode: { line: string; decodes: boolean; checksum_ok: boolean; seq: string; job_id_hex: string }[];
}

if (folder === undefined || folder === '') {
  it('SAMPLES NOT RUN: WALQ_SAMPLES is unset; name the folder that holds raft-recovery/ to check real files', () => {
    expect(logs).toHaveLength(17);
    expect(snapshots).toHaveLength(4);
  });
} else {
  const root = join(folder, 'raft-recovery');
  const load = (file: string) => readFileSync(join(root, file));

  describe('real logs of raft-recovery', () => {
    it.each(logs)(
      '$file: $records records, $seqs',
      async ({ file, records, seqs, severity, damage = [], more = {} }) => {
        const bytes = load(file);
        const format = detectFormat(bytes.subarray(0, detectBytes));
        if (format?.kind !== 'log') throw new Error(`detected as ${format?.name}`);
        const summary = await format.read(sourceOf(bytes), file);
        expect(summary.recordsBeforeDamage).toBe(records);
        expect(`${summary.seqFirst}..${summary.seqLast}`).toBe(seqs);
        expect(summary.severity).toBe(severity);
        const serious = summary.findings.filter((finding) => finding.severity !== 'note');
        expect(serious.map(({ code, offset }) => ({ code, offset }))).toEqual(damage);
        expect(summary).toMatchObject(more);
      },
    );

    it('badutf8: the bytes of the id are found again, so the cause is certain', async () => {
      const format = detectFormat(load('badutf8/wal.log'));
      if (format?.kind !== 'log') throw new Error('not detected');
      const summary = await format.read(sourceOf(load('badutf8/wal.log')), 'wal.log');
      expect(summary.findings[0]?.message).toMatch(/own making.*\(record 13\)$/);
    });
  });

  describe('real snapshots of raft-recovery', () => {
    it.each(snapshots)('$file', async ({ file, expected, code, offset }) => {
      const bytes = load(file);
      const format = detectFormat(bytes.subarray(0, detectBytes));
      if (format?.kind !== 'snapshot') throw new Error(`detected as ${format?.name}`);
      const summary = await format.read(sourceOf(bytes), file);
      expect(summary).toMatchObject(expected);
      const serious = summary.findings.find((finding) => finding.severity !== 'note');
      expect(serious?.code).toBe(code);
      if (offset !== undefined) expect(serious?.offset).toBe(offset);
    });
  });

  describe('vectors made by raft-recovery itself', () => {
    const vectors: Vectors = JSON.parse(load('checksum-vectors.json').toString());
    const seqOf = (text: string) => parseSeq(text) ?? 0;

    it('checksums agree, and lines read as the system reads them', () => {
      expect(vectors.checksum).toHaveLength(56);
      for (const { seq, type, job_id_utf8_hex, checksum, line_as_encoded, verifies_after_decode } of vectors.checksum) {
        const id = Buffer.from(job_id_utf8_hex, 'hex');
        expect([seq, type, goChecksum(type, id, BigInt(seq))]).toEqual([seq, type, checksum]);
        if (verifies_after_decode) expect(checksumOf(type, id.toString(), seqOf(seq))).toBe(checksum);
        const line = Buffer.from(line_as_encoded);
        const record = parseWalRecord(line, 0, line.length);
        if (!('computed' in record)) throw new Error(`refused: ${line_as_encoded}`);
        expect([line_as_encoded, record.computed === record.stored]).toEqual([line_as_encoded, verifies_after_decode]);
      }
    });

    it('what the system decodes is a record here, unless its checksum fails for want of a field', () => {
      for (const { line, decodes, checksum_ok, seq, job_id_hex } of vectors.decode) {
        // Each line is a Go string literal.
        const literal = line
          .slice(1, -1)
          .replace(/\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\(.)/g, (_, hex, unicode, other) => {
            if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
            if (unicode !== undefined)
              return Buffer.from(String.fromCharCode(Number.parseInt(unicode, 16))).toString('latin1');
            return other === 't' ? '\t' : other === 'n' ? '\n' : other;
          });
        const bytes = Buffer.from(literal, 'latin1');
        const record = parseWalRecord(bytes, 0, bytes.length);
        const sound = 'computed' in record && record.computed === record.stored;
        expect([line, sound]).toEqual([line, checksum_ok]);
        if (!decodes) expect([line, 'code' in record]).toEqual([line, true]);
        if (sound) expect([String(record.seq), Buffer.from(record.jobId).toString('hex')]).toEqual([seq, job_id_hex]);
      }
    });
  });
}
