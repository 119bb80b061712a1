import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { csvColumns } from '../../src/cli/wal/export-csv.ts';
import { contents, makeStore, raftLine } from './make-store.ts';
import { folderForAll, scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const samples = process.env.WALQ_SAMPLES;
const whole = join(folderForAll(), 'whole');

beforeAll(async () => {
  await makeStore(whole, 12, { segmentBytes: 1500, snapshotAfter: 4 });
});

async function text(args: string[], code = 0): Promise<string> {
  const ran = await walq(['wal', 'export', ...args]);
  expect({ code: ran.code, stderr: ran.code === 0 ? '' : ran.stderr }).toMatchObject({ code });
  return ran.stdout;
}

describe('wal export and wal import', () => {
  it('make the same store again, by way of a file, of a pipe, and of an empty folder that is there', async () => {
    const dir = scratch();
    const file = join(dir, 'log.ndjson');
    const before = contents(whole);
    const said = await text([whole, '--to', file]);
    expect(said).toContain('36 events (seq 1..36)');
    expect(contents(whole)).toEqual(before);
    const piped = await text([whole]);
    expect(readFileSync(file, 'utf8')).toBe(piped);
    const hash = (await walq(['wal', 'state-hash', whole])).stdout;
    mkdirSync(join(dir, 'there'));
    const ways: [string[], string | undefined][] = [
      [['--from', file, '--store', join(dir, 'new')], undefined],
      [['--from', '-', '--store', join(dir, 'piped')], piped],
      [['--from', file, '--store', join(dir, 'there')], undefined],
    ];
    for (const [args, input] of ways) {
      const store = args.at(-1) ?? '';
      const ran = await walq(['wal', 'import', ...args], input === undefined ? {} : { input });
      expect(ran).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/seq 1\.\.36\nstate [0-9a-f]{12}, as it was exported\n/),
      });
      expect(await text([store])).toBe(piped);
      expect((await walq(['wal', 'state-hash', store])).stdout).toBe(hash);
      expect((await walq(['wal', 'verify', store, '--deep'])).code).toBe(0);
    }
    expect(readdirSync(dir).sort()).toEqual(['log.ndjson', 'new', 'piped', 'there']);
    const once = await walq(['wal', 'import', '--from', file, '--store', join(dir, 'new')]);
    expect(once).toMatchObject({ code: 7, stderr: expect.stringContaining('E_PLACE') });
    const twice = await walq(['wal', 'import', '--from', file, file, '--store', join(dir, 'x')]);
    expect(twice.code).toBe(2);
  });

  it('carry what a salvage could not read, and the snapshot that has its effect', async () => {
    const dir = scratch();
    const saved = join(dir, 'saved');
    const damaged = join(fixtures, 'missing-segment');
    const salvage = ['wal', 'repair', damaged, '--mode', 'salvage', '--to', saved, '--apply'];
    expect((await walq(salvage)).code).toBe(0);
    const file = join(dir, 'log.ndjson');
    await text([saved, '--to', file]);
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines[0]).toContain('"baseSeq":31');
    expect(lines.find((line) => line.includes('"LOST"'))).toMatch(/^\{"seq":14,"type":"LOST","timeMs":\d+,"to":29\}$/);
    const again = join(dir, 'again');
    expect((await walq(['wal', 'import', '--from', file, '--store', again])).code).toBe(0);
    expect((await walq(['wal', 'state-hash', again])).stdout).toBe((await walq(['wal', 'state-hash', saved])).stdout);
    expect(await text([again])).toBe(readFileSync(file, 'utf8'));
  });

  it('refuse a damaged log before the first line, and name what can be exported', async () => {
    const damaged = join(fixtures, 'bit-flip');
    const refused = await walq(['wal', 'export', damaged]);
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('what comes before it can be exported: ..2');
    const dir = scratch();
    expect((await walq(['wal', 'export', damaged, '--to', join(dir, 'x')])).code).toBe(3);
    expect(readdirSync(dir)).toEqual([]);
    expect((await text([damaged, '..2'], 3)).split('\n')).toHaveLength(5);
    expect((await text([join(fixtures, 'torn')], 4)).trimEnd().split('\n').at(-1)).toContain('"last":37');
    expect((await text([join(fixtures, 'bad-snapshot')])).trimEnd().split('\n').at(-1)).toContain('"last":38');
    const ambiguous = await walq(['wal', 'export', join(fixtures, 'ambiguous')]);
    expect(ambiguous).toMatchObject({ code: 3, stdout: '' });
  });

  it('answer what they cannot work on with what to do', async () => {
    const file = join(scratch(), 'log.ndjson');
    await text([whole, '--to', file]);
    const cases: [string[], number, string][] = [
      [['export', whole, '--to', file], 7, 'E_FILE_EXISTS'],
      [['export', whole, '--to', '/no/such/file'], 2, 'there is no folder'],
      [['export', whole, '100..'], 2, 'E_SEQ_RANGE'],
      [['export', whole, '..100'], 2, 'E_SEQ_RANGE'],
      [['export', file], 2, 'walq wal import --from'],
      [['export', join(fixtures, 'raft-recovery/wal.log')], 2, 'walq wal import --from'],
      [['export', join(fixtures, 'raft-recovery/snapshot.json')], 2, 'walq snapshot show'],
      [['export', join(whole, 'nothing')], 1, 'E_NO_TARGET'],
      [['export', join(whole, 'snapshots', readdirSync(join(whole, 'snapshots'))[0] ?? '')], 2, 'is a snapshot'],
      [['export', join(whole, 'wal', readdirSync(join(whole, 'wal'))[1] ?? '')], 3, 'E_NO_BASE'],
      [['export', whole, '-o', 'csv', '--json'], 2, '--to FILE'],
    ];
    for (const [args, code, message] of cases) {
      const ran = await walq(['wal', ...args]);
      expect({ args, code: ran.code, stderr: `${ran.stderr}${ran.stdout}` }).toMatchObject({
        args,
        code,
        stderr: expect.stringContaining(message),
      });
    }
  });

  it('write JSON: the lines in a document, or what there is to know of a file', async () => {
    const file = join(scratch(), 'log.ndjson');
    const lines = (await text([whole])).trimEnd().split('\n');
    const inDocument = JSON.parse(await text([whole, '--json']));
    expect(inDocument.lines).toEqual(lines.map((line) => JSON.parse(line)));
    expect(inDocument).toMatchObject({ kind: 'wal.export', events: 36, seqLast: 36, verdict: 'clean', exit: 0 });
    const ofFile = JSON.parse(await text([whole, '--to', file, '--json']));
    const { stateHash, sha256 } = JSON.parse(lines.at(-1) ?? '');
    expect(ofFile).toMatchObject({ file, bytes: readFileSync(file).length, stateHash, sha256, format: 'ndjson' });
  });

  it('are read like a log: inspect, verify, stats, replay at any point, from a file and from a pipe', async () => {
    const file = join(scratch(), 'part.ndjson');
    await text([whole, '10..', '--to', file]);
    const input = readFileSync(file);
    expect((await walq(['wal', 'verify', file])).stdout).toContain('27 events (seq 10..36), the state at seq 9');
    expect((await walq(['wal', 'verify', '-'], { input })).code).toBe(0);
    expect((await walq(['wal', 'inspect', file, '10..11'])).stdout).toBe(
      (await walq(['wal', 'inspect', whole, '10..11'])).stdout,
    );
    expect((await walq(['wal', 'stats', '-', '--json'], { input })).stdout).toContain('"events":27');
    for (const until of ['9', '20', '36']) {
      const args = ['--until', until, '-o', 'document'];
      expect((await walq(['wal', 'replay', file, ...args])).stdout).toBe(
        (await walq(['wal', 'replay', whole, ...args])).stdout,
      );
    }
    expect((await walq(['wal', 'replay', file, '--until', '8'])).stderr).toContain('the earliest is seq 9');
    expect((await walq(['wal', 'replay', file, '--until', '37'])).code).toBe(2);
    expect((await walq(['wal', 'repair', file])).code).toBe(2);
  });

  it('make a table for a spreadsheet, with the columns that the document lists', async () => {
    const [head, first, ...rest] = (await text([whole, '-o', 'csv'])).trimEnd().split('\n');
    expect(head).toBe(csvColumns.join(','));
    expect(first).toContain('1,2026-09-01T03:00:00.000Z,ENQUEUE,job_1,,mail,');
    expect(first).toContain('"{""n"":1,""big"":9007199254740993}"');
    expect(rest).toHaveLength(35);
    const documented = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8');
    const section = documented.slice(documented.indexOf('The columns, in this order'));
    const listed = section.slice(0, section.indexOf('##')).matchAll(/`(\w+)`/g);
    expect([...listed].map(([, name]) => name)).toEqual([...csvColumns]);
  });
});

