import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { contents, damage, firstMs, makeStore, open, raftLine, segments } from './make-store.ts';
import { binary, folderForAll, scratch, walq } from './run-walq.ts';

const base = folderForAll();
const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const store = join(base, 'store');

/** Seqs of the events that the arguments show. */
async function seqs(args: string[], expectedCode = 0): Promise<number[]> {
  const { code, stdout, stderr } = await walq(['wal', 'inspect', ...args]);
  expect({ args, code, stderr: code === 0 ? '' : stderr }).toMatchObject({ args, code: expectedCode });
  return [...stdout.matchAll(/^\[seq=(\d+)\]/gm)].map((match) => Number(match[1]));
}

beforeAll(async () => {
  await makeStore(store, 10, { segmentBytes: 1500, snapshotAfter: 4 });
  expect(segments(store).length).toBeGreaterThan(1);
});

describe('wal inspect', () => {
  it("shows the document's text form, payloads as written", async () => {
    const { code, stdout, stderr } = await walq(['wal', 'inspect', store, '1..3']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('[seq=1] ENQUEUE job_1  name=mail payload={"n":1,"big":9007199254740993}');
    expect(lines[1]).toMatch(/^\[seq=2\] DISPATCH job_1 {2}attempt=1 runner=[0-9a-f]{12}$/);
    expect(lines[2]).toBe('[seq=3] ACK job_1  duration=5ms');
    expect(lines.slice(3)).toEqual(['']);
  });

  it('takes every kind of range, in both places a range may stand', async () => {
    const all = Array.from({ length: 30 }, (_, at) => at + 1);
    expect(await seqs([store])).toEqual(all);
    expect(await seqs([store, '5'])).toEqual([5]);
    expect(await seqs([store, '28..'])).toEqual([28, 29, 30]);
    expect(await seqs([store, '..2'])).toEqual([1, 2]);
    expect(await seqs([store, '@-2..'])).toEqual([29, 30]);
    expect(await seqs([store, '-2..'])).toEqual([29, 30]);
    expect(await seqs([store, '-3..-2'])).toEqual([28, 29]);
    expect(await seqs([store, '@tail'])).toEqual([30]);
    expect(await seqs(['--store', store, '-1'])).toEqual([30]);
    expect(await seqs(['--store', store, '4..5'])).toEqual([4, 5]);
    const second = (at: number): string => new Date(firstMs + at * 1000).toISOString();
    expect(await seqs([store, `${second(3)}..${second(5)}`])).toEqual([4, 5, 6]);
    expect(await seqs([store, `..${second(1.5)}`])).toEqual([1, 2]);
    expect(await seqs([store, '20..999'])).toEqual(all.slice(19));
  });

  it('filters by type, job and text, and counts only what it shows', async () => {
    expect(await seqs([store, '--job', 'job_3'])).toEqual([7, 8, 9]);
    expect(await seqs([store, '--type', 'ack', '--job', 'job_3,job_4'])).toEqual([9, 12]);
    expect(await seqs([store, '--type', 'ENQUEUE', '-n', '2'])).toEqual([1, 4]);
    expect(await seqs([store, '--grep', '"n":7,'])).toEqual([19]);
    expect(await seqs([store, '-r', '-n', '2'])).toEqual([30, 29]);
    expect(await seqs([store, '-r', '4..6'])).toEqual([6, 5, 4]);
  });

  it('names an unknown type, and what is allowed', async () => {
    const { code, stderr } = await walq(['wal', 'inspect', store, '--type', 'ENQUE']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean ENQUEUE?');
  });

  it('ends with 1 when nothing matches, 2 for a point outside', async () => {
    for (const args of [['--job', 'nobody'], ['31'], ['31..']]) expect(await seqs([store, ...args], 1)).toEqual([]);
    for (const args of [['0'], ['@-31'], ['9..3'], ['x..y'], ['..1999-01-01']]) await seqs([store, ...args], 2);
  });

  it('streams JSON lines and one JSON document that say the same', async () => {
    const lines = (await walq(['wal', 'inspect', store, '1..2', '-o', 'ndjson'])).stdout.trim().split('\n');
    const last = JSON.parse(lines.pop() ?? '');
    expect(last).toMatchObject({ walq: 1, kind: 'wal.inspect', summary: { shown: 2, exit: 0 } });
    expect(lines[0]).toContain('"payload":{"n":1,"big":9007199254740993}');
    for (const flag of [['--json'], ['-o', 'json']]) {
      const document = JSON.parse((await walq(['wal', 'inspect', store, '1..2', ...flag])).stdout);
      expect(document).toMatchObject({ walq: 1, kind: 'wal.inspect', shown: 2, exit: 0 });
      expect(document.events).toEqual(lines.map((line) => JSON.parse(line)));
    }
    const none = JSON.parse((await walq(['wal', 'inspect', store, '--job', 'nobody', '--json'])).stdout);
    expect(none).toMatchObject({ events: [], shown: 0, exit: 1, verdict: 'clean' });
  });

  it('writes CSV with quotes doubled, a plain table and the bytes', async () => {
    const csv = (await walq(['wal', 'inspect', store, '1', '-o', 'csv'])).stdout.split('\n');
    expect(csv[0]).toBe('seq,time,type,job,details,file,offset');
    expect(csv[1]).toContain('1,2026-09-01T03:00:00.000Z,ENQUEUE,job_1,"{""name"":""mail""');
    const table = (await walq(['wal', 'inspect', store, '1..2', '-o', 'table'])).stdout.split('\n');
    expect(table[0]).toBe('SEQ\tTIME\tTYPE\tJOB\tDETAILS');
    expect(table).toHaveLength(4);
    expect((await walq(['wal', 'inspect', store, '3', '-o', 'hex'])).stdout).toMatch(/000000 {2}03 05 6a 6f 62 5f 31/);
  });

  it('escapes what a log may hold before it reaches a terminal', async () => {
    const dir = join(scratch(), 'store');
    const writer = await open(dir);
    const at = firstMs;
    const id = 'evil\u001b[31m\nid';
    const options = { name: 'n\u202e', priority: 0, maxAttempts: 3, timeoutMs: 0, backoff: 'none', group: '' };
    await writer.append(packed([encodeEvent({ type: 'ENQUEUE', id, at, runAt: at, ...options })]));
    await writer.close();
    for (const form of ['text', 'table', 'csv', 'hex']) {
      const { stdout } = await walq(['wal', 'inspect', dir, '-o', form, '--color', 'never']);
      expect(stdout).not.toContain('\u001b');
      expect(stdout).not.toContain('\u202e');
    }
    expect((await walq(['wal', 'inspect', dir])).stdout).toContain('evil\\x1b[31m\\x0aid');
    const [line] = (await walq(['wal', 'inspect', dir, '-o', 'ndjson'])).stdout.split('\n');
    expect(JSON.parse(line ?? '').job).toBe(id);
  });

  it('shows what can be read of a damaged log, says what cannot, and never ends with 0', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 4);
    const [segment = ''] = segments(dir);
    const { offset } = JSON.parse(
      (await walq(['wal', 'inspect', dir, '5', '-o', 'ndjson'])).stdout.split('\n')[0] ?? '',
    );
    damage(segment, offset + 45);
    const before = contents(dir);
    const { code, stdout, stderr } = await walq(['wal', 'inspect', dir]);
    expect(code).toBe(3);
    expect([...stdout.matchAll(/^\[seq=(\d+)\]/gm)].map((match) => Number(match[1]))).toEqual([
      1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect(stderr).toContain('CORRUPT  lost: exactly 1 event (seq 5)');
    expect(stderr).toContain('after the hole: 7 valid events');
    const document = JSON.parse((await walq(['wal', 'inspect', dir, '--json'])).stdout);
    expect(document).toMatchObject({ verdict: 'corrupt', exit: 3, lost: [{ seqFirst: 5, seqLast: 5 }] });
    expect(document.events.find((event: { seq: number }) => event.seq === 6)).toMatchObject({ afterHole: true });
    expect(contents(dir)).toEqual(before);
  });

  it('reads a segment from standard input, once', async () => {
    const [first = ''] = segments(store);
    const input = readFileSync(first);
    expect((await walq(['wal', 'inspect', '-', '2..3'], { input })).stdout).toMatch(/^\[seq=2\].*\n\[seq=3\].*\n$/);
    expect(await walq(['wal', 'inspect', '-', '-2..'], { input })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('can be read only once'),
    });
  });

  it('counts what lies behind a hole only where it has read to the end', async () => {
    const damaged = join(fixtures, 'missing-segment');
    const all = await walq(['wal', 'inspect', damaged]);
    expect(all).toMatchObject({ code: 3, stderr: expect.stringContaining('after the hole: 9 valid events\n') });
    const part = await walq(['wal', 'inspect', damaged, '10..20']);
    expect(part).toMatchObject({ code: 3, stderr: expect.not.stringContaining('after the hole') });
  });

  it('follows a log that grows, and ends with 130 on Ctrl-C', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 1);
    const child = spawn(process.execPath, [binary, 'wal', 'inspect', dir, '-f']);
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    const until = async (text: string): Promise<void> => {
      while (!shown.includes(text)) await once(child.stdout, 'data');
    };
    await until('[seq=3]');
    const writer = await open(dir);
    const options = { name: 'default', priority: 0, maxAttempts: 3, timeoutMs: 0, backoff: 'none', group: '' };
    await writer.append(
      packed([encodeEvent({ type: 'ENQUEUE', id: 'later', at: firstMs, runAt: firstMs, ...options })]),
    );
    await until('[seq=4] ENQUEUE later');
    await writer.close();
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
  });

  it('follows until the first event that passes the filters, which may be there already', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 2);
    const already = await walq(['wal', 'inspect', dir, '-f', '--type', 'ACK', '--until-match']);
    expect(already).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\[seq=3\] ACK job_1 .*\n$/) });
    const writer = await open(dir);
    const args = ['wal', 'inspect', dir, '--job', 'later', '--until-match', '--timeout', '1m', '-o', 'ndjson'];
    const waiting = walq(args);
    const options = { name: 'default', priority: 0, maxAttempts: 3, timeoutMs: 0, backoff: 'none', group: '' };
    const enqueued = (id: string) => encodeEvent({ type: 'ENQUEUE', id, at: firstMs, runAt: firstMs, ...options });
    // Others come first, now and while it waits.
    for (const id of ['other', 'another', 'later', 'more']) {
      await writer.append(packed([enqueued(id)]));
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    const { code, stdout } = await waiting;
    await writer.close();
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect({ code, lines }).toMatchObject({
      code: 0,
      lines: [{ seq: 9, job: 'later' }, { summary: { shown: 1, exit: 0 } }],
    });
  });

  it('gives up when the time is over: exit 1 where nothing has matched', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 1);
    const none = await walq(['wal', 'inspect', dir, '--type', 'DEAD', '--until-match', '--timeout', '300ms']);
    expect(none).toMatchObject({ code: 1, stdout: '', stderr: 'no event has matched within 300ms [E_NO_MATCH]\n' });
    expect(
      (await walq(['queue', 'events', '--store', dir, '--until-match', '--grep', 'x', '--timeout', '0'])).code,
    ).toBe(1);
    expect(await walq(['wal', 'inspect', dir, '-f', '--timeout', '100ms'])).toMatchObject({ code: 0, stderr: '' });
    for (const wrong of [
      ['--timeout', '1s'],
      ['--until-match', '-n', '2'],
      ['--until-match', '-r'],
      ['-f', '--timeout', 'x'],
    ]) {
      expect({ wrong, code: (await walq(['wal', 'inspect', dir, ...wrong])).code }).toEqual({ wrong, code: 2 });
    }
  });

  it('stops at once when its reader does', async () => {
    const dir = join(scratch(), 'long.log');
    writeFileSync(dir, Array.from({ length: 200_000 }, (_, at) => raftLine(at + 1, 'ENQUEUE', `job-${at}`)).join(''));
    const child = spawn(process.execPath, [binary, 'wal', 'inspect', dir]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});
