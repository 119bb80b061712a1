import { encodeTotals } from './job-codec.ts';
import { encodeSetting } from './setting-codec.ts';
import type { SettingEntry } from './settings.ts';
import type { QueueTotals } from './totals.ts';

/** The entries of a snapshot, made one by one when they are asked for; what is given here must stay as it is. */
export function cutOf(
  totals: QueueTotals,
  settings: readonly SettingEntry[],
  jobs: Iterable<Uint8Array>,
): Iterable<Uint8Array> {
  return {
    *[Symbol.iterator]() {
      yield encodeTotals(totals);
      for (const setting of settings) yield encodeSetting(setting);
      yield* jobs;
    },
  };
}
