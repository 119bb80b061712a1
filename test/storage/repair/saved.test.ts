import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scanStore } from '../../../src/storage/read.ts';
import { planSalvage } from '../../../src/storage/salvage.ts';
import { openStore } from '../../../src/storage/store.ts';
import { forEachRecord, packed } from '../../../src/storage/wal/records.ts';
import { root } from '../../support/doc-examples.ts';
import { simEnv } from '../../support/env.ts';
import { dir, diskOf, flipped, type Image, imageOf, make, textOf, withFile } from '../damage/image.ts';
import { destroyed, segmentHeader } from './salvage-support.ts';
import { healing } from './support.ts';

/**
 * How many events are left of a log after each damage of a set: by a reader that stops at the first fault, and by heal
 * and salvage. docs/repair.md shows the counts; README=update writes them there.
 */

const page = `${root}/docs/repair.md`;
const events = 60;
const text = (number: number): string => `${textOf(number)} ${'abcdefghij'.repeat(number % 17)}`;

/** Five segments of twelve events, every third frame with two of them; no snapshot, so that the log is all there is. */
async function sample(): Promise<Image> {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  for (let number = 1; number <= events; number++) {
    const isPair = number % 4 === 3;
    await store.append(packed((isPair ? [number, number + 1] : [number]).map((each) => Buffer.from(text(each)))));
    if (isPair) number++;
    if (number % 12 === 0 && number < events) await store.rotate();
  }
  await store.close();
  return imageOf(env.fs);
}

type Damage = (image: Image, path: string, bytes: Uint8Array) => Generator<Image>;

function* stretches(image: Image, path: string, bytes: Uint8Array, size: number, value: number): Generator<Image> {
  for (let from = 0; from < bytes.length; from += size) {
    const copy = bytes.slice();
    yield withFile(image, path, copy.fill(value, from, from + size));
  }
}

const damages: Readonly<Record<string, Damage>> = {
  'one bit flipped, at every 61st bit': function* (image, path, bytes) {
    for (let bit = 0; bit < bytes.length * 8; bit += 61) yield withFile(image, path, flipped(bytes, bit));
  },
  'each 64 bytes overwritten': (image, path, bytes) => stretches(image, path, bytes, 64, 0xee),
  'each 512 bytes zero': (image, path, bytes) => stretches(image, path, bytes, 512, 0),
  'each header of a segment overwritten': function* (image, path, bytes) {
    yield withFile(image, path, destroyed(bytes, segmentHeader.offset, segmentHeader.bytes));
  },
  'each segment gone': function* (image, path) {
    yield withFile(image, path, undefined);
  },
};

/** Such a reader knows nothing of frames under a header that does not hold. */
async function keptByCutting(damaged: Image): Promise<number> {
  const files: string[] = [];
  const { findings } = await scanStore(await diskOf(damaged), dir, {
    record: ({ afterHole, file }) => {
      if (!afterHole) files.push(file);
      return undefined;
    },
  });
  const end = findings.find(({ code }) => code === 'E_SEGMENT_HEADER')?.file;
  return files.filter((file) => end === undefined || file < end).length;
}

async function keptByRepair(damaged: Image): Promise<number> {
  let kept = 0;
  await planSalvage(await diskOf(damaged), dir, healing.readable, async () => (item) => {
    if (item.kind !== 'records') return;
    forEachRecord(item.payload, (record, index) => {
      expect(Buffer.from(record).toString()).toBe(text(item.seqFirst + index));
      kept++;
    });
  });
  return kept;
}

test('the page on repair says how many events of damaged logs are saved, as counted here', async () => {
  const image = await sample();
  const segments = [...image].filter(([path]) => path.endsWith('.wal'));
  expect(segments.length).toBe(5);
  const percent = (kept: number, cases: number): string => `${((100 * kept) / (cases * events)).toFixed(1)} %`;
  const rows = [
    '| damage to a log of 60 events in 5 segments | cases | cut at the first fault | heal and salvage |',
    '|-|-|-|-|',
  ];
  for (const [name, damage] of Object.entries(damages)) {
    let [cases, cut, saved] = [0, 0, 0];
    for (const [path, bytes] of segments) {
      for (const damaged of damage(image, path, bytes)) {
        // Without its first segment nothing of a log can be replayed.
        cut += damaged.has(segments[0]?.[0] ?? '') ? await keptByCutting(damaged) : 0;
        saved += await keptByRepair(damaged);
        cases++;
      }
    }
    expect(saved, name).toBeGreaterThanOrEqual(cut);
    rows.push(`| ${name} | ${cases} | ${percent(cut, cases)} | ${percent(saved, cases)} |`);
  }
  const written = readFileSync(page, 'utf8');
  if (process.env.README === 'update') {
    writeFileSync(page, written.replace(/<!-- saved -->[\s\S]*$/, `<!-- saved -->\n\n${rows.join('\n')}\n`));
    return;
  }
  const shown = written.split('<!-- saved -->')[1] ?? '';
  const plain = (line: string): string =>
    line.replace(/ +/g, ' ').replace(/-+/g, '-').replace(/\| -/g, '|-').replace(/- \|/g, '-|');
  expect(shown.trim().split('\n').map(plain)).toEqual(rows.map(plain));
});
