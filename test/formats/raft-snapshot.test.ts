import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { raftRecoverySnapshot } from '../../src/formats/raft-recovery/snapshot.ts';
import type { ForeignJob } from '../../src/formats/types.ts';
import { sourceOf } from '../support/source.ts';

async function read(content: string | Uint8Array, chunk?: number) {
  const jobs: ForeignJob[] = [];
  const visit = (job: ForeignJob): void => {
    jobs.push(job);
  };
  const summary = await raftRecoverySnapshot.read(sourceOf(content, { step: chunk }), 'snap.json', { visit });
  return { jobs, summary, codes: summary.findings.map((finding) => finding.code) };
}

const job = (id: string, more = '', payload = '{"n":1}') =>
  `${JSON.stringify(id)}:{"id":${JSON.stringify(id)},"payload":${payload},"status":"pending","attempt":0,` +
  `"timeout":5000000000,"created_at":1795382476883,"updated_at":1795382476884${more}}`;
const snapshot = (jobs: string, end = '"schema_ver":1,"last_seq":42') => `{"jobs":{${jobs}},${end}}\n`;

describe('raft-recovery snapshot', () => {
  it('reads every field; numbers and payload as written', async () => {
    const payload = '{"b":9007199254740993,"a":1e400,"a":"\\u003cb\\u003e","\\u0061":[1.0,-0]}';
    const text = snapshot(job('job-1', ',"deadline_ms":9007199254740993,"worker_id":"w-1"', payload));
    const { jobs, summary } = await read(text);
    expect(jobs).toEqual([
      {
        id: 'job-1',
        status: 'pending',
        attempt: 0,
        payload,
        timeoutMs: 5000,
        createdMs: '1795382476883',
        updatedMs: '1795382476884',
        deadlineMs: '9007199254740993',
        workerId: 'w-1',
        file: 'snap.json',
        offset: text.indexOf('{"id"'),
      },
    ]);
    expect(summary).toMatchObject({ jobs: 1, lastSeq: '42', schemaVersion: '1', severity: 'note', bytes: text.length });
    expect(summary.findings).toMatchObject([
      { code: 'E_SNAP_LAST_SEQ', message: expect.stringContaining('last_seq 42') },
    ]);
  });

  it('keeps a last_seq beyond 2^53, and takes no jobs at all as no jobs', async () => {
    const { summary } = await read('{"jobs":null,"schema_ver":1,"last_seq":18446744073709551615}');
    expect(summary).toMatchObject({ lastSeq: '18446744073709551615', jobs: 0, severity: 'note' });
  });

  it('rounds a timeout up to whole milliseconds', async () => {
    for (const [ns, ms] of [
      ['0', 0],
      ['1', 1],
      ['1500000', 2],
      ['-1', 0],
      ['9223372036854775807', 9223372036855],
    ] as const) {
      const text = snapshot(job('a').replace('5000000000', ns));
      expect([ns, (await read(text)).jobs[0]?.timeoutMs]).toEqual([ns, ms]);
    }
  });

  it('is corrupt when cut anywhere, with the place of the end', async () => {
    const text = snapshot(`${job('ä')},${job('b')}`).trimEnd();
    const bytes = Buffer.from(text);
    for (let cut = 1; cut < bytes.length; cut++) {
      const { summary } = await read(bytes.subarray(0, cut));
      expect([cut, summary.severity, summary.findings.at(-1)]).toEqual([
        cut,
        'corrupt',
        expect.objectContaining({
          code: 'E_SNAP_CUT',
          offset: cut,
          message: expect.stringContaining('unexpected end of JSON'),
        }),
      ]);
    }
  });

  it('is newer with another schema version, whatever its jobs look like', async () => {
    for (const end of ['"schema_ver":2,"last_seq":42', '"schema_ver":"1","last_seq":42', '"last_seq":42']) {
      const { summary, codes } = await read(snapshot('"a":{"state":"new kind"}', end));
      expect([end, summary.severity, codes]).toEqual([end, 'newer', ['E_SNAP_VERSION']]);
    }
  });

  it('names what is wrong with a job, and goes on with the next', async () => {
    const cases: [string, string][] = [
      [job('a').replace('"pending"', '"pendinh"'), "status 'pendinh' is unknown"],
      [job('a').replace('"id":"a"', '"id":"b"'), "its id is 'b'"],
      [job('a').replace('"attempt":0', '"attempt":-1'), 'attempt -1 is out of range'],
      [job('a').replace('"attempt":0', '"attempt":0.5'), 'attempt is 0.5, not an integer'],
      [job('a').replace('5000000000', '"5s"'), 'timeout is "5s", not an integer'],
      ['"a":[]', 'it is not an object'],
      ['"a":{}', 'it has no status'],
      [`"\\u001b[31m":{}`, "job '\\x1b[31m'"],
    ];
    for (const [text, message] of cases) {
      const { summary, jobs } = await read(snapshot(`${text},${job('b')}`));
      expect(summary.findings[0]).toMatchObject({
        code: 'E_SNAP_JOB',
        severity: 'corrupt',
        message: expect.stringContaining(message),
      });
      expect(jobs.at(-1)?.id).toBe('b');
    }
  });

  it('sees a key that changed by what is not there', async () => {
    const text = snapshot(job('a'));
    for (const key of ['id', 'payload', 'attempt', 'timeout', 'created_at', 'updated_at', 'schema_ver', 'last_seq']) {
      const { summary } = await read(text.replace(`"${key}":`, `"${key.slice(0, -1)}~":`));
      expect([key, summary.severity]).toEqual([key, key === 'schema_ver' ? 'newer' : 'corrupt']);
    }
  });

  it('notes jobs out of order or twice, in the byte order of Go', async () => {
    expect((await read(snapshot(`${job('b')},${job('a')}`))).codes).toContain('E_SNAP_ORDER');
    expect((await read(snapshot(`${job('a')},${job('a')}`))).codes).toContain('E_SNAP_ORDER');
    // By UTF-16 units the second would come first.
    expect((await read(snapshot(`${job('\uffee')},${job('\u{1f680}')}`))).codes).toEqual(['E_SNAP_LAST_SEQ']);
  });

  it('tells bytes behind the end from damage inside', async () => {
    const text = snapshot(job('a')).trimEnd();
    expect((await read(`${text}\0\0`)).summary.findings).toMatchObject([
      { code: 'E_SNAP_TRAILING', offset: text.length },
    ]);
    const broken = text.replace('"attempt":0', '"attempt":?');
    expect((await read(broken)).summary.findings).toMatchObject([
      { code: 'E_SNAP_JSON', offset: broken.indexOf('?'), got: '?' },
    ]);
    expect((await read(Buffer.from(text.replace('"a":', '"\u0001":')))).codes).toEqual(['E_SNAP_JSON']);
    const bad = Buffer.from(text);
    bad[text.indexOf('"n"') + 1] = 0xff;
    expect((await read(bad)).summary.findings).toMatchObject([{ code: 'E_SNAP_JSON', expected: 'valid UTF-8' }]);
    expect((await read(`\ufeff${text}`)).summary).toMatchObject({ severity: 'degraded', jobs: 1 });
  });

  it('takes __proto__ for an id and a key like any other', async () => {
    const { jobs } = await read(snapshot(job('__proto__', ',"__proto__":{"status":"dead"}')));
    expect(jobs).toMatchObject([{ id: '__proto__', status: 'pending' }]);
  });

  it('reads the same however the source is cut, and stops when told', async () => {
    const text = snapshot(['a', 'b', 'ü', '任'].map((id) => job(id)).join(','));
    const whole = await read(text);
    for (const chunk of [1, 3, 50]) expect(await read(text, chunk)).toEqual(whole);
    const summary = await raftRecoverySnapshot.read(sourceOf(text), 'x', { visit: () => Promise.resolve(false) });
    expect(summary).toMatchObject({ stopped: true, jobs: 1 });
  });

  it('hands out each job before it reads on, however large the snapshot', async () => {
    const one = Buffer.from(`${job('a', '', `"${'x'.repeat(1000)}"`)},`);
    const head = Buffer.from('{"jobs":{');
    const tail = Buffer.from(`${job('b')}},"schema_ver":1,"last_seq":1}`);
    const total = 10_000;
    const body = one.length * total;
    let readTo = 0;
    const source = {
      async read(buffer: Uint8Array, position: number) {
        readTo = position + buffer.length;
        if (position < head.length) return head.copy(buffer, 0, position);
        const at = position - head.length;
        if (at < body) return one.copy(buffer, 0, at % one.length);
        return tail.copy(buffer, 0, at - body);
      },
    };
    let ahead = 0;
    const visit = ({ offset }: ForeignJob) => {
      ahead = Math.max(ahead, readTo - offset - one.length);
    };
    const summary = await raftRecoverySnapshot.read(source, 'x', { visit });
    expect(summary.jobs).toBe(total + 1);
    expect(ahead).toBeLessThanOrEqual(1 << 20);
  });

  it('sees no sound snapshot in one with a byte changed to a structural one, and never throws', async () => {
    const text = snapshot(`${job('a')},${job('b')}`);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 2),
        fc.constantFrom('{', '}', '[', ']', '"', '\\', '\u0000'),
        async (at, byte) => {
          fc.pre(text[at] !== byte);
          const { summary } = await read(text.slice(0, at) + byte + text.slice(at + 1));
          expect(summary.jobs).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 300 },
    );
  });
});
