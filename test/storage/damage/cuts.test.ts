import { expect, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import { tried } from '../../support/tried.ts';
import { appendSome, bytesAt, dir, fileOf, type Image, imageOf, make, sampleStore, withFile } from './image.ts';
import { goesOn, judge, texts } from './judge.ts';

async function eachCut(
  image: Image,
  part: string,
  check: (size: number, image: Image) => Promise<void>,
): Promise<number> {
  const path = fileOf(image, part);
  const bytes = bytesAt(image, path);
  for (let size = 0; size < bytes.length; size++) await check(size, withFile(image, path, bytes.slice(0, size)));
  return bytes.length;
}

test('active segment cut at every byte, HEAD exact: corrupt and refused, with the exact loss', async (context) => {
  const image = await sampleStore({ closed: true });
  const cases = await eachCut(image, '0000000003-', async (size, damaged) => {
    const { report, opened } = await judge(damaged);
    expect(report.verdict, `cut at ${size}`).toBe('corrupt');
    expect(opened).toBe('refused');
    const kept = report.records === 0 ? 8 : (report.seqLast ?? 8);
    const lost = report.lost.reduce((sum, range) => sum + range.seqLast - range.seqFirst + 1, 0);
    if (size >= 96) expect(kept + lost, `cut at ${size}`).toBe(12);
  });
  tried(context, 'cut-active', { 'corrupt, HEAD exact': cases });
});

test('active segment cut at every byte, no HEAD: corrupt in its header, then torn or clean', async (context) => {
  const image = withFile(await sampleStore({ closed: false }), '/s/HEAD', undefined);
  const seen: Record<string, number> = {};
  await eachCut(image, '0000000003-', async (size, damaged) => {
    const { report, opened, items } = await judge(damaged);
    seen[report.verdict] = (seen[report.verdict] ?? 0) + 1;
    if (size < 96) {
      expect(report.verdict, `cut at ${size}`).toBe('corrupt');
      expect(opened).toBe('refused');
      return;
    }
    expect(['torn', 'clean'], `cut at ${size}`).toContain(report.verdict);
    expect(opened).toBe('opened');
    expect(items).toEqual(texts(items.length));
    expect(items.length).toBeGreaterThanOrEqual(8);
    if (size % 5 === 0) await goesOn(damaged, items);
  });
  expect(Object.keys(seen).sort()).toEqual(['clean', 'corrupt', 'torn']);
  tried(context, 'cut-active', seen);
});

test('sealed segment cut at every byte, frame borders too: corrupt; refused where it is needed', async (context) => {
  const image = await sampleStore({ closed: true });
  let cases = 0;
  for (const part of ['0000000001-', '0000000002-']) {
    cases += await eachCut(image, part, async (size, damaged) => {
      const { report, opened, items } = await judge(damaged);
      expect(report.verdict, `cut at ${size} of ${part}`).toBe('corrupt');
      if (opened === 'opened') expect(items).toEqual(texts(12));
    });
  }
  tried(context, 'cut-sealed', { corrupt: cases });
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
  const image = await sampleStore({ closed: true });
  const cases = await eachCut(image, '00000008.snap', async (size, damaged) => {
    const { report, items } = await judge(damaged);
    expect(report.verdict, `cut at ${size}`).toBe('degraded');
    expect(items).toEqual(texts(12));
  });
  tried(context, 'bad-snapshot', { 'cut: same state, degraded': cases });
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

test('zeros after the last frame are padding: clean, trimmed by the next writer, not kept', async (context) => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '0000000003-');
  const sizes = [1, 7, 8, 39, 40, 41, 512, 4096, 1024 * 1024];
  for (const extra of sizes) {
    const padded = new Uint8Array(bytesAt(image, path).length + extra);
    padded.set(bytesAt(image, path));
    const { report, items } = await judge(withFile(image, path, padded));
    expect(report.verdict, `${extra} zeros`).toBe('padded');
    expect(items).toEqual(texts(12));
  }
  tried(context, 'zero-tail', { 'clean, padded': sizes.length });
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
