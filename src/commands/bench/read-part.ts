import { crcOf } from '../../base/bytes.ts';
import { assert } from '../../base/errors.ts';
import { join } from '../../base/path.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { listWal, walFolder } from '../../storage/folder.ts';
import { verifyStore } from '../../storage/read.ts';
import { replayTo } from '../../storage/replay.ts';
import { type Done, inTurn, median, perSecond } from './numbers.ts';
import type { BenchPlace, BenchRow } from './types.ts';

const chunkBytes = 1024 * 1024;

/** How fast a log of so many events is verified, and replayed into the state. The page cache has it. */
export async function measureReading(place: BenchPlace, store: string, events: number): Promise<BenchRow[]> {
  const { env, rounds } = place;
  const verify = async (): Promise<number> => {
    const report = await verifyStore(env, store);
    assert(report.verdict === 'clean' && report.records === events, 'the log is clean and has every event');
    return report.bytes;
  };
  const replay = async (): Promise<number> => {
    const { replayed } = await replayTo(env, store, () => new QueueMachine());
    assert(replayed === events, 'every event is replayed');
    return replayed;
  };
  const read = () => repeated(place, () => readAndCrc(place, store));
  const verified = await inTurn(rounds, () => repeated(place, verify), read);
  const speeds: number[] = [];
  for (let round = 0; round < rounds; round++) speeds.push(perSecond(await repeated(place, replay)));
  return [
    { name: 'verify', unit: 'bytes/s', ...verified, size: await verify() },
    { name: 'replay', unit: 'events/s', value: Math.round(median(speeds)), size: events },
  ];
}

async function repeated({ env, budgetMs }: BenchPlace, work: () => Promise<number>): Promise<Done> {
  const started = env.clock.monotonic();
  let amount = 0;
  do amount += await work();
  while (env.clock.monotonic() - started < budgetMs);
  return { amount, ms: env.clock.monotonic() - started };
}

/** Every byte of the log, and one checksum over it. */
async function readAndCrc({ env }: BenchPlace, store: string): Promise<number> {
  const { segments } = await listWal(env, join(store, walFolder));
  const buffer = new Uint8Array(chunkBytes);
  let crc = 0;
  let bytes = 0;
  for (const { name } of segments) {
    const file = await env.fs.open(join(store, walFolder, name), 'r');
    let at = 0;
    for (let got = await file.read(buffer, 0); got > 0; got = await file.read(buffer, at)) {
      crc = crcOf(buffer.subarray(0, got), crc);
      at += got;
    }
    await file.close();
    bytes += at;
  }
  assert(Number.isInteger(crc), 'a checksum');
  return bytes;
}
