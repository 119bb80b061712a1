import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { line } from '../formats/raft-encoder.ts';
import { scratch, walq } from './run-walq.ts';

/** Which events of which log a snapshot covers. */

const start = 1_795_382_476_000;

/** A log that begins `after` ms later; each event one ms after the last, `ENQUEUE a` as `+a`, others in full. */
function raftLog(path: string, after: number, events: readonly string[]): string {
  const lines = events.map((text, at) => {
    const [type = '', id = ''] = text.startsWith('+') ? ['ENQUEUE', text.slice(1)] : text.split(' ');
    return `${line({ seq: at + 1, type, id, timestamp: start + after + at })}\n`;
  });
  writeFileSync(path, lines.join(''));
  return path;
}

function raftSnapshot(path: string, after: number, lastSeq: number, jobs: Record<string, string>): string {
  const members = Object.entries(jobs).map(([id, status]) => {
    const times = `"created_at":${start},"updated_at":${start + after}`;
    return `"${id}":{"id":"${id}","payload":{},"status":"${status}","attempt":0,"timeout":1000000000,${times}}`;
  });
  writeFileSync(path, `{"jobs":{${members.join(',')}},"schema_ver":1,"last_seq":${lastSeq}}\n`);
  return path;
}

interface Imported {
  code: number | null;
  covered: number[];
  events: number[];
  codes: string[];
}

async function importInto(dir: string, from: readonly string[], snapshot: string): Promise<Imported> {
  const args = ['wal', 'import', '--from', ...from, '--snapshot', snapshot, '--store', join(dir, 'store'), '--json'];
  const { code, stdout } = await walq(args);
  const { files = [], findings = [], error } = JSON.parse(stdout);
  return {
    code,
    covered: files.map((file: { covered: number }) => file.covered),
    events: files.map((file: { events: number }) => file.events),
    codes: error === undefined ? findings.map((finding: { code: string }) => finding.code) : [error.code],
  };
}

/** Two rotated logs and the live one; the snapshot was taken when the second held three events. */
function rotated(dir: string, names: readonly [string, string, string]) {
  const [first, second, live] = names.map((name) => join(dir, name)) as [string, string, string];
  raftLog(first, 0, ['+a', 'DISPATCH a', 'ACK a']);
  raftLog(second, 100, ['+b', 'DISPATCH b', 'ACK b', '+c']);
  raftLog(live, 200, ['+d', 'DISPATCH d']);
  const snapshot = raftSnapshot(join(dir, 'snapshot.json'), 102, 3, { a: 'completed', b: 'completed' });
  return { first, second, live, snapshot };
}

const named = ['wal.log.20260901_030000', 'wal.log.20260901_040000', 'wal.log'] as const;
const renamed = ['x', 'y', 'z'] as const;

