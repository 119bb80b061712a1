import { describe, expect, it } from 'vitest';
import { raftRecoveryWal } from '../../src/formats/raft-recovery/wal.ts';
import { sourceOf } from '../support/source.ts';
import { goChecksum, goString, line, log, range } from './raft-encoder.ts';
import { readLog } from './reading.ts';

const read = (content: string | Uint8Array, options?: { chunk?: number; damaged?: boolean }) =>
  readLog(raftRecoveryWal, content, options);

describe('raft-recovery log, sound', () => {
  it('is clean, with number, type, id, time, place and session of every record', async () => {
    const first = line({ seq: 1, id: 'a<b', timestamp: 1_700_000_000_123 });
    const text = `${first}\n${line({ seq: 2, type: 'ACK', id: 'a<b' })}\n`;
    const { summary, events } = await read(text);
    expect(summary).toMatchObject({
      records: 2,
      seqFirst: '1',
      seqLast: '2',
      findings: [],
      withoutPayload: 1,
      stopped: false,
    });
    expect(summary.severity).toBeUndefined();
    expect(events[0]).toEqual({
      seq: '1',
      type: 'ENQUEUE',
      known: true,
      jobId: 'a<b',
      timeMs: '1700000000123',
      file: 'wal.log',
      record: 1,
      offset: 0,
      end: text.indexOf('\n'),
      run: 1,
      afterDamage: false,
      checksum: 'ok',
    });
    expect(events[1]).toMatchObject({
      seq: '2',
      type: 'ACK',
      record: 2,
      offset: text.indexOf('\n') + 1,
      end: text.length - 1,
    });
  });

  it('needs no newline behind a complete last line', async () => {
    const { summary } = await read(log(range(1, 3)).trimEnd());
    expect(summary).toMatchObject({ records: 3, findings: [] });
  });

  it('keeps numbers beyond 2^53 exact', async () => {
    const first = 9_007_199_254_740_990n;
    const seqs = Array.from({ length: 8 }, (_, at) => first + BigInt(at)).filter(
      (seq) => seq !== 9_007_199_254_740_993n,
    );
    const { summary, events } = await read(log(seqs));
    expect(events.map((event) => event.seq)).toEqual(seqs.map(String));
    expect(summary).toMatchObject({ seqFirst: '9007199254740990', seqLast: '9007199254740997' });
    expect(summary.missing).toEqual([
      { seqFirst: '1', seqLast: '9007199254740989' },
      { seqFirst: '9007199254740993', seqLast: '9007199254740993' },
    ]);
    expect(summary.missingCount).toBe('9007199254740990');
    expect(summary.findings[1]).toMatchObject({
      code: 'E_GAP',
      seqFirst: '9007199254740993',
      seqLast: '9007199254740993',
    });
  });

  it('notes order, restarts and duplicates without calling them a loss', async () => {
    const order = await read(log([1, 2, 4, 5, 3, 7, 6]));
    expect(order.summary).toMatchObject({ outOfOrder: 2, severity: 'note', missing: [] });
    expect(order.codes).toEqual(['E_LOG_ORDER']);

    const restart = await read(log(range(1, 5)) + log(range(1, 3), 1) + log(range(1, 9), 2));
    expect(restart.summary).toMatchObject({ restarts: 2, severity: 'note', missing: [], seqFirst: '1', seqLast: '9' });
    expect(restart.codes).toEqual(['E_LOG_RESTART', 'E_LOG_RESTART']);
    expect(restart.events.map((event) => event.run).join('')).toBe('11111222333333333');

    const doubled = log([2]);
    const twice = await read(log([1]) + doubled + doubled + log([3]));
    expect(twice.summary).toMatchObject({ duplicates: 1, records: 4, severity: 'note', missing: [] });
    expect(twice.summary.findings[0]).toMatchObject({ code: 'E_LOG_DUPLICATE', seqFirst: 2, seqLast: 2 });
  });

  it('stops when the visitor says so, also by a promise', async () => {
    for (const answer of [false, Promise.resolve(false)]) {
      const seen: string[] = [];
      const visit = (event: { seq: string }) => {
        seen.push(event.seq);
        return seen.length === 2 ? answer : undefined;
      };
      const summary = await raftRecoveryWal.read(sourceOf(log(range(1, 9))), 'x', { visit });
      expect(seen).toEqual(['1', '2']);
      expect(summary.stopped).toBe(true);
    }
  });

  it('passes on what the source and the visitor throw', async () => {
    const broken = { read: () => Promise.reject(new Error('EIO')) };
    await expect(raftRecoveryWal.read(broken, 'x')).rejects.toThrow('EIO');
    const visit = () => {
      throw new Error('mine');
    };
    await expect(raftRecoveryWal.read(sourceOf(log([1])), 'x', { visit })).rejects.toThrow('mine');
  });

  it('reads the same however the source is cut', async () => {
    const glued = `${log(range(41, 60))}{"seq":61,"ty${log([1, 2], 1)}`;
    const text = `${log(range(1, 40))}garbage\n${glued}\0\0\0${log([3, 4, 6], 1)}{"seq":7`;
    const whole = await read(text);
    for (const chunk of [1, 7, 100, 1000]) expect(await read(text, { chunk })).toEqual(whole);
    expect(whole.codes).toEqual([
      'E_LOG_GARBAGE',
      'E_LOG_GLUED',
      'E_LOG_RESTART',
      'E_LOG_ZEROS',
      'E_GAP',
      'E_LOG_TORN',
    ]);
  });
});

