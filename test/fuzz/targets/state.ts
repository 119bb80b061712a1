import { createHash } from 'node:crypto';
import { brotliCompressSync, crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { decodeEvent, decodePacked, encodeEvent, recordJobId, recordTime } from '../../../src/queue/events/events.ts';
import { encodeJob } from '../../../src/queue/state/job-codec.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { encodeSetting } from '../../../src/queue/state/setting-codec.ts';
import {
  blockHeaderBytes,
  encodeBlockHeader,
  encodeFooter,
  encodeHeader,
  footerBytes,
  headerBytes,
  headerSeed,
} from '../../../src/storage/snapshot/codec.ts';
import { packHex } from '../../../src/storage/snapshot/hex.ts';
import { scanSnapshot } from '../../../src/storage/snapshot/scan.ts';
import { eventArbitrary } from '../../queue/support/arbitrary.ts';
import { jobArbitrary, settingArbitrary } from '../../queue/support/arbitrary-entries.ts';
import { oneEntry } from '../../storage/snapshot/assemble.ts';
import type { Prng } from '../../support/seeded-random.ts';
import { sourceOf } from '../../support/source.ts';
import { must, type Target } from '../target.ts';

/** Snapshots, and the bytes of events and of the state inside log and snapshot. */

const point = { seq: 1234, ordinal: 3, offset: 65536, link: 0xdeadbeef, salt: 0xfeedface };

function snapshot(random: Prng): Uint8Array {
  const header = encodeHeader({ storeId: '0f'.repeat(16), kind: 'checkpoint', point, createdMs: 5, codec: 'hex' });
  const seed = headerSeed(header);
  const parts = [header];
  const state = createHash('sha256');
  const [totals, blocks] = [{ entries: 0, rawBytes: 0 }, random.below(4)];
  for (let index = 0; index < blocks; index++) {
    const entries = Array.from({ length: 1 + random.below(5) }, (_, at) =>
      Buffer.from(`e${at}`.repeat(1 + random.below(30))),
    );
    const raw = Buffer.concat(entries.map(oneEntry));
    const digits = random.chance(0.5) ? packHex(raw) : undefined;
    const packed = random.chance(0.7) ? brotliCompressSync(digits ?? raw) : raw;
    const smaller = digits === undefined ? 'brotli' : 'hex';
    const [codec, stored] = packed.length < raw.length ? ([smaller, packed] as const) : (['none', raw] as const);
    const lengths = { rawLength: raw.length, storedLength: stored.length, entries: entries.length };
    parts.push(encodeBlockHeader({ index, codec, ...lengths, storedCrc: crc32(stored) }, seed), stored);
    state.update(raw);
    totals.entries += entries.length;
    totals.rawBytes += raw.length;
  }
  const before = Buffer.concat(parts);
  const hashes = { stateHash: state.digest('hex'), sha256: createHash('sha256').update(before).digest('hex') };
  return Buffer.concat([before, encodeFooter({ ...totals, blocks, offset: before.length, ...hashes }, seed)]);
}

const snapshotTarget: Target = {
  name: 'snapshot',
  sample: snapshot,
  mend(input) {
    const bytes = Buffer.from(input);
    if (bytes.length < headerBytes) return bytes;
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 72)), 72);
    const seed = headerSeed(bytes);
    let at = headerBytes;
    while (at + blockHeaderBytes <= bytes.length && bytes.toString('latin1', at, at + 4) === 'WQbk') {
      const end = at + blockHeaderBytes + bytes.readUInt32LE(at + 16);
      if (end <= bytes.length) bytes.writeUInt32LE(crc32(bytes.subarray(at + blockHeaderBytes, end)), at + 24);
      bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 28), seed), at + 28);
      at = end;
    }
    if (at + footerBytes > bytes.length) return bytes;
    createHash('sha256')
      .update(bytes.subarray(0, at))
      .digest()
      .copy(bytes, at + 64);
    bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 96), seed), at + 96);
    return bytes;
  },
  async parse(bytes) {
    const entries: string[] = [];
    const onEntry = (entry: Uint8Array) => void entries.push(Buffer.from(entry).toString('hex'));
    const whole = await scanSnapshot(sourceOf(bytes), { file: 'x.snap', onEntry });
    const stream = await scanSnapshot(sourceOf(bytes, { step: 61, sized: false }), { file: 'x.snap' });
    const [found, streamed] = [whole.findings, stream.findings].map((findings) => JSON.stringify(findings));
    must(found === streamed, 'a file and a stream are judged differently');
    must((whole.summary === undefined) === whole.findings.length > 0, 'neither a summary nor a finding, or both');
    if (whole.summary) must(whole.summary.entries === entries.length, 'other entries than counted were handed out');
    for (const { offset, end } of whole.findings) {
      must((offset ?? 0) <= bytes.length && (end ?? 0) <= bytes.length, 'a finding lies outside the file');
    }
    return { whole, entries };
  },
};

const events = fc.sample(eventArbitrary, { numRuns: 300, seed: 1 }).map((event) => Uint8Array.from(encodeEvent(event)));

const eventTarget: Target = {
  name: 'event',
  sample: (random) => random.pick(events).slice(),
  parse(bytes) {
    const event = decodeEvent(bytes);
    const packed = decodePacked(bytes);
    must(packed.type === event.type && packed.id === event.id, 'two ways of decoding disagree');
    must(recordJobId(bytes) === event.id && recordTime(bytes) === event.at, 'the quick look disagrees');
    const again = decodeEvent(Uint8Array.from(encodeEvent(event)));
    must(JSON.stringify(again) === JSON.stringify(event), 'an event that was read does not come back');
    return event;
  },
};

const entries = [
  ...fc
    .sample(jobArbitrary, { numRuns: 200, seed: 1 })
    .filter(({ seq }) => seq > 0)
    .map(encodeJob),
  ...fc.sample(settingArbitrary, { numRuns: 100, seed: 1 }).map(encodeSetting),
].map((entry) => Uint8Array.from(entry));

const stateTarget: Target = {
  name: 'state-entry',
  sample: (random) => random.pick(entries).slice(),
  parse(bytes) {
    const machine = new QueueMachine();
    machine.load(bytes);
    const [totals, ...written] = [...machine.cut()].map((entry) => Buffer.from(entry));
    const again = new QueueMachine();
    for (const entry of [totals, ...written]) again.load(entry ?? new Uint8Array(0));
    const twice = [...again.cut()].map((entry) => Buffer.from(entry).toString('hex'));
    must(
      twice.join() === [totals, ...written].map((entry) => entry?.toString('hex')).join(),
      'a state does not come back',
    );
    return twice;
  },
};

export const stateTargets: readonly Target[] = [snapshotTarget, eventTarget, stateTarget];
