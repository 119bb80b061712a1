import { expect, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import { tried } from '../../support/tried.ts';
import { everyStore, framesOf } from './every-store.ts';
import { appendSome, bytesAt, dir, fileOf, type Image, imageOf, make, sampleStore, withFile } from './image.ts';
import { goesOn, judge, texts } from './judge.ts';
import { lies, truthOf } from './truth.ts';

async function eachCut(
  image: Image,
  part: string,
  check: (size: number, image: Image) => Promise<void>,
): Promise<void> {
  const path = fileOf(image, part);
  const bytes = bytesAt(image, path);
  for (let size = 0; size < bytes.length; size++) await check(size, withFile(image, path, bytes.slice(0, size)));
}

test('active segment cut at every byte, HEAD exact: corrupt and refused, with the exact loss', async (context) => {
  const image = await everyStore({ closed: true });
  const frames = await framesOf(image);
  const outcomes = { 'corrupt, refused': 0 };
  await eachCut(image, '0000000003-', async (size, damaged) => {
    const { report, opened } = await judge(damaged);
    expect(report.verdict, `cut at ${size}`).toBe('corrupt');
    expect(opened).toBe('refused');
    expect(lies(report, truthOf(image, damaged, frames)), `cut at ${size}`).toEqual([]);
    outcomes['corrupt, refused']++;
  });
  tried(context, 'cut-active', outcomes);
});

test('active segment cut at every byte, no HEAD: corrupt in its header, then torn or clean', async (context) => {
  const image = withFile(await sampleStore({ closed: false }), '/s/HEAD', undefined);
  const outcomes = { corrupt: 0, torn: 0, clean: 0 };
  await eachCut(image, '0000000003-', async (size, damaged) => {
    const { report, opened, items } = await judge(damaged);
    if (size < 96) {
      expect(report.verdict, `cut at ${size}`).toBe('corrupt');
      expect(opened).toBe('refused');
      outcomes.corrupt++;
      return;
    }
    outcomes[report.verdict === 'clean' ? 'clean' : 'torn']++;
    expect(['torn', 'clean'], `cut at ${size}`).toContain(report.verdict);
    const frameEnds = report.segments.at(-1)?.end === size;
    expect(report.verdict === 'clean', `cut at ${size}`).toBe(frameEnds);
    expect(opened).toBe('opened');
    expect(items).toEqual(texts(items.length));
    expect(items.length).toBeGreaterThanOrEqual(8);
    if (size % 5 === 0) await goesOn(damaged, items);
  });
  expect(outcomes.corrupt).toBe(96);
  expect(Math.min(outcomes.torn, outcomes.clean)).toBeGreaterThan(0);
  tried(context, 'cut-active', outcomes);
});

test('sealed segment cut at every byte, frame borders too: corrupt, with the exact loss', async (context) => {
  const image = await everyStore({ closed: true });
  const frames = await framesOf(image);
  const outcomes = { 'corrupt, refused': 0, 'corrupt, below a snapshot, opens': 0 };
  for (const part of ['0000000001-', '0000000002-']) {
    await eachCut(image, part, async (size, damaged) => {
      const { report, opened, items } = await judge(damaged);
      expect(report.verdict, `cut at ${size} of ${part}`).toBe('corrupt');
      expect(lies(report, truthOf(image, damaged, frames)), `cut at ${size} of ${part}`).toEqual([]);
      if (opened === 'opened') expect(items).toEqual(texts(12));
      outcomes[opened === 'opened' ? 'corrupt, below a snapshot, opens' : 'corrupt, refused']++;
    });
  }
  tried(context, 'cut-sealed', outcomes);
});

test('a sealed segment cut at every byte under a successor that was never used: corrupt and refused', async () => {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  await appendSome(store, 1, 6);
  await store.rotate();
  const image = imageOf(env.fs);
  await store.close();
  for (const without of [undefined, '/s/HEAD']) {
    const given = without === undefined ? image : withFile(image, without, undefined);
    await eachCut(given, '0000000001-', async (size, damaged) => {
      const { report, opened } = await judge(damaged);
      const sealTorn = without !== undefined && size >= bytesAt(image, fileOf(image, '0000000001-')).length - 48;
      // Without HEAD nothing proves that SEAL itself was durable: its loss is an interrupted rotation.
      expect(opened, `cut at ${size}, without ${without}`).toBe(sealTorn ? 'opened' : 'refused');
      if (!sealTorn) expect(report.verdict, `cut at ${size}`).toBe('corrupt');
    });
  }
});

test('a snapshot cut at every byte, empty too: degraded, same state', async (context) => {
  const image = await everyStore({ closed: true });
  const outcomes = { 'degraded, same state': 0 };
  for (const part of ['00000001.snap', '00000008.snap']) {
    await eachCut(image, part, async (size, damaged) => {
      const { report, items } = await judge(damaged);
      expect(report.verdict, `cut at ${size}`).toBe('degraded');
      expect(items).toEqual(texts(12));
      outcomes['degraded, same state']++;
    });
  }
  tried(context, 'bad-snapshot', outcomes);
});

test('STORE.json cut at every byte is refused, and nothing of the log is called lost', async (context) => {
  const image = await everyStore({ closed: true });
  const outcomes = { refused: 0 };
  await eachCut(image, 'STORE.json', async (size, damaged) => {
    const { report, opened } = await judge(damaged);
    expect([report.verdict, opened, report.lost], `cut at ${size}`).toEqual(['corrupt', 'refused', []]);
    outcomes.refused++;
  });
  tried(context, 'missing-identity', outcomes);
});

test('HEAD cut at every 64th byte or gone: notes only', async () => {
  const image = await sampleStore({ closed: true });
  const bytes = bytesAt(image, '/s/HEAD');
  for (let size = 0; size < bytes.length; size += 64) {
    const { report, items } = await judge(withFile(image, '/s/HEAD', bytes.slice(0, size)));
    expect(report.verdict, `cut at ${size}`).toBe('clean');
    expect(items).toEqual(texts(12));
  }
  await goesOn(withFile(image, '/s/HEAD', undefined), texts(12));
});

test('zeros after the last frame are padding: clean, and every record is there', async (context) => {
  const image = await everyStore({ closed: true });
  const outcomes = { clean: 0 };
  const path = fileOf(image, '0000000003-');
  for (const extra of [1, 7, 8, 39, 40, 41, 512, 4096, 1024 * 1024]) {
    const padded = new Uint8Array(bytesAt(image, path).length + extra);
    padded.set(bytesAt(image, path));
    const { report, items } = await judge(withFile(image, path, padded));
    expect(report.verdict, `${extra} zeros`).toBe('padded');
    expect(items).toEqual(texts(12));
    outcomes.clean++;
  }
  tried(context, 'zero-tail', outcomes);
});

test('zeros and then any byte after the end: never clean, no record is lost', async (context) => {
  const image = await everyStore({ closed: true });
  const path = fileOf(image, '0000000003-');
  const own = bytesAt(image, path);
  const outcomes = { torn: 0, ambiguous: 0 };
  for (const zeros of [0, 1, 7, 8, 40, 100, 511, 512, 513, 1024, 4096, 9000]) {
    for (const after of [Uint8Array.of(1), new Uint8Array(600).fill(0xee), own.subarray(-48), own.subarray(96, 160)]) {
      const { report, items } = await judge(withFile(image, path, Buffer.concat([own, new Uint8Array(zeros), after])));
      const { verdict, lost, records } = report;
      if (verdict === 'torn') expect(items).toEqual(texts(12));
      expect({ lost, records }, `${zeros} zeros`).toEqual({ lost: [], records: 12 });
      expect(['torn', 'ambiguous'], `${zeros} zeros`).toContain(verdict);
      outcomes[verdict === 'torn' ? 'torn' : 'ambiguous']++;
      expect(report.findings.find((finding) => finding.severity !== 'note')?.offset).toBe(own.length);
    }
  }
  tried(context, 'zero-tail', outcomes);
});

test('bytes after the end are ambiguous, and frames of another salt are not replayed', async () => {
  const image = await sampleStore({ closed: true });
  const other = await sampleStore({ closed: true });
  const path = fileOf(image, '0000000003-');
  const own = bytesAt(image, path);
  const foreign = bytesAt(other, fileOf(other, '0000000002-')).slice(96);
  const grown = new Uint8Array(own.length + foreign.length);
  grown.set(own);
  grown.set(foreign, own.length);
  const { report, opened } = await judge(withFile(image, path, grown));
  expect(report.verdict).toBe('ambiguous');
  expect(opened).toBe('refused');
  expect(report.records).toBe(12);
});
