import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText, excerpt } from '../../src/base/escape.ts';

describe('escapeText', () => {
  it('keeps printable text of every script, emoji and their joiners', () => {
    for (const text of ['job-1', 'Größe', '任务', 'नमस्ते', '👩‍👩‍👧', 'a\\b', '"quoted"', 'C:\\x']) {
      expect(escapeText(text)).toBe(text);
    }
  });

  it('shows controls, DEL and C1 as \\xNN', () => {
    expect(escapeText('a\u0000\t\r\n\u001b[31m\u007f\u009b')).toBe('a\\x00\\x09\\x0d\\x0a\\x1b[31m\\x7f\\x9b');
  });

  it('shows separators, bidi marks, invisible characters and lone surrogates as \\u{N}', () => {
    expect(escapeText('\u2028\u2029')).toBe('\\u{2028}\\u{2029}');
    expect(escapeText('\u202eevil\u2066\u200f\u061c')).toBe('\\u{202e}evil\\u{2066}\\u{200f}\\u{61c}');
    expect(escapeText('\ufeffx\u200b')).toBe('\\u{feff}x\\u{200b}');
    expect(escapeText('\ud83d!\ude80')).toBe('\\u{d83d}!\\u{de80}');
    expect(escapeText('\u{e0041}')).toBe('\\u{e0041}');
  });

  it('escapes every code point of the dangerous planes, and never a pair that makes one character', () => {
    for (let code = 0; code < 0xa0; code++) {
      const safe = escapeText(String.fromCodePoint(code));
      expect(safe).toMatch(/^[\x20-\x7e]+$/);
    }
    expect(escapeText('\u{1f680}')).toBe('\u{1f680}');
  });

  it('is idempotent and leaves nothing a terminal acts on, whatever the text', () => {
    const units = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(fc.oneof(units, fc.string({ unit: 'binary' })), (text) => {
        const safe = escapeText(text);
        expect(escapeText(safe)).toBe(safe);
        expect(safe).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_C}]/u);
      }),
      { numRuns: 500 },
    );
  });
});

describe('excerpt', () => {
  it('leaves short text whole and cuts long text with an ellipsis', () => {
    expect(excerpt('job-1')).toBe('job-1');
    expect(excerpt('x'.repeat(1_000_000), 5)).toBe('xxxxx…');
    expect(excerpt('\u0000\u0000\u0000', 6)).toBe('\\x00\\x…');
  });
});
