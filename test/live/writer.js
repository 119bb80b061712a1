// A writer at full speed: appends by many at once, small segments, snapshots that clean, compactions. Prints how many
// records were answered. Lives as long as its standard input, or until it is killed.
//
//   node test/live/writer.js STORE SEED
import { systemClock, systemRandom } from '../../build/base/node-clock.js';
import { nodeFs } from '../../build/fs/node-fs.js';
import { compactStore } from '../../build/storage/compact.js';
import { openStore } from '../../build/storage/store.js';
import { packed } from '../../build/storage/wal/records.js';
import { ChainMachine, recordOf } from './chain.js';
import { seeded } from './seeded.js';

const [dir, seed] = process.argv.slice(2);
const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
const random = seeded(Number(seed));
const segmentBytes = 8 * 1024 * 2 ** random(5);
const snapshotEvery = 50 + random(1000);
const keepSnapshots = 1 + random(3);

const store = await openStore(env, dir, {
  machine: () => new ChainMachine(),
  create: true,
  segmentBytes,
  keepSnapshots,
});
let living = true;
process.stdin.on('end', () => {
  living = false;
});
process.stdin.resume();

let asked = store.machine.count;
let answered = asked;
let told = 0;
let side = Promise.resolve();
let sideAt = asked + snapshotEvery;

async function append() {
  while (living) {
    const records = Array.from({ length: 1 + random(3) }, () => recordOf(++asked));
    await store.append(packed(records));
    answered = Math.max(answered, store.machine.count);
    if (answered - told >= 20) {
      told = answered;
      process.stdout.write(`${answered}\n`);
    }
    if (answered >= sideAt) {
      sideAt = answered + snapshotEvery;
      const compacts = random(3) === 0;
      side = side.then(() => (compacts ? compactStore(env, store, { keep: keepSnapshots }) : store.checkpoint()));
    }
  }
}

await Promise.all(Array.from({ length: 16 }, append));
await side;
await store.close();
