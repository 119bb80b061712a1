import { crcOf } from '../../../src/base/bytes.ts';
import { lastJournal } from '../../../src/storage/repair-journal.ts';
import { parseSnapshotFileName, snapshotFileName } from '../../../src/storage/snapshot/name.ts';
import { encodeStoreFile, readStoreFile } from '../../../src/storage/store-file.ts';
import { FrameType, frameBytes, frameHeaderBytes, segmentHeaderBytes } from '../../../src/storage/wal/format.ts';
import { decodeHeadFile, encodeHeadFile, headSlotOffset } from '../../../src/storage/wal/head.ts';
import { parseSegmentFileName, segmentFileName } from '../../../src/storage/wal/names.ts';
import { type FrameSpec, header, judgeBytes, segment } from '../../storage/wal/build.ts';
import { simEnv } from '../../support/env.ts';
import type { Prng } from '../../support/seeded-random.ts';
import { putFile } from '../../support/sim-edit.ts';
import { bytesOfText, hostileWords, jsonWords, must, type Target, textOf } from '../target.ts';

/** What lies in a store: everything but snapshots. */

function frames(random: Prng): FrameSpec[] {
  const some = Array.from({ length: random.below(8) }, (): FrameSpec => {
    if (random.chance(0.2))
      return { type: random.pick([2, 3, 5, 200]), payload: random.bytes(random.below(40)), count: 0 };
    return { records: Array.from({ length: 1 + random.below(4) }, (_, at) => `r${at}`.repeat(1 + random.below(60))) };
  });
  if (random.chance(0.3)) some.push({ type: FrameType.seal, payload: new Uint8Array(0), count: 0 });
  return some;
}

const u32 = (bytes: Uint8Array, at: number, value?: number): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (value !== undefined) view.setUint32(at, value, true);
  return view.getUint32(at, true);
};

function mendPreamble(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= 16) u32(bytes, 12, crcOf(bytes.subarray(0, 12)));
  return bytes;
}

const segmentTarget: Target = {
  name: 'segment',
  sample: (random) => segment(frames(random)).bytes,
  mend(bytes) {
    if (bytes.length < segmentHeaderBytes) return mendPreamble(bytes);
    mendPreamble(bytes);
    u32(bytes, 92, crcOf(bytes.subarray(0, 92)));
    const salt = u32(bytes, 48);
    for (let at = segmentHeaderBytes; at + frameHeaderBytes <= bytes.length; ) {
      const end = at + frameBytes(u32(bytes, at + 4));
      if (end <= bytes.length) u32(bytes, at + 32, crcOf(bytes.subarray(at + frameHeaderBytes, end), salt));
      u32(bytes, at + 36, crcOf(bytes.subarray(at, at + 36), salt));
      at = end;
    }
    return bytes;
  },
  async parse(bytes) {
    const whole = await judgeBytes(bytes);
    const pieces = await judgeBytes(bytes, {}, 61);
    must(JSON.stringify(whole) === JSON.stringify(pieces), 'what is read depends on the size of the reads');
    for (const { offset, end } of whole.findings) {
      must((offset ?? 0) <= bytes.length && (end ?? 0) <= bytes.length, 'a finding lies outside the file');
    }
    for (const { seqFirst, seqLast } of whole.lost) must(seqFirst <= seqLast, 'a range of lost seqs runs backwards');
    return whole;
  },
};

const headTarget: Target = {
  name: 'head',
  sample(random) {
    const slot = { storeId: header.storeId, ordinal: 1, seqLast: random.below(99), end: 96, link: 7, salt: 9 };
    const one = encodeHeadFile({ ...slot, counter: random.below(50), closed: random.chance(0.5) });
    const other = encodeHeadFile({ ...slot, counter: random.below(50), closed: false });
    if (random.chance(0.5)) one.set(other.subarray(8192), 8192);
    return one;
  },
  mend(bytes) {
    mendPreamble(bytes);
    for (const counter of [0, 1]) {
      const at = headSlotOffset(counter);
      if (bytes.length >= at + 64) u32(bytes, at + 60, crcOf(bytes.subarray(at, at + 60)));
    }
    return bytes;
  },
  parse(bytes) {
    const found = decodeHeadFile(bytes);
    if (found.slot) {
      const { slot } = decodeHeadFile(encodeHeadFile(found.slot));
      // Whether the other slot holds is no part of it.
      const written = { ...found.slot, perhapsOlder: undefined };
      must(JSON.stringify(slot) === JSON.stringify(written), 'a slot does not come back');
    }
    return found;
  },
};

