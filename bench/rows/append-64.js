import { openStore } from '../../build/storage/store.js';
import { packed } from '../../build/storage/wal/records.js';
import { durableRow, inParallel } from '../support/commit-rows.js';
import { env } from '../support/env.js';
import { inFlight } from '../support/log-store.js';
import { must } from '../support/measure.js';
import { CountingMachine, numberedRecord } from '../support/records.js';

/** The log alone, with 64 writers that each wait for the disk. */
export const row = {
  name: 'append-64',
  title: 'durable append to the log, 64 in flight',
  unit: 'records/s',
  ceilingTitle: 'write + fdatasync of the same batches',
  targets: [{ of: 'share', min: 0.8 }],
  rounds: 15,
  sizes: { full: { batches: 150 }, quick: { batches: 30 } },

  async run(context) {
    const total = context.size.batches * inFlight;
    const records = Array.from({ length: total }, (_, number) => packed([numberedRecord(number)]));
    const measured = await durableRow(context, total, async (dir) => {
      const machine = new CountingMachine(total);
      const store = await openStore(env, dir, { machine: () => machine, create: true });
      const { ms, answers } = await inParallel(inFlight, total, (number) => store.append(records[number]));
      const seqs = new Set(answers);
      const { commits } = store.stats;
      await store.close();
      must(seqs.size === total && Math.max(...seqs) === total, 'each append has its own seq, none is left out');
      machine.mustBeComplete();
      return { ms, commits, records: total };
    });
    return { ...measured, exact: `${total} records once each, seqs dense, log clean` };
  },
};
