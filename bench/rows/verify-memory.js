import { bin, runNode } from '../support/child.js';
import { logStore } from '../support/log-store.js';
import { mustEqual, rounds } from '../support/measure.js';

/** Peak memory of the whole process `walq wal verify`, for a large log and for a small one. */
export const row = {
  name: 'verify-memory',
  title: 'peak memory of `walq wal verify` on a large log',
  unit: 'MB',
  lessIsBetter: true,
  ceilingTitle: 'the same command on a 10 MB log',
  targets: [
    { of: 'value', max: 120 },
    { of: 'share', min: 0.9, why: 'flat' },
  ],
  sizes: { full: { bytes: 10e9, smallBytes: 10e6 }, quick: { bytes: 64e6, smallBytes: 10e6 } },

  async run({ folder, size, roundCount }) {
    const large = await logStore(folder, size.bytes);
    const small = await logStore(folder, size.smallBytes);
    const peakOf = (log) => async () => {
      const { stdout, peakKib } = await runNode([bin, 'wal', 'verify', log.dir, '--json'], { peak: true });
      const answer = JSON.parse(stdout);
      mustEqual(answer.verdict, 'clean', 'verdict');
      mustEqual(answer.records, log.records, 'records');
      return (peakKib * 1024) / 1e6;
    };
    const bare = async () => ((await runNode(['-e', '0'], { peak: true })).peakKib * 1024) / 1e6;
    const measured = await rounds(roundCount, peakOf(large), { raw: peakOf(small), 'bare node': bare });
    return {
      ...measured,
      exact: `clean, ${large.records} and ${small.records} records`,
      facts: { megabytes: Math.round(large.bytes / 1e6) },
    };
  },
};
