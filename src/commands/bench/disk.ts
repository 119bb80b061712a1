import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { join } from '../../base/path.ts';
import { type Done, quantile, thousandths } from './numbers.ts';
import type { BenchPlace, SyncTimes } from './types.ts';

const pageBytes = 4096;
const samplesMax = 1000;
/** Rare ones are what the p99 is about, so this part may take longer than the others. */
const probeBudgets = 4;
/** This thread stands still no longer than that, so that Ctrl-C is heard. */
const standStillMs = 20;

/** 4 KiB at the growing end of a file, then fdatasync, again and again. */
export async function probeSync(place: BenchPlace): Promise<SyncTimes> {
  const times: number[] = [];
  await writeAndSync({ ...place, budgetMs: place.budgetMs * probeBudgets }, pageBytes, samplesMax, (ms) =>
    times.push(ms),
  );
  const at = (share: number): number => thousandths(quantile(times, share));
  return { samples: times.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/**
 * At most `times` writes of so many bytes at the growing end of a new file, each synced before the next: what group
 * commit asks of the disk, and nothing else. Ends when its time is up.
 */
export async function writeAndSync(
  { env, folder, budgetMs }: BenchPlace,
  bytes: number,
  times: number,
  each: (ms: number) => void = () => {},
): Promise<Done> {
  const path = join(folder, 'raw');
  const file = await env.fs.open(path, 'wx');
  const buffer = new Uint8Array(bytes).fill(0x5a);
  let amount = 0;
  let ms = 0;
  let stoodStill = 0;
  try {
    while (amount < times && (ms < budgetMs || amount === 0)) {
      const started = env.clock.monotonic();
      file.writeSync(buffer, amount * bytes);
      file.datasyncSync();
      const took = env.clock.monotonic() - started;
      each(took);
      ms += took;
      amount++;
      stoodStill += took;
      if (stoodStill > standStillMs) {
        await eventLoopTurn();
        stoodStill = 0;
      }
    }
  } finally {
    await file.close();
    await env.fs.unlink(path);
  }
  return { amount, ms };
}
