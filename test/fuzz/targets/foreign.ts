import { readFileSync } from 'node:fs';
import { detectFormat } from '../../../src/formats/registry.ts';
import { detectBytes, type ForeignFormat } from '../../../src/formats/types.ts';
import type { Prng } from '../../support/seeded-random.ts';
import { sourceOf } from '../../support/source.ts';
import { bytesOfText, hostileWords, jsonWords, must, type Target } from '../target.ts';

/** Logs and snapshots of other systems, found by their content. */

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/raft-recovery/${name}`, import.meta.url), 'utf8');
const raftLines = fixture('wal.log').split(/(?<=\n)/);
const raftSnapshot = fixture('snapshot.json');

/** The same whatever the size of the reads, and nothing outside the file. */
async function read(format: ForeignFormat, bytes: Uint8Array, step: number | undefined): Promise<unknown> {
  const items: unknown[] = [];
  const visit = (item: unknown) => void items.push(item);
  const summary = await format.read(sourceOf(bytes, { step }), 'x', { visit });
  must(summary.bytes <= bytes.length, `${summary.bytes} bytes of ${bytes.length} were read`);
  for (const { offset, end } of summary.findings) {
    must((offset ?? 0) <= bytes.length && (end ?? 0) <= bytes.length, 'a finding lies outside the file');
  }
  // How far into a chunk a broken file was read depends on the chunk.
  const { bytes: _, ...rest } = summary;
  return { ...rest, items };
}

function foreign(name: string, words: readonly string[], sample: (random: Prng) => string): Target {
  return {
    name,
    sample: (random) => bytesOfText(sample(random)),
    words,
    async parse(bytes) {
      const format = detectFormat(bytes.subarray(0, detectBytes));
      if (format === undefined) return 'unknown';
      const whole = JSON.stringify(await read(format, bytes, undefined));
      must(whole === JSON.stringify(await read(format, bytes, 61)), 'what is read depends on the size of the reads');
      return whole;
    },
  };
}

const events = ['ENQUEUE', 'DISPATCH', 'ACK', 'RETRY', 'TIMEOUT', 'DEAD', 'ODD'];

export const foreignTargets: readonly Target[] = [
  foreign('raft-wal', ['{"seq":', '"checksum":0}', '"job_id":"', '\n', '\0', '\r', ...jsonWords], (random) =>
    raftLines.slice(0, random.below(17)).join(''),
  ),
  foreign('raft-snapshot', ['"jobs":{', '"schema_ver":1', '"last_seq":3', '"status":"dead"', ...jsonWords], (random) =>
    random.chance(0.5) ? raftSnapshot : '{"jobs":{},"schema_ver":1,"last_seq":0}',
  ),
  foreign('document-log', ['[seq=', '] ENQUEUE ', ' ACK ', '\n', '\0', ' ', ...hostileWords], (random) =>
    Array.from({ length: random.below(12) }, (_, at) => `[seq=${at + 1}] ${random.pick(events)} job_${at % 3}\n`).join(
      '',
    ),
  ),
  foreign('document-snapshot', ['"Jobs":', '"LastSeq":', '"Status":"dead"', '"Payload":', ...jsonWords], (random) =>
    JSON.stringify({
      Jobs: { job_1: { Status: 'completed' }, job_2: { Status: 'pending', Attempt: random.below(9), Payload: [1] } },
      LastSeq: random.below(99),
    }),
  ),
];
