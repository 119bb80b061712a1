import { verifyStore } from '../../build/storage/read.js';
import { env } from '../support/env.js';
import { logStore, sharedFrameBytes, warm } from '../support/log-store.js';
import { mustEqual, rounds, timed } from '../support/measure.js';
import { readAndCrc } from '../support/raw.js';

/** Every byte of a log checked, with the log in the page cache. */
export const row = {
  name: 'verify',
  title: 'verify a log, 100-byte records written 64 in flight',
  unit: 'GB/s',
  ceilingTitle: 'read + crc32 of the same bytes',
  targets: [
    { of: 'share', min: 0.6 },
    { of: 'value', min: 1.5 },
  ],
  sizes: { full: { bytes: 1e9 }, quick: { bytes: 64e6 } },

  prepare: ({ folder, size }) => logStore(folder, size.bytes),

  async run({ folder, size, roundCount }) {
    const log = await logStore(folder, size.bytes);
    warm(log.files);
    const cpu = [];
    const walq = async (round) => {
      const { ms, cpuMs, result } = await timed(() => verifyStore(env, log.dir));
      mustEqual(result.verdict, 'clean', 'verdict');
      mustEqual(result.findings.length, 0, 'findings');
      mustEqual(result.records, log.records, 'records');
      mustEqual(result.seqLast, log.records, 'last seq');
      mustEqual(result.bytes, log.bytes, 'bytes');
      if (round >= 0) cpu.push(log.bytes / 1e6 / cpuMs);
      return log.bytes / 1e6 / ms;
    };
    const raw = async () => {
      const { ms, result } = await timed(() => readAndCrc(log.files, sharedFrameBytes));
      mustEqual(result, log.bytes, 'bytes read raw');
      return log.bytes / 1e6 / ms;
    };
    const measured = await rounds(roundCount, walq, { raw });
    return {
      ...measured,
      perCpu: cpu,
      exact: `clean, ${log.records} records, every seq, every byte counted`,
      facts: { megabytes: Math.round(log.bytes / 1e6), segments: log.files.length },
    };
  },
};
