import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCodes } from '../../src/formats/codes.ts';
import { detectFormat, foreignFormats } from '../../src/formats/registry.ts';
import { detectBytes } from '../../src/formats/types.ts';
import { sourceOf } from '../support/source.ts';
import { line, log, range } from './raft-encoder.ts';

const detect = (content: string | Uint8Array): string | undefined =>
  detectFormat(Buffer.from(content).subarray(0, detectBytes))?.name;

describe('detectFormat', () => {
  it('knows each format by its content', () => {
    expect(detect(log(range(1, 3)))).toBe('raft-recovery-wal');
    expect(detect('[seq=1] ENQUEUE job_1\n')).toBe('document-log');
    expect(detect('{"jobs":{},"schema_ver":1,"last_seq":3}')).toBe('raft-recovery-snapshot');
    expect(detect('{"schema_ver":2,"last_seq":3,"jobs":{}}')).toBe('raft-recovery-snapshot');
    expect(detect('{"Jobs": {"job_1": {"Status": "completed"}}, "LastSeq": 3}')).toBe('document-snapshot');
    expect(detect('{\n  "LastSeq": 3,\n  "Jobs": {}\n}')).toBe('document-snapshot');
    expect(detect('{"jobs":{"a":{"id"')).toBe('raft-recovery-snapshot');
  });

  it('knows a log whose beginning is damaged, torn, or written by something else', () => {
    for (const text of [
      `garbage\n${log([1])}`,
      '\0'.repeat(4096) + log([1]),
      `\ufeff${log([1])}`,
      `\r\n${log([1]).replace('\n', '\r\n')}`,
      line({ seq: 1 }).slice(0, 20),
      '{"seq":1}\n',
      '{"SEQ":1,"Type":"ENQUEUE","JOB_ID":"a","timestamp":1,"checksum":2}\n',
      '{"checksum":1, "extra":2, "seq":3}\n',
    ]) {
      expect([text.slice(0, 30), detect(text)]).toEqual([text.slice(0, 30), 'raft-recovery-wal']);
    }
    expect(detect('\ufeff[seq=1] ENQUEUE a\n')).toBe('document-log');
    expect(detect(`rubbish\n[seq=2] ACK a\n`)).toBe('document-log');
  });

  it('knows a log of which only its first write is there, and not whole', () => {
    const [raft, text] = [line({ seq: 1 }), '[seq=1] ENQUEUE a'];
    for (let cut = 3; cut < raft.length; cut++)
      expect([cut, detect(raft.slice(0, cut))]).toEqual([cut, 'raft-recovery-wal']);
    for (let cut = 2; cut < text.length; cut++)
      expect([cut, detect(text.slice(0, cut))]).toEqual([cut, 'document-log']);
    expect(detect(`${'\0'.repeat(30)}${raft.slice(30)}\n`)).toBe('raft-recovery-wal');
  });

  it('takes nothing else for one of them', () => {
    for (const text of [
      '',
      '\n\n',
      '\0\0\0\0',
      'hello\n',
      '{}',
      '[]',
      '[{"id":"a","payload":{}}]',
      '{"id":"a","payload":{"seq":1}}',
      '{"seq":1,"type":"ENQUEUE","job":"a","payload":{}}\n',
      '{"job":{"jobs":1}}',
      '{"',
      '[',
      '[s, t]',
      'seq=1 ENQUEUE a',
      'text [seq=1] ENQUEUE a',
    ]) {
      expect([text, detect(text)]).toEqual([text, undefined]);
    }
  });
});

describe('every reader', () => {
  const fragments = fc.constantFrom(
    ...[
      ...log([1, 2, 3]).split('\n'),
      '{"seq":2,"ty',
      '[seq=1] ENQUEUE a',
      '[seq=2] A',
      '\n',
      '\n',
      '\r\n',
      '\0\0',
      '\ufeff',
    ],
    ...[
      '{"jobs":{',
      '"a":{"id":"a","status":"dead"}',
      '},',
      '"schema_ver":1',
      '{"Jobs":{"a":{"Status":"dead"}}',
      '}',
      ',',
      '"',
    ],
    ...['{"seq":18446744073709551616', '{"seq":-1}', '{"seq":1.5}', '{"__proto__":1}', '\u001b[2J', '[[[[', 'x'],
  );
  const content = fc.oneof(
    fc.array(fragments, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );

  it('reads any bytes to the end without throwing, the same in any chunks, with counts that agree', async () => {
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.integer({ min: 1, max: 64 }),
        fc.constantFrom(...foreignFormats),
        async (bytes, chunk, format) => {
          let visited = 0;
          const visit = (): void => {
            visited++;
          };
          const whole = await format.read(sourceOf(bytes), 'x', { visit });
          const cut = await format.read(sourceOf(bytes, { step: chunk }), 'x', {});
          if (format.kind === 'log') expect(cut).toEqual(whole);
          else expect({ ...cut, bytes: 0 }).toEqual({ ...whole, bytes: 0 });
          expect('records' in whole ? whole.records : whole.jobs).toBe(visited);
          for (const finding of whole.findings) {
            expect(finding.offset ?? 0).toBeLessThanOrEqual(bytes.length);
            expect(finding.end ?? bytes.length).toBeLessThanOrEqual(bytes.length);
            expect(`${finding.message}${finding.got ?? ''}`).not.toMatch(/\p{Cc}/u);
          }
          if ('records' in whole) {
            expect(whole.recordsBeforeDamage + whole.recordsAfterDamage + whole.recordsGlued).toBe(whole.records);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('accounts for every byte of a log that is not in a sound record: a finding covers it', async () => {
    const format = detectFormat(Buffer.from(log([1])));
    if (format?.kind !== 'log') throw new Error('not detected');
    await fc.assert(
      fc.asyncProperty(fc.array(fragments, { maxLength: 20 }), async (parts) => {
        const bytes = Buffer.from(parts.join(''));
        const covered = new Uint8Array(bytes.length);
        const visit = (event: { offset: number; end: number }): void => {
          covered.fill(1, event.offset, event.end);
        };
        const { findings } = await format.read(sourceOf(bytes), 'x', { visit });
        for (const { offset, end } of findings)
          if (offset !== undefined && end !== undefined) covered.fill(1, offset, end);
        for (const [at, byte] of bytes.entries()) {
          if (covered[at] === 0) expect(['\n', '\r', ' ']).toContain(String.fromCharCode(byte));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('codes', () => {
  it('each one that a reader can report is explained', () => {
    const folder = new URL('../../src/formats/', import.meta.url);
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const used = new Set<string>();
    for (const name of sources) {
      if (name === 'codes.ts') continue;
      for (const [code] of readFileSync(new URL(name, folder), 'utf8').matchAll(/\bE_[A-Z_]+\b/g)) used.add(code);
    }
    const known = new Set(Object.keys(formatCodes));
    // JSON errors are turned into findings; a missing number has the code it has in walq's own logs.
    const elsewhere = ['E_JSON', 'E_JSON_DEPTH', 'E_GAP'];
    expect([...used].filter((code) => !known.has(code) && !elsewhere.includes(code))).toEqual([]);
    expect([...known].filter((code) => !used.has(code))).toEqual([]);
  });
});
