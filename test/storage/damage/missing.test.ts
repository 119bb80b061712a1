import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { putLink, setMode } from '../../support/sim-edit.ts';
import { tried } from '../../support/tried.ts';
import { repair, trimming } from '../repair/support.ts';
import { everyStore, framesOf, recordsOfAll } from './every-store.ts';
import { bytesAt, dir, diskOf, fileOf, type Image, imageOf, make, withFile } from './image.ts';
import { goesOn, judge, texts } from './judge.ts';
import { truthOf } from './truth.ts';

/** Whole files that are not there, or that nobody asked for. */

const segments = ['0000000001-', '0000000002-', '0000000003-'];
const without = (image: Image, ...parts: string[]): Image =>
  parts.reduce((left, part) => withFile(left, fileOf(left, part), undefined), image);
const count = (outcomes: Record<string, number>, outcome: string): void => {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
};

test('segments missing anywhere, alone and together: refused, with the exact loss', async (context) => {
  const image = await everyStore({ closed: true });
  const frames = await framesOf(image);
  const outcomes: Record<string, number> = {};
  for (const gone of [[0], [1], [2], [0, 1], [0, 2], [1, 2]]) {
    const parts = gone.map((at) => segments[at] ?? '');
    // With its snapshots the store has a base, and what is missing before it is no loss of state.
    for (const bare of [false, true]) {
      const snapshots = bare ? ['01.snap', '04.snap', '08.snap'] : [];
      const damaged = without(image, ...parts, ...snapshots);
      const { report, opened, items } = await judge(damaged);
      const what = `${gone.join()} ${bare ? 'without snapshots' : ''}`;
      const front = !gone.includes(2) && gone[0] === 0;
      if (front && !bare) {
        // Nothing proves that the log before a snapshot was not cleaned away; the snapshots that need it are stranded.
        expect([report.verdict, opened], what).toEqual(['degraded', 'opened']);
        expect(items, what).toEqual(texts(recordsOfAll));
      } else {
        expect([front ? 'no base' : 'corrupt', 'refused'], what).toEqual([report.verdict, opened]);
      }
      if (!gone.includes(0)) {
        const lost = report.lost.flatMap(({ seqFirst, seqLast }) =>
          Array.from({ length: seqLast - seqFirst + 1 }, (_, at) => seqFirst + at),
        );
        const leftover = !bare && gone.join() === '1';
        if (!leftover) expect(lost, what).toEqual(truthOf(image, damaged, frames).lost);
      }
      count(outcomes, `${report.verdict}, ${opened}`);
    }
  }
  tried(context, 'missing-segment', outcomes);
});

test('unlinks of a cleaning that survived out of order: the store opens, and they go', async (context) => {
  const image = without(await everyStore({ closed: true }), '01.snap', '04.snap', segments[1] ?? '');
  const { report, items } = await judge(image);
  expect(report.verdict).toBe('clean');
  expect(report.findings.map(({ code, file }) => `${code} ${file}`)).toEqual([
    `E_LEFTOVER ${fileOf(image, segments[0] ?? '').slice(dir.length + 1)}`,
  ]);
  expect(items).toEqual(texts(recordsOfAll));
  await goesOn(image, texts(recordsOfAll));
  tried(context, 'missing-segment', { opens: 1 });
});

test('only STORE.json left is refused, STORE.json gone is rebuilt, an empty folder is fresh', async (context) => {
  const image = await everyStore({ closed: true });
  const only = new Map([...image].filter(([path]) => path.endsWith('STORE.json')));
  for (const create of [false, true]) {
    const attempt = openStore(await diskOf(only), dir, { machine: make, create });
    await expect(attempt).rejects.toMatchObject({ code: 'E_GUTTED', exit: 3 });
  }
  expect(await verifyStore(await diskOf(only), dir)).toMatchObject({ verdict: 'corrupt', lost: [], lostUnknown: true });

  const nameless = withFile(image, `${dir}/STORE.json`, undefined);
  expect(await judge(nameless)).toMatchObject({ opened: 'refused', code: 'E_STORE_MISSING', report: { lost: [] } });
  const env = await diskOf(nameless);
  await repair(env, trimming);
  // When the store was created is a note that the header of the first segment has too.
  expect(imageOf(env.fs).get(`${dir}/STORE.json`)).toEqual(bytesAt(image, `${dir}/STORE.json`));
  const store = await openStore(env, dir, { machine: make });
  expect(store.machine.items).toEqual(texts(recordsOfAll));
  await store.close();

  const fresh = await diskOf(new Map());
  await expect(verifyStore(fresh, dir)).rejects.toMatchObject({ code: 'E_NO_STORE', exit: 1 });
  for (const folder of ['wal', 'snapshots']) await fresh.fs.rmdir(`${dir}/${folder}`);
  const created = await openStore(fresh, dir, { machine: make, create: true });
  expect(created.created).toBe(true);
  await created.close();
  tried(context, 'missing-identity', { refused: 3, 'rebuilt by repair': 1, fresh: 1 });
});

test('foreign and temporary files hide nothing; a writer removes the temporary ones alone', async (context) => {
  const image = await everyStore({ closed: true });
  const own = fileOf(image, segments[2] ?? '');
  const foreign = ['notes.txt', 'wal/notes.txt', 'wal/0000000001.wal', 'snapshots/notes.txt', 'snapshots/12.snap'];
  const temps = [
    `${own.slice(dir.length + 1)}.tmp`,
    'wal/0000000004-00000000000000000013.wal.tmp',
    'snapshots/00000000000000000012.snap.tmp',
  ];
  const bytes = Buffer.from('not ours');
  const added = [...foreign, ...temps].reduce((next, name) => withFile(next, `${dir}/${name}`, bytes), image);
  const { report, items } = await judge(added);
  expect(report.verdict).toBe('clean');
  expect(report.findings.every(({ severity }) => severity === 'note')).toBe(true);
  expect(items).toEqual(texts(recordsOfAll));
  await goesOn(added, texts(recordsOfAll));
  const env = await diskOf(added);
  await (await openStore(env, dir, { machine: make })).close();
  const after = imageOf(env.fs);
  expect(foreign.filter((name) => !after.has(`${dir}/${name}`))).toEqual([]);
  expect(temps.filter((name) => after.has(`${dir}/${name}`))).toEqual([]);
  tried(context, 'foreign-files', { ignored: foreign.length + temps.length });
});

test('a folder that may not be written, and links inside a store, end in one clear error', async (context) => {
  const image = await everyStore({ closed: true });
  const env = await diskOf(image);
  setMode(env.fs, dir, 0o500);
  expect((await verifyStore(env, dir)).verdict).toBe('clean');
  const links = ['HEAD', 'STORE.json', 'wal', 'snapshots', fileOf(image, segments[2] ?? '').slice(dir.length + 1)];
  const outcomes = { 'reads beside': 1, E_READ: 0 };
  for (const name of links) {
    const linked = await diskOf(image);
    await linked.fs.rename(`${dir}/${name}`, '/elsewhere');
    putLink(linked.fs, `${dir}/${name}`, '/elsewhere');
    await expect(openStore(linked, dir, { machine: make }), name).rejects.toMatchObject({ code: 'E_READ', exit: 74 });
    outcomes.E_READ++;
  }
  tried(context, 'foreign-files', outcomes);
});
