import { expect, test } from 'vitest';
import { crashState, crashStates } from '../support/sim-crash.ts';
import { bytesOf, putFile } from '../support/sim-edit.ts';
import { SimFs } from '../support/sim-fs.ts';
import { hashTree, treeOf } from '../support/sim-image.ts';
import { SimCrash } from '../support/sim-ops.ts';
import { text, utf8 } from './helpers.ts';

const oldText = 'old'.repeat(400);
const newText = 'new'.repeat(500);

interface Steps {
  dataSync?: boolean;
  folderSync?: boolean;
}

/** The atomic replacement of one file, with steps to leave out. */
async function replace(fs: SimFs, { dataSync = true, folderSync = true }: Steps = {}): Promise<void> {
  const file = await fs.open('/a.tmp', 'wx');
  await file.write(utf8(newText.slice(0, 600)), 0);
  await file.write(utf8(newText.slice(600)), 600);
  if (dataSync) await file.datasync();
  await file.close();
  await fs.rename('/a.tmp', '/a');
  if (folderSync) await fs.syncDir('/');
  fs.note('acknowledged');
}

function start(): SimFs {
  const fs = new SimFs();
  putFile(fs, '/a', utf8(oldText));
  return fs;
}

/** Everything the file can be after a crash at any operation, and after the end. */
async function outcomes(steps: Steps): Promise<{ during: Set<string>; after: Set<string> }> {
  const look = (fs: SimFs): string => {
    const bytes = treeOf(fs.root).get('/a');
    if (bytes === undefined) return 'missing';
    const content = typeof bytes === 'string' ? bytes : text(bytes);
    return content === oldText ? 'old' : content === newText ? 'new' : content === '' ? 'empty' : 'damaged';
  };
  const during = new Set<string>();
  const after = new Set<string>();
  const whole = start();
  await replace(whole, steps);
  for (let op = 1; op <= whole.ops.count; op++) {
    for (const die of ['before', 'after'] as const) {
      const fs = start();
      fs.dieAt(op, die);
      await expect(replace(fs, steps)).rejects.toThrow(SimCrash);
      for (const state of crashStates(fs)) during.add(look(state.fs));
    }
  }
  for (const state of crashStates(whole)) after.add(look(state.fs));
  return { during, after };
}

test('write, sync, rename, folder sync: a crash shows old or new, and new once acknowledged', async () => {
  expect(await outcomes({})).toEqual({ during: new Set(['old', 'new']), after: new Set(['new']) });
});

test('without the data sync the rename can be durable before its data', async () => {
  const { during, after } = await outcomes({ dataSync: false });
  expect(during).toEqual(new Set(['old', 'new', 'empty', 'damaged']));
  expect(after).toEqual(new Set(['new', 'empty', 'damaged']));
});

test('without the folder sync the rename can be lost after it was acknowledged', async () => {
  expect((await outcomes({ folderSync: false })).after).toEqual(new Set(['old', 'new']));
});

test('a move to another folder can show both names, either or none until both folders are synced', async () => {
  const shown = async (synced: string[]): Promise<Set<string>> => {
    const fs = start();
    await fs.mkdir('/to');
    await fs.syncDir('/');
    await fs.rename('/a', '/to/a');
    for (const folder of synced) await fs.syncDir(folder);
    const names = (state: SimFs): string => [...treeOf(state.root).keys()].filter((name) => name !== '/to').join(' ');
    return new Set([...crashStates(fs)].map((state) => names(state.fs)));
  };
  expect(await shown([])).toEqual(new Set(['/a', '/to/a', '/a /to/a', '']));
  expect(await shown(['/to'])).toEqual(new Set(['/a /to/a', '/to/a']));
  expect(await shown(['/to', '/'])).toEqual(new Set(['/to/a']));
});

