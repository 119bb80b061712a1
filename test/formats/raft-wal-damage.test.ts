import { afterEach, describe, expect, it } from 'vitest';
import { raftRecoveryWal } from '../../src/formats/raft-recovery/wal.ts';
import { tried } from '../support/tried.ts';
import { goChecksum, line, log, range } from './raft-encoder.ts';
import { readLog } from './reading.ts';

const read = (content: string | Uint8Array, options?: { chunk?: number; damaged?: boolean }) =>
  readLog(raftRecoveryWal, content, options);

describe('raft-recovery log, damaged', () => {
  afterEach((context) => tried(context, 'origin-files', { 'reported exactly': 1 }));

  it('reports a missing number with its range, the place behind it and the count', async () => {
    const { summary } = await read(log([1, 2, 3, 7, 8, 10]));
    expect(summary).toMatchObject({ severity: 'corrupt', missingCount: '4', records: 6 });
    const place = log([1, 2, 3]).length;
    expect(summary.findings).toMatchObject([
      {
        code: 'E_GAP',
        severity: 'corrupt',
        seqFirst: 4,
        seqLast: 6,
        offset: place,
        message: expect.stringContaining('3 records'),
      },
      { code: 'E_GAP', seqFirst: 9, seqLast: 9 },
    ]);
  });

  it('reports the missing beginning of a file and of a session', async () => {
    expect((await read(log(range(100, 200)))).summary.missing).toEqual([{ seqFirst: '1', seqLast: '99' }]);
    const session = await read(log(range(1, 100)) + log(range(40, 100), 1));
    expect(session.summary).toMatchObject({ restarts: 1, missing: [{ seqFirst: '1', seqLast: '39' }] });
  });

  it('calls every cut inside the last record torn, at its first byte, and a cut at a line end clean', async () => {
    const good = log(range(1, 3));
    const last = line({ seq: 4, id: 'jöb' });
    const bytes = Buffer.from(last);
    for (let cut = 1; cut < bytes.length; cut++) {
      const { summary } = await read(Buffer.concat([Buffer.from(good), bytes.subarray(0, cut)]));
      expect([cut, summary.findings]).toEqual([
        cut,
        [
          expect.objectContaining({
            code: 'E_LOG_TORN',
            severity: 'torn',
            offset: good.length,
            end: good.length + cut,
          }),
        ],
      ]);
      expect(summary).toMatchObject({ records: 3, damaged: 1, severity: 'torn' });
    }
    expect((await read(good + last)).summary.findings).toEqual([]);
  });

  it('calls NULs at the end torn, alone or behind a record or part of one, and in the middle corrupt', async () => {
    const good = log(range(1, 3));
    const zeros = '\0'.repeat(512);
    expect((await read(good + zeros)).summary.findings).toMatchObject([
      { code: 'E_LOG_ZEROS', severity: 'torn', offset: good.length, end: good.length + 512 },
    ]);
    expect((await read(`${good}{"seq":4,"typ${zeros}`)).summary.findings).toMatchObject([
      { code: 'E_LOG_TORN', severity: 'torn', offset: good.length, end: good.length + 13 + 512 },
    ]);
    const whole = await read(good + line({ seq: 4 }) + zeros);
    expect(whole.summary).toMatchObject({ records: 4, severity: 'torn' });
    expect(whole.summary.findings).toMatchObject([
      { code: 'E_LOG_ZEROS', offset: good.length + line({ seq: 4 }).length },
    ]);

    const middle = await read(good + zeros + log([4]));
    expect(middle.summary).toMatchObject({ records: 4, recordsAfterDamage: 1, severity: 'corrupt' });
    expect(middle.summary.findings).toMatchObject([{ code: 'E_LOG_ZEROS', severity: 'corrupt', offset: good.length }]);
    expect((await read(zeros + log([1]))).summary.severity).toBe('corrupt');
  });

  it('finds the sound record that is glued to a torn one', async () => {
    const good = log(range(1, 305));
    const torn = '{"seq":306,"type":"ENQUEUE","job_id":"full-00305","ti';
    const { summary, events } = await read(good + torn + log(range(1, 10), 1));
    expect(summary).toMatchObject({
      records: 315,
      recordsBeforeDamage: 305,
      recordsAfterDamage: 9,
      recordsGlued: 1,
      damaged: 1,
      restarts: 1,
      missing: [],
    });
    expect(summary.findings).toMatchObject([
      { code: 'E_LOG_GLUED', severity: 'corrupt', offset: good.length, end: good.length + torn.length, seqFirst: 306 },
      { code: 'E_LOG_RESTART', offset: good.length + torn.length },
    ]);
    expect(events[305]).toMatchObject({
      seq: '1',
      record: 307,
      run: 2,
      offset: good.length + torn.length,
      afterDamage: true,
    });
  });

  it('finds glued records at every cut of the torn one, also behind two torn ones and at an open end', async () => {
    const torn = line({ seq: 2 });
    for (let cut = 1; cut < torn.length; cut++) {
      const { summary } = await read(log([1]) + torn.slice(0, cut) + log([1, 2], 1));
      expect([cut, summary.records, summary.recordsGlued, summary.damaged]).toEqual([cut, 3, 1, 1]);
      expect(summary.missing).toEqual([]);
    }
    const two = await read(`${log([1])}{"seq":2,"ty{"seq":3,"type":"ACK${line({ seq: 1, id: 'new' })}`);
    expect(two.summary).toMatchObject({ records: 2, damaged: 2, severity: 'corrupt' });
    expect(two.codes).toEqual(['E_LOG_GLUED', 'E_LOG_GLUED', 'E_LOG_RESTART']);
    const open = await read(`${log([1])}{"seq":2,"ty{"seq":1,"type":"A`);
    expect(open.codes).toEqual(['E_LOG_GLUED', 'E_LOG_TORN']);
  });

  it('keeps both records where only the line break between them is gone, or another byte stands for it', async () => {
    const first = line({ seq: 1 });
    for (const between of ['', 'J', '\u000b']) {
      const { summary } = await read(`${first}${between}${log([2, 3])}`);
      expect([between, summary.records, summary.severity, summary.missing]).toEqual([between, 3, 'corrupt', []]);
      expect(summary.findings[0]?.offset).toBe(first.length);
    }
  });

  it('reports a bad checksum with both sums and goes on; the number is claimed, not missing', async () => {
    const bad = line({ seq: 3, checksum: 12345 });
    const { summary, events } = await read(`${log([1, 2])}${bad}\n${log([4, 5])}`);
    expect(summary).toMatchObject({
      records: 4,
      recordsBeforeDamage: 2,
      recordsAfterDamage: 2,
      damaged: 1,
      missing: [],
    });
    expect(summary.findings).toMatchObject([
      {
        code: 'E_LOG_CHECKSUM',
        severity: 'corrupt',
        offset: log([1, 2]).length,
        end: log([1, 2]).length + bad.length,
        seqFirst: 3,
        got: '12345',
        expected: String(goChecksum('ENQUEUE', 'job-3', 3n)),
        message: 'checksum mismatch (record 3)',
      },
    ]);
    expect(events.map((event) => event.seq)).toEqual(['1', '2', '4', '5']);
    const all = await read(`${log([1, 2])}${bad}\n${log([4, 5])}`, { damaged: true });
    expect(all.events.map((event) => event.seq + event.checksum)).toEqual(['1ok', '2ok', '3bad', '4ok', '5ok']);
    // The first and the last record claim their numbers just as well.
    expect((await read(`${line({ seq: 1, checksum: 1 })}\n${log([2])}`)).codes).toEqual(['E_LOG_CHECKSUM']);
    expect((await read(`${log([1])}${line({ seq: 2, checksum: 1 })}`)).summary).toMatchObject({ severity: 'corrupt' });
    // A changed number is a bad sum and a hole.
    const other = line({ seq: 99, checksum: goChecksum('ENQUEUE', 'job-3', 3n) });
    expect((await read(`${log([1, 2])}${other}\n${log([4])}`)).summary.missing).toEqual([
      { seqFirst: '3', seqLast: '3' },
    ]);
  });

  it('says so where the system itself wrote a record that it refuses: an id that was not UTF-8', async () => {
    const raw = Buffer.concat([Buffer.from('bad-'), Buffer.from([0xff, 0xfe]), Buffer.from('-12')]);
    const stored = line({ seq: 2, id: 'bad-\ufffd\ufffd-12', checksum: goChecksum('ENQUEUE', raw, 2n) });
    const { summary } = await read(`${log([1])}${stored.replaceAll('\ufffd', '\\ufffd')}\n${log([3])}`);
    expect(summary.findings[0]?.message).toContain('(0xff 0xfe)');
    const unknown = line({ seq: 2, id: 'bad-\ufffd', checksum: 1 });
    expect((await read(`${log([1])}${unknown}\n`)).summary.findings[0]?.message).toContain('may not have been UTF-8');
  });

  it('merges a stretch of garbage into one finding, newlines in it included', async () => {
    const good = log(range(1, 3));
    const junk = 'x1\ny2\n\u0001\u0002\nz3';
    const { summary } = await read(`${good}${junk}\n${log([4])}`);
    expect(summary.findings).toMatchObject([
      { code: 'E_LOG_GARBAGE', offset: good.length, end: good.length + junk.length },
    ]);
    expect(summary).toMatchObject({ damaged: 4, records: 4, recordsAfterDamage: 1 });
  });

  it('calls garbage at an open end corrupt: no crash of this writer leaves it', async () => {
    expect((await read(`${log([1])}garbage`)).summary.severity).toBe('corrupt');
    expect((await read(`${log([1])}{"seq":2,"t?pe":!`)).summary.severity).toBe('corrupt');
  });

  it('skips a line longer than any record in bounded memory and goes on behind it', async () => {
    const good = log([1]);
    const chunk = Buffer.alloc(1 << 20, 0x78);
    const head = Buffer.from(`${good}{"seq":2,"job_id":"`);
    const tail = Buffer.from(`\n${log([3])}`);
    const filler = 100 * chunk.length;
    let largest = 0;
    const source = {
      async read(buffer: Uint8Array, position: number) {
        largest = Math.max(largest, buffer.length);
        if (position < head.length) return head.copy(buffer, 0, position);
        const at = position - head.length;
        if (at < filler) return chunk.copy(buffer, 0, 0, Math.min(buffer.length, filler - at));
        return tail.copy(buffer, 0, at - filler);
      },
    };
    const summary = await raftRecoveryWal.read(source, 'x');
    expect(largest).toBeLessThanOrEqual(32 << 20);
    expect(summary.findings).toMatchObject([
      { code: 'E_LOG_LONG_LINE', offset: good.length, end: head.length + filler },
      { code: 'E_GAP', seqFirst: 2, seqLast: 2 },
    ]);
    expect(summary).toMatchObject({ records: 2, recordsAfterDamage: 1 });
  });
});