describe('a snapshot and the logs beside it', () => {
  it('covers the newest rotated log up to its last number, older ones wholly, the live one not', async () => {
    for (const names of [named, renamed]) {
      const dir = scratch();
      const { first, second, live, snapshot } = rotated(dir, names);
      const imported = await importInto(dir, [first, second, live], snapshot);
      expect(imported).toEqual({ code: 0, covered: [3, 3, 0], events: [0, 1, 2], codes: [] });
    }
  });

  it('knows by their content that only rotated logs were given, or that the live one is empty', async () => {
    const dir = scratch();
    const { first, second, snapshot } = rotated(dir, renamed);
    const empty = join(dir, 'empty');
    writeFileSync(empty, '');
    expect(await importInto(scratch(), [first, second], snapshot)).toMatchObject({ covered: [3, 3], events: [0, 1] });
    expect(await importInto(scratch(), [second], snapshot)).toMatchObject({ covered: [3], events: [1] });
    expect(await importInto(scratch(), [first, second, empty], snapshot)).toMatchObject({ covered: [3, 3, 0] });
    const replayed = await walq(['wal', 'replay', second, '--snapshot', snapshot, '-o', 'document']);
    expect(JSON.parse(replayed.stdout).Jobs).toMatchObject({ b: { Status: 'completed' }, c: { Status: 'pending' } });
  });

  it('covers nothing of logs that are newer than it', async () => {
    const dir = scratch();
    const { second, live } = rotated(dir, renamed);
    const snapshot = raftSnapshot(join(dir, 'old.json'), 2, 3, { a: 'completed' });
    expect(await importInto(scratch(), [second, live], snapshot)).toMatchObject({ covered: [0, 0], events: [4, 2] });
  });

  it('refuses logs that are not oldest first, by name or by what is in them, and makes no store', async () => {
    for (const names of [named, renamed]) {
      const dir = scratch();
      const { first, second, live, snapshot } = rotated(dir, names);
      const imported = await importInto(dir, [live, first, second], snapshot);
      expect(imported).toMatchObject({ code: 2, codes: ['E_IMPORT_ORDER'] });
      expect(existsSync(join(dir, 'store'))).toBe(false);
    }
    const dir = scratch();
    const { first, second, live } = rotated(dir, named);
    const { stderr } = await walq(['wal', 'import', '--from', live, second, first, '--store', join(dir, 'store')]);
    expect(stderr).toContain(`--from ${first} ${second} ${live} --store`);
  });

  it('is damage where the two do not meet: a log forgotten, or its end gone', async () => {
    const dir = scratch();
    const { first, live } = rotated(dir, renamed);
    const snapshot = raftSnapshot(join(dir, 'later.json'), 102, 9, { a: 'completed', b: 'completed' });
    const imported = await importInto(dir, [first, live], snapshot);
    expect(imported).toMatchObject({ code: 3, covered: [3, 0], codes: ['E_IMPORT_BASE'] });
  });

  it('refuses one of a newer schema with 5, a damaged one with 3', async () => {
    const dir = scratch();
    const { live, snapshot } = rotated(dir, renamed);
    const text = '{"jobs":{},"schema_ver":2,"last_seq":1}';
    writeFileSync(snapshot, text);
    expect((await importInto(dir, [live], snapshot)).code).toBe(5);
    writeFileSync(snapshot, text.replace('2', '1').replace(',"last_seq":1', ''));
    expect((await importInto(dir, [live], snapshot)).code).toBe(3);
  });
});

describe("the document's snapshot and text log", () => {
  const dir = () => {
    const folder = scratch();
    const text = ['ENQUEUE a', 'DISPATCH a', 'RETRY a', 'DISPATCH a', 'ENQUEUE b', 'ACK a'];
    const log = (from: number): string => {
      const path = join(folder, `from-${from}.log`);
      writeFileSync(
        path,
        text
          .map((event, at) => `[seq=${at + 1}] ${event}\n`)
          .slice(from - 1)
          .join(''),
      );
      return path;
    };
    const snapshot = join(folder, 'snapshot.json');
    writeFileSync(snapshot, '{"Jobs":{"a":{"Status":"pending","Attempt":1}},"LastSeq":3}');
    return { folder, log, snapshot };
  };

  it('count in one row: the log goes on behind LastSeq, wherever it begins', async () => {
    const { log, snapshot } = dir();
    const states = new Set<string>();
    for (const from of [1, 3, 4]) {
      const imported = await importInto(scratch(), [log(from)], snapshot);
      expect(imported).toMatchObject({ code: 0, covered: [4 - from], events: [3], codes: [] });
      const { code, stdout } = await walq(['wal', 'replay', log(from), '--snapshot', snapshot, '-o', 'ndjson']);
      expect(code).toBe(0);
      states.add(stdout.split('\n').slice(0, 2).join('\n'));
    }
    expect(states.size).toBe(1);
    expect([...states][0]).toContain('"attempt":2');
  });

  it('are damage with a hole between them, and give no state before the snapshot', async () => {
    const { log, snapshot } = dir();
    expect(await importInto(scratch(), [log(5)], snapshot)).toMatchObject({ code: 3, codes: ['E_IMPORT_BASE'] });
    const replay = ['wal', 'replay', log(5), '--snapshot', snapshot];
    expect(await walq(replay)).toMatchObject({ code: 3, stderr: expect.stringContaining('seq 4') });
    expect(await walq([...replay, '--until', '2'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('E_BEFORE'),
    });
  });
});