test('the same calls give the same states under the same labels, each once', async () => {
  const states = async (): Promise<[string, string][]> => {
    const fs = start();
    fs.dieAt(3);
    await expect(replace(fs)).rejects.toThrow(SimCrash);
    return [...crashStates(fs, { kill: false })].map((state) => [state.label, hashTree(state.fs.root)]);
  };
  const first = await states();
  expect(await states()).toEqual(first);
  expect(new Set(first.map(([label]) => label)).size).toBe(first.length);
  expect(new Set(first.map(([, hash]) => hash)).size).toBe(first.length);
  expect(first.length).toBeGreaterThan(10);
});

test('one state can be made again from its label', async () => {
  const fs = start();
  fs.dieAt(3);
  await expect(replace(fs)).rejects.toThrow(SimCrash);
  const states = [...crashStates(fs)];
  for (const { label, fs: state } of states) expect(hashTree(crashState(fs, label).root)).toBe(hashTree(state.root));
});

test('a torn write shows every subset of its sectors, and never touches what was durable', async () => {
  const fs = new SimFs();
  putFile(fs, '/log', utf8('k'.repeat(700)));
  const file = await fs.open('/log', 'r+');
  await file.write(utf8('n'.repeat(1000)), 700);
  const logs = [...crashStates(fs)].map((state) => bytesOf(state.fs, '/log'));
  const zeroed = logs.map((log) => text(log).replaceAll('\0', '0'));
  for (const log of zeroed) expect(log.startsWith('k'.repeat(700))).toBe(true);
  const parts = (log: string): string =>
    [log.slice(700, 1024), log.slice(1024, 1536), log.slice(1536)].map((part) => part[0] ?? '-').join('');
  const plain = new Set(zeroed.filter((log) => /^k+[n0]*$/.test(log)).map(parts));
  for (const sectors of ['nnn', 'nn0', 'n0n', '0nn', 'n00', '0n0', '00n', '000', '---'])
    expect(plain).toContain(sectors);
  expect(logs.some((log) => /[^kn0]/.test(text(log)))).toBe(true);
});

test('a kill loses nothing and frees locks; what was pending can still be lost to a power loss', async () => {
  const fs = start();
  const file = await fs.open('/a', 'r+');
  await file.tryLock(0, 1);
  await file.write(utf8('new'), 0);
  const killed = crashState(fs, 'kill');
  expect(text(bytesOf(killed, '/a')).startsWith('new')).toBe(true);
  const again = await killed.open('/a', 'r+');
  expect(await again.tryLock(0, 1)).toBe(true);
  expect(text(bytesOf(crashState(killed, 'power: nothing'), '/a'))).toBe(oldText);
  await again.datasync();
  expect(text(bytesOf(crashState(killed, 'power: nothing'), '/a')).startsWith('new')).toBe(true);
});

test('a datasync covers what was written before it was called, not what came while it ran', async () => {
  const fs = start();
  let finish = (): void => undefined;
  fs.hold = (op) => (op.kind === 'datasync' ? new Promise((resolve) => (finish = resolve)) : undefined);
  const file = await fs.open('/a', 'r+');
  await file.write(utf8('1'), 0);
  const synced = file.datasync();
  await file.write(utf8('2'), 1);
  finish();
  await synced;
  expect(text(bytesOf(crashState(fs, 'power: nothing'), '/a')).slice(0, 3)).toBe('1ld');
});

test('stale fill shows the bytes of another file at the same place', async () => {
  const fs = new SimFs();
  putFile(fs, '/older', utf8('s'.repeat(2000)));
  const file = await fs.open('/log', 'wx');
  await fs.syncDir('/');
  await file.write(utf8('n'.repeat(1000)), 0);
  const logs = new Set([...crashStates(fs)].map((state) => text(bytesOf(state.fs, '/log'))));
  expect(logs).toContain('n'.repeat(512) + 's'.repeat(488));
  expect(logs).toContain('s'.repeat(512) + 'n'.repeat(488));
});