describe('raft-recovery log, odd', () => {
  it('reads CRLF, empty lines and other key orders, and notes each once', async () => {
    const crlf = await read(log(range(1, 4)).replaceAll('\n', '\r\n'));
    expect(crlf.summary).toMatchObject({ records: 4, severity: 'note' });
    expect(crlf.summary.findings).toMatchObject([{ code: 'E_LOG_CRLF', message: expect.stringContaining('4 lines') }]);
    const blank = await read(`\n${log([1])}\n\n${log([2])}`);
    expect(blank.summary).toMatchObject({
      records: 2,
      severity: 'note',
      findings: [{ code: 'E_LOG_BLANK', offset: 0 }],
    });
    const sum = goChecksum('ENQUEUE', 'x', 1n);
    const form = await read(`{"checksum":${sum},"seq":1,"job_id":"x","type":"ENQUEUE"}\n`);
    expect(form.summary).toMatchObject({ records: 1, severity: 'note', findings: [{ code: 'E_LOG_FORM' }] });
  });

  it('reports a byte order mark as degraded, and reads the record behind it', async () => {
    const { summary } = await read(`\ufeff${log([1, 2])}`);
    expect(summary).toMatchObject({
      records: 2,
      severity: 'degraded',
      findings: [{ code: 'E_LOG_BOM', offset: 0, end: 3 }],
    });
  });

  it('says of an empty file, and of one with only newlines, that there is no record', async () => {
    expect((await read('')).codes).toEqual(['E_LOG_EMPTY']);
    expect((await read('\n\n\n')).codes).toEqual(['E_LOG_BLANK', 'E_LOG_EMPTY']);
    expect((await read('')).summary.severity).toBe('note');
  });

  it('reports a type it does not know as newer, and hands the record out', async () => {
    const { summary, events } = await read(`${log([1])}${line({ seq: 2, type: 'FUTURE' })}\n`);
    expect(summary).toMatchObject({ records: 2, severity: 'newer' });
    expect(events[1]).toMatchObject({ type: 'FUTURE', known: false });
  });

  it('reports garbage of every kind once and does not throw', async () => {
    const binary = Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919 + (at >> 3)) & 0xff));
    const { summary } = await read(binary);
    expect(summary).toMatchObject({ records: 0, severity: 'corrupt' });
    const deep = await read(`{"seq":1,"type":${'['.repeat(100_000)}\n`);
    expect(deep.summary.findings).toMatchObject([{ code: 'E_LOG_GARBAGE' }]);
  });

  it('lists at most 1000 findings of a code and counts the rest', async () => {
    const bad = Array.from({ length: 1500 }, (_, at) => `${line({ seq: at + 1, checksum: 1 })}\n`).join('');
    const { summary } = await read(bad);
    expect(summary.findings).toHaveLength(1001);
    expect(summary.findings.at(-1)).toMatchObject({
      code: 'E_LOG_MORE',
      severity: 'corrupt',
      message: expect.stringContaining('500'),
    });
    expect(summary.damaged).toBe(1500);
  });

  it('never takes text inside an id for a record', async () => {
    const id = '{"seq":1,"type":"ACK"}\n[seq=1] ACK x';
    const { summary, events } = await read(`${line({ seq: 1, id })}\n${goString(id)}\n`);
    expect(events.map((event) => event.jobId)).toEqual([id]);
    expect(summary.damaged).toBe(1);
  });
});
