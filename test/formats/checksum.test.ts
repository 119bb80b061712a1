import { describe, expect, it } from 'vitest';
import { checksumOf, originalBytes } from '../../src/formats/raft-recovery/checksum.ts';
import { decodeGoText } from '../../src/formats/raft-recovery/go-text.ts';
import { parseWalRecord } from '../../src/formats/raft-recovery/wal-record.ts';
import { parseSeq } from '../../src/formats/seq.ts';
import { goChecksum, line } from './raft-encoder.ts';

const borders = [0n, 1n, 0x7fn, 0x80n, 0x7ffn, 0x800n, 0xd7ffn, 0xd800n, 0xdfffn, 0xe000n, 0xfffdn, 0xffffn, 0x10000n];
const beyond = [
  0x10ffffn,
  0x110000n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 65n,
  2n ** 32n + 0xdac0n,
];
const huge = [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

describe('raft-recovery checksum', () => {
  it('agrees with three values that the system itself computed', () => {
    expect(checksumOf('ENQUEUE', 'job-1', 1)).toBe(2912206775);
    expect(checksumOf('DEAD', 'job-1', 2n ** 64n - 1n)).toBe(1639280988);
    expect(checksumOf('ENQUEUE', '', 70000)).toBe(423990404);
  });

  it('makes a code point of the number at every border: UTF-8 lengths, surrogates, Unicode, 32 and 64 bits', () => {
    for (const seq of [...borders, ...beyond, ...huge]) {
      const value = parseSeq(String(seq));
      if (value === undefined) throw new Error(`no number: ${seq}`);
      for (const [type, id] of [
        ['ENQUEUE', 'job-1'],
        ['ACK', ''],
        ['FUTURE', '任务-🚀'],
        ['RETRY', 'q"\\\n\t\u0000'],
      ] as const) {
        expect([seq, checksumOf(type, id, value)]).toEqual([seq, goChecksum(type, id, seq)]);
      }
    }
  });

  it('is the same for all surrogates and for all that is beyond Unicode', () => {
    const sums = [0xd800, 0xdabc, 0xdfff, 0x110000, 2 ** 31, 0xfffd].map((seq) => checksumOf('ACK', 'x', seq));
    expect(new Set(sums).size).toBe(1);
    expect(checksumOf('ACK', 'x', 0xe000)).not.toBe(sums[0]);
  });

  it('finds the one or two bytes that stood for U+FFFD, and nothing where another byte changed', () => {
    for (const raw of [[0xff], [0xdf, 0xfe], [0xe4, 0xbb]]) {
      const id = Buffer.concat([Buffer.from('bad-'), Buffer.from(raw), Buffer.from('-x')]);
      const sum = goChecksum('ENQUEUE', id, 13n);
      expect(originalBytes('ENQUEUE', decodeGoText(id), 13, sum)).toEqual(raw);
      expect(originalBytes('ENQUEUE', decodeGoText(id), 14, sum)).toBeUndefined();
    }
    expect(originalBytes('ENQUEUE', 'plain', 1, 0)).toBeUndefined();
    expect(originalBytes('ENQUEUE', '\ufffd\ufffd\ufffd', 1, 0)).toBeUndefined();
  });
});

describe('decodeGoText', () => {
  it('makes one U+FFFD of every byte that is not UTF-8', () => {
    const decode = (...bytes: number[]): string => decodeGoText(Buffer.from(bytes));
    expect(decode(0x61, 0xff, 0x62)).toBe('a\ufffdb');
    expect(decode(0xe4, 0xbb)).toBe('\ufffd\ufffd');
    expect(decode(0xed, 0xa0, 0x80)).toBe('\ufffd\ufffd\ufffd');
    expect(decode(0xc0, 0x80, 0xf5, 0x80)).toBe('\ufffd\ufffd\ufffd\ufffd');
    expect(decode(0xe4, 0xbb, 0xbb, 0xff, 0xf0, 0x9f, 0x9a, 0x80)).toBe('任\ufffd🚀');
  });
});

describe('parseWalRecord', () => {
  const parse = (text: string | Buffer) => parseWalRecord(Buffer.from(text), 0, Buffer.byteLength(text));

  it('reads back every number and id that the encoder writes', () => {
    for (const seq of [...borders, ...beyond, ...huge]) {
      for (const id of [
        'job-1',
        '',
        'a<b>&c',
        'q"\\\n\t\b\f\u0000',
        'line\u2028sep',
        '任务-1',
        '🚀',
        'rep-\ufffd',
        ' !~\u007f',
      ]) {
        const record = parse(line({ seq, id, type: 'RETRY', timestamp: 1_700_000_000_000 }));
        if (!('computed' in record)) throw new Error(`refused: ${id} ${record.message}`);
        expect([String(record.seq), record.jobId, record.type, String(record.timeMs)]).toEqual([
          String(seq),
          id,
          'RETRY',
          '1700000000000',
        ]);
        expect(record.computed).toBe(record.stored);
        expect(record.asWritten).toBe(true);
      }
    }
  });

  it('takes what the system takes: keys in other case and order, twice, unknown; null or missing for zero', () => {
    for (const text of [
      '{"SEQ":1,"Type":"ENQUEUE","JOB_ID":"job-1","timestamp":1700000000000,"checksum":2912206775}',
      '{"checksum":2912206775,"job_id":"job-1","type":"ENQUEUE","seq":1,"extra":{"a":[1]}}',
      '{"seq":2,"seq":1,"type":"ENQUEUE","job_id":"job-1","checksum":2912206775}',
      '{"seq":1,"seq":null,"type":"ENQUEUE","job_id":"job-1","timestamp":null,"checksum":2912206775}',
      ' {"seq": 1, "type": "ENQUEUE", "job_id": "job-1", "timestamp": 5, "checksum": 2912206775 } ',
      '{"\u017feq":1,"type":"ENQUEUE","job_id":"job-1","timestamp":5,"chec\u212asum":2912206775}',
      '{"seq":1,"type":"ENQUEUE","job_id":"j\\u006fb-1","timestamp":5,"checksum":2912206775}',
    ]) {
      expect(parse(text)).toMatchObject({
        seq: 1,
        type: 'ENQUEUE',
        jobId: 'job-1',
        computed: 2912206775,
        stored: 2912206775,
      });
    }
    expect(parse('{"seq":0,"type":"","job_id":"","timestamp":0,"checksum":3523407757}')).toMatchObject({
      computed: 3523407757,
      stored: 3523407757,
    });
    expect(parse('{"seq":1,"type":"ENQUEUE","job_id":"\\ud83d","timestamp":1,"checksum":1}')).toMatchObject({
      jobId: '\ufffd',
    });
  });

  it('refuses what the system refuses, and names the field, what it holds and what it should', () => {
    const withField = (name: string, value: string) =>
      `{"seq":1,"type":"ENQUEUE","job_id":"job-1","timestamp":1,"checksum":2912206775,"${name}":${value}}`;
    for (const [name, value] of [
      ['seq', '-1'],
      ['seq', '1.0'],
      ['seq', '1e0'],
      ['seq', '"1"'],
      ['seq', '18446744073709551616'],
      ['seq', '[1]'],
      ['type', '7'],
      ['job_id', '7'],
      ['job_id', '{}'],
      ['timestamp', '9223372036854775808'],
      ['timestamp', '1.5'],
      ['checksum', '4294967296'],
      ['checksum', '-1'],
      ['checksum', '"1"'],
    ] as const) {
      const refused = parse(withField(name, value));
      expect([name, value, refused]).toEqual([
        name,
        value,
        expect.objectContaining({ code: 'E_LOG_FIELD', cutOff: false }),
      ]);
      expect(JSON.stringify(refused)).toContain(name);
      expect(refused).toHaveProperty('expected');
    }
    expect(parse('{}')).toMatchObject({ message: 'the record has no seq, type, job_id, timestamp, checksum' });
    expect(parse('{"seq":1}')).toMatchObject({
      code: 'E_LOG_FIELD',
      message: 'the record has no type, job_id, timestamp, checksum',
    });
    for (const text of ['null', '[]', '1', '"x"'])
      expect(parse(text)).toMatchObject({ code: 'E_LOG_GARBAGE', got: text });
    expect(parse('\ufeff{}')).toMatchObject({ code: 'E_LOG_GARBAGE' });
    expect(parse('{"job_id":"raw\ttab"}')).toMatchObject({ code: 'E_LOG_GARBAGE', cutOff: false });
    expect(parse(`{"seq":${'['.repeat(100_000)}`)).toMatchObject({ code: 'E_LOG_GARBAGE', cutOff: false });
    expect(parse('{"seq":007,"type":"ACK","job_id":"x","timestamp":1,"checksum":1}')).toMatchObject({
      code: 'E_LOG_GARBAGE',
    });
  });

  it('calls every proper beginning of a record cut off, and nothing else', () => {
    for (const whole of [line({ seq: 306, id: 'full-00305' }), line({ seq: 9, id: 'ü\u2028"<' })]) {
      const bytes = Buffer.from(whole);
      for (let cut = 1; cut < bytes.length; cut++) {
        const part = parseWalRecord(bytes, 0, cut);
        expect([cut, part]).toEqual([cut, expect.objectContaining({ cutOff: true })]);
      }
    }
    for (const text of ['x', '{"seq":1,]', '{"seq":1}}', '[1', '"a'])
      expect(parse(text)).not.toMatchObject({ cutOff: true });
  });

  it('finds every single flipped bit outside the timestamp', () => {
    const bytes = Buffer.from(line({ seq: 41, id: 'job-41', type: 'DISPATCH', timestamp: 1_763_846_477_123 }));
    const from = bytes.indexOf('"timestamp":') + 12;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      if (bit >= from * 8 && bit < (from + 13) * 8) continue;
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8((bytes[bit >> 3] as number) ^ (1 << (bit & 7)), bit >> 3);
      const record = parseWalRecord(flipped, 0, flipped.length);
      const sound = 'computed' in record && record.computed === record.stored;
      // A key whose case flipped still reads, as in the system; it shows as a form the system does not write.
      if (sound) expect([bit, record.asWritten]).toEqual([bit, false]);
    }
  });
});