const storeFileTarget: Target = {
  name: 'store-file',
  sample: (random) => encodeStoreFile({ id: header.storeId, createdMs: random.below(2 ** 31) }),
  words: ['"version":2', '"version":0', ',"crc"', '"id":"', ...jsonWords],
  mend(bytes) {
    const text = Buffer.from(bytes).toString('latin1');
    const end = text.indexOf(',"crc":"');
    if (end < 0) return bytes;
    const crc = crcOf(Buffer.from(text.slice(0, end), 'latin1'))
      .toString(16)
      .padStart(8, '0');
    return Uint8Array.from(Buffer.from(`${text.slice(0, end)},"crc":"${crc}"}\n`, 'latin1'));
  },
  async parse(bytes) {
    const env = simEnv();
    putFile(env.fs, '/STORE.json', bytes);
    const found = await readStoreFile(env.fs, '/');
    if (found.state === 'good') must(/^[0-9a-f]{32}$/.test(found.identity.id), 'an id of another form is good');
    return found;
  },
};

const action = {
  kind: 'trim',
  file: 'wal/0000000001-00000000000000000001.wal',
  offset: 96,
  bytes: 40,
  sha256: 'ab'.repeat(32),
  quarantine: 'x.tail-96',
};
const identity = { id: header.storeId, createdMs: 5 };
const storeAction = { kind: 'write-store-file', file: 'STORE.json', identity };

const journalTarget: Target = {
  name: 'repair-journal',
  sample: (random) =>
    bytesOfText(
      JSON.stringify({
        walq: 1,
        appliedMs: random.below(1000),
        actions: random.pick([[action], [storeAction], [action, storeAction], []]),
        ...random.pick([{}, { undo: 'begun' }, { undo: 'done' }]),
      }),
    ),
  words: ['"walq":2', '"file":"../HEAD"', '"quarantine":".."', 'wal/../../x', ...jsonWords],
  async parse(bytes) {
    const env = simEnv();
    await env.fs.mkdir('/quarantine');
    putFile(env.fs, '/quarantine/repair-0001.json', bytes);
    const found = await lastJournal(env, '/');
    for (const { file, quarantine } of found?.journal.actions ?? []) {
      must(/^(STORE\.json|wal\/\d{10,16}-\d{20}\.wal)$/.test(file), `a journal that names ${file} is followed`);
      must(quarantine === undefined || !/^\.{0,2}$|[/\0]/.test(quarantine), `a copy named ${quarantine} is followed`);
    }
    return found;
  },
};

const namesTarget: Target = {
  name: 'file-names',
  sample: (random) =>
    bytesOfText(
      random.chance(0.5)
        ? segmentFileName(1 + random.below(99), random.below(2 ** 30))
        : snapshotFileName(random.below(2 ** 30)),
    ),
  words: ['/', '..', '.wal', '.snap', '.tmp', '-', '0', '٣', ...hostileWords],
  parse(bytes) {
    const name = textOf(bytes);
    const log = parseSegmentFileName(name);
    const seq = parseSnapshotFileName(name);
    if (log) must(segmentFileName(log.ordinal, log.seqFirst) === name, 'the name of a segment does not come back');
    if (seq !== undefined) must(snapshotFileName(seq) === name, 'the name of a snapshot does not come back');
    return { log, seq };
  },
};

export const diskTargets: readonly Target[] = [segmentTarget, headTarget, storeFileTarget, journalTarget, namesTarget];
