import { verifyStore } from '../../build/storage/read.js';
import { env } from '../support/env.js';
import { growth, linear, nsPerByte, sizeName } from '../support/growth.js';
import { logStore } from '../support/log-store.js';
import { mustEqual } from '../support/measure.js';

export const row = {
  name: 'growth-verify',
  title: 'verify: time per byte, slowest size over fastest',
  unit: 'x',
  lessIsBetter: true,
  ceilingTitle: 'the same at each size',
  targets: linear,
  sizes: { full: { bytes: [1e6, 100e6, 1e9, 10e9] }, quick: { bytes: [1e6, 16e6, 64e6] } },

  async prepare({ folder, size }) {
    for (const bytes of size.bytes) await logStore(folder, bytes);
  },

  async run({ folder, size, roundCount }) {
    const sizes = [];
    for (const bytes of size.bytes) {
      const log = await logStore(folder, bytes);
      const verify = async () => {
        const { verdict, records } = await verifyStore(env, log.dir);
        mustEqual(verdict, 'clean', 'verdict');
        return records;
      };
      sizes.push([sizeName(bytes), () => nsPerByte(log.bytes, verify, log.records)]);
    }
    const measured = await growth(roundCount, 'ns per byte', sizes);
    return { ...measured, exact: 'clean at each size, every record counted', facts: {} };
  },
};