async function back(from: string[], form: string): Promise<string> {
  const store = join(scratch(), 'store');
  const ran = await walq(['wal', 'import', '--from', ...from, '--store', store]);
  expect([0, 3, 4]).toContain(ran.code);
  return await text([store, '--format', form]);
}

describe('a log in the form of another system', () => {
  it('comes back byte for byte', async () => {
    const raft = join(fixtures, 'raft-recovery/wal.log');
    expect(await back([raft], 'raft-recovery')).toBe(readFileSync(raft, 'utf8'));
    const events = join(fixtures, 'document/events.log');
    expect(await back([events], 'document')).toBe(readFileSync(events, 'utf8'));
    const odd = join(scratch(), 'odd.log');
    const ids = ['<a&b>', 'q\u2028', 'größe', 'tab\\there'];
    writeFileSync(odd, ids.map((id, at) => raftLine(at + 1, 'ENQUEUE', id)).join(''));
    const again = await back([odd], 'raft-recovery');
    expect(again).toContain('"job_id":"\\u003ca\\u0026b\\u003e"');
    writeFileSync(odd, again);
    expect(await back([odd], 'raft-recovery')).toBe(again);
  });

  it('is sound by the rules of that system, and has all events that it knows', async () => {
    const dir = scratch();
    cpSync(whole, join(dir, 'store'), { recursive: true });
    const more = ['--store', join(dir, 'store')];
    await walq(['queue', 'pause', ...more]);
    await walq(['queue', 'enqueue', '--id', 'a job', '-d', '1', ...more]);
    for (const form of ['raft-recovery', 'document']) {
      const file = join(dir, form);
      const ran = await walq(['wal', 'export', join(dir, 'store'), '-o', form, '--to', file]);
      expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('1 event of types') });
      const checked = await walq(['wal', 'verify', file]);
      expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('37 events (seq 1..37)') });
      if (form === 'document') expect(ran.stderr).toContain('1 job under another id');
      const jobs = (await walq(['wal', 'replay', file, '-o', 'document'])).stdout;
      expect(Object.keys(JSON.parse(jobs).Jobs)).toHaveLength(13);
    }
  });

  it.each(['raft-recovery', 'document'])('states too: %s', async (form) => {
    const dir = scratch();
    const file = join(dir, 'state.json');
    writeFileSync(file, (await walq(['snapshot', 'show', whole, '--format', form])).stdout);
    const shown = JSON.parse(readFileSync(file, 'utf8'));
    if (form === 'document') expect(shown).toMatchObject({ LastSeq: 36, Jobs: { job_1: { Status: 'completed' } } });
    else expect(shown).toMatchObject({ schema_ver: 1, last_seq: 36 });
    expect((await walq(['snapshot', 'verify', file])).code).toBe(0);
    expect((await walq(['snapshot', 'show', file, '-o', form])).stdout).toBe(readFileSync(file, 'utf8'));
    const made = ['wal', 'import', '--snapshot', file, '--store', join(dir, 'made')];
    expect((await walq(made)).code).toBe(0);
    const replayed = await walq(['wal', 'replay', whole, '-o', form]);
    expect(replayed.stdout).toBe(readFileSync(file, 'utf8'));
  });
});

if (samples === undefined || samples === '') {
  it('SAMPLES NOT RUN: WALQ_SAMPLES is unset; name the folder that holds raft-recovery/ to check real files', () => {
    expect(samples ?? '').toBe('');
  });
} else {
  const path = (name: string): string => join(samples, 'raft-recovery', name);

  it.each(['concurrent/wal.log', 'damaged/surrogate-seq-edit.log'])('a real log comes back: %s', async (name) => {
    expect(await back([path(name)], 'raft-recovery')).toBe(readFileSync(path(name), 'utf8'));
  });

  it.each(['snapshot-rotate/snapshot.json', 'demo-kill9-midprocess/snapshot/beaver-raft.snap'])(
    'a real snapshot comes back: %s',
    async (name) => {
      const shown = await walq(['snapshot', 'show', path(name), '-o', 'raft-recovery']);
      expect(shown.stdout).toBe(readFileSync(path(name), 'utf8'));
    },
  );
}
