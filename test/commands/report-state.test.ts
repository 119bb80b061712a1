import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { gatherReport } from '../../src/commands/report/gather.ts';
import type { ReportData, ReportLimits } from '../../src/commands/report/types.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { replayTo } from '../../src/storage/replay.ts';
import type { StorageEnv } from '../../src/storage/types.ts';
import { diskOf, type Image, withFile } from '../storage/damage/image.ts';
import { contextIn } from '../support/command-context.ts';
import { Prng } from '../support/seeded-random.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const stores = ['clean', 'torn', 'ambiguous', 'bit-flip', 'missing-segment', 'bad-snapshot'];

function imageOf(name: string): Image {
  const files = readdirSync(`${fixtures}/${name}`, { recursive: true, withFileTypes: true });
  return new Map(
    files.flatMap((entry) => {
      const path = `${entry.parentPath}/${entry.name}`;
      return entry.isFile() ? [[path.replace(`${fixtures}/${name}`, '/s'), readFileSync(path)] as const] : [];
    }),
  );
}

function gather(env: StorageEnv, limits?: ReportLimits): Promise<ReportData> {
  return gatherReport(contextIn(env), ['/s'], { withPayloads: false, ...(limits && { limits }) });
}

/** The counts that replay gives up to a seq; 'unknown' where it refuses. */
async function replayed(env: StorageEnv, until: number): Promise<object | 'unknown'> {
  try {
    return { ...(await replayTo(env, '/s', () => new QueueMachine(), { until })).machine.counts };
  } catch {
    return 'unknown';
  }
}

async function holdAgainstReplay(env: StorageEnv, what: string): Promise<{ known: number; unknown: number }> {
  const { rows } = await gather(env);
  const tally = { known: 0, unknown: 0 };
  const { seq, known, pending, in_flight, completed, dead } = rows.of;
  for (let index = 0; index < rows.length; index++) {
    const [p, i, c, d] = [pending[index], in_flight[index], completed[index], dead[index]];
    const told = known[index] === 1 ? { pending: p, in_flight: i, completed: c, dead: d } : 'unknown';
    const until = seq[index] ?? 0;
    expect(told, `${what}, seq ${until}`).toEqual(await replayed(env, until));
    tally[told === 'unknown' ? 'unknown' : 'known']++;
  }
  return tally;
}

describe('the state that a report shows after an event', () => {
  test.each(stores)('is that of wal replay --until, at every event of %s', async (name) => {
    const { known } = await holdAgainstReplay(await diskOf(imageOf(name)), name);
    expect(known).toBeGreaterThan(2);
  });

  test('is so after damage at any place too, and unknown wherever replay refuses', async () => {
    const image = imageOf('clean');
    const chance = new Prng(7);
    const total = { known: 0, unknown: 0 };
    const paths = [...image.keys()].filter((path) => /\.(wal|snap)$/.test(path));
    for (let round = 0; round < 80; round++) {
      const path = paths[chance.below(paths.length)] ?? '';
      const bytes = Uint8Array.from(image.get(path) ?? []);
      const at = chance.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
      const gone = round % 10 === 0 ? undefined : bytes;
      const { known, unknown } = await holdAgainstReplay(await diskOf(withFile(image, path, gone)), `${path} at ${at}`);
      total.known += known;
      total.unknown += unknown;
    }
    expect(total.known).toBeGreaterThan(500);
    expect(total.unknown).toBeGreaterThan(100);
  });
});
