import { describe, expect, it } from 'vitest';
import { documentLog } from '../../src/formats/document/log.ts';
import { documentSnapshot } from '../../src/formats/document/snapshot.ts';
import type { ForeignJob } from '../../src/formats/types.ts';
import { sourceOf } from '../support/source.ts';
import { readLog } from './reading.ts';

const read = (content: string | Uint8Array) => readLog(documentLog, content);

async function readSnapshot(text: string) {
  const jobs: ForeignJob[] = [];
  const visit = (job: ForeignJob): void => {
    jobs.push(job);
  };
  const summary = await documentSnapshot.read(sourceOf(text), 'snap.json', { visit });
  return { jobs, summary, codes: summary.findings.map((finding) => finding.code) };
}

describe('text log', () => {
  it('reads number, type, id and what stands behind the id', async () => {
    const { summary, events } = await read(
      '[seq=1] ENQUEUE job_1\n[seq=2] DISPATCH job_1 attempt=1 by w 1\n[seq=3] ACK job_1\n',
    );
    expect(summary).toMatchObject({ records: 3, seqFirst: '1', seqLast: '3', findings: [], withoutPayload: 1 });
    expect(events[1]).toMatchObject({
      seq: '2',
      type: 'DISPATCH',
      jobId: 'job_1',
      details: 'attempt=1 by w 1',
      checksum: 'none',
    });
    expect(events[0]).not.toHaveProperty('details');
    expect(events[0]).not.toHaveProperty('timeMs');
  });

  it('may begin above 1, because a log is cut below its snapshot, but has no hole', async () => {
    expect((await read('[seq=7] ACK a\n[seq=8] ACK b\n')).summary.findings).toEqual([]);
    const { summary } = await read('[seq=7] ACK a\n[seq=9] ACK b\n[seq=12] ACK c\n');
    expect(summary).toMatchObject({ severity: 'corrupt', missingCount: '3' });
    expect(summary.missing).toEqual([
      { seqFirst: '8', seqLast: '8' },
      { seqFirst: '10', seqLast: '11' },
    ]);
  });

  it('takes a line that is not UTF-8 for damage, and a replacement character for what it is', async () => {
    const bytes = Buffer.from('[seq=1] ENQUEUE job_1\n[seq=2] ACK job_1\n');
    bytes[bytes.indexOf('job_1')] = 0xea;
    expect((await read(bytes)).summary.findings).toMatchObject([
      { code: 'E_LOG_GARBAGE', severity: 'corrupt', offset: 0 },
    ]);
    expect((await read('[seq=1] ENQUEUE \ufffd\n')).summary.findings).toEqual([]);
  });

  it('calls every cut before the id torn; with part of the id there it can only note the open end', async () => {
    const good = '[seq=1] ENQUEUE job_1\n';
    const last = '[seq=2] ACK job_1';
    for (let cut = 1; cut < last.length; cut++) {
      const { codes, summary } = await read(good + last.slice(0, cut));
      const isTorn = cut <= '[seq=2] ACK '.length;
      expect([cut, codes, summary.severity]).toEqual([
        cut,
        [isTorn ? 'E_LOG_TORN' : 'E_LOG_OPEN_END'],
        isTorn ? 'torn' : 'note',
      ]);
    }
  });

  it('finds a line glued to a torn one, and two whole ones without a break', async () => {
    const torn = await read('[seq=1] ENQUEUE a\n[seq=2] DISP[seq=1] ENQUEUE b\n');
    expect(torn.codes).toEqual(['E_LOG_GLUED', 'E_LOG_RESTART']);
    expect(torn.events.map((event) => event.jobId)).toEqual(['a', 'b']);
    const whole = await read('[seq=1] ENQUEUE a[seq=2] ACK a\n[seq=3] ACK c\n');
    expect(whole.codes).toEqual(['E_LOG_GLUED']);
    expect(whole.events.map((event) => [event.seq, event.jobId])).toEqual([
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'c'],
    ]);
  });

  it('refuses other lines one by one and goes on', async () => {
    for (const bad of [
      '[seq=x] ACK a',
      '[seq=-2] ACK a',
      '[seq=2.5] ACK a',
      'seq=2 ACK a',
      '[seq=2] ack a',
      '[seq=2]  ACK a',
      '[seq=2] ACK',
    ]) {
      const { summary } = await read(`[seq=1] ENQUEUE a\n${bad}\n[seq=3] ACK a\n`);
      expect([bad, summary.records, summary.damaged, summary.severity]).toEqual([bad, 2, 1, 'corrupt']);
    }
    const { summary } = await read('[seq=1] PAUSE a\n');
    expect(summary.findings).toMatchObject([{ code: 'E_LOG_TYPE', severity: 'newer', got: 'PAUSE' }]);
  });

  it('reads CRLF, and escapes what it quotes', async () => {
    expect((await read('[seq=1] ENQUEUE a\r\n[seq=2] ACK a\r\n')).events.map((event) => event.jobId)).toEqual([
      'a',
      'a',
    ]);
    expect((await read('\u001b[31mred\n')).summary.findings[0]?.got).toBe('\\x1b[31mred');
  });
});

describe('plain snapshot', () => {
  it('reads jobs and the last number, on one line or many', async () => {
    const value = {
      Jobs: { job_1: { Status: 'completed' }, job_2: { Status: 'pending', Payload: { n: 1 }, Attempt: 2 } },
      LastSeq: 3,
    };
    for (const indent of [0, 2]) {
      const { jobs, summary } = await readSnapshot(`${JSON.stringify(value, null, indent)}\n`);
      expect(jobs).toMatchObject([
        { id: 'job_1', status: 'completed', attempt: 0 },
        { id: 'job_2', status: 'pending', attempt: 2, payload: '{"n":1}' },
      ]);
      expect(summary).toMatchObject({ jobs: 2, lastSeq: '3', findings: [], byStatus: { pending: 1, completed: 1 } });
    }
  });

  it('reports what is wrong with a job, or missing', async () => {
    for (const job of ['{}', '{"Status":"lost"}', '7', 'null', '{"Status":1}', '{"Status":"dead","Attempt":-1}']) {
      const { summary, jobs } = await readSnapshot(`{"Jobs":{"a":${job},"b":{"Status":"dead"}},"LastSeq":3}`);
      expect([job, summary.severity, summary.findings[0]?.code]).toEqual([job, 'corrupt', 'E_SNAP_JOB']);
      expect(jobs.map((each) => each.id)).toEqual(['b']);
    }
    expect((await readSnapshot('{"Jobs":{}}')).codes).toEqual(['E_SNAP_FIELD']);
    expect((await readSnapshot('{"LastSeq":3}')).codes).toEqual(['E_SNAP_FIELD']);
    expect((await readSnapshot('{"Jobs":{},"LastSeq":-3}')).codes).toContain('E_SNAP_FIELD');
    expect((await readSnapshot('{"Jobs":[],"LastSeq":3}')).codes).toEqual(['E_SNAP_FIELD']);
    expect((await readSnapshot('{"Jobs":{},"LastSeq":3,"Extra":1}')).codes).toEqual(['E_SNAP_UNKNOWN']);
  });
});
