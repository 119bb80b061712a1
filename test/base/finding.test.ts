import { describe, expect, it } from 'vitest';
import { describeFinding, type Finding, findingError } from '../../src/base/finding.ts';

const whole: Finding = {
  code: 'E_PAYLOAD',
  severity: 'corrupt',
  file: 'wal/1.wal',
  offset: 4096,
  seqFirst: 41,
  seqLast: 44,
  message: 'payload checksum mismatch',
  got: '1a2b3c4d',
  expected: '99ffee00',
};
const bare: Finding = {
  code: 'E_STORE_BAD',
  severity: 'corrupt',
  file: 'STORE.json',
  message: 'STORE.json is damaged',
};

describe('the words of a finding', () => {
  it('say what, where, got and expected', () => {
    expect(describeFinding(whole)).toBe(
      'wal/1.wal: payload checksum mismatch at offset 4096 (seq 41..44), got 1a2b3c4d, expected 99ffee00',
    );
  });

  it('leave out what is not known', () => {
    expect(describeFinding(bare)).toBe('STORE.json: STORE.json is damaged');
    expect(describeFinding({ ...bare, seqFirst: 7, seqLast: 7 })).toBe('STORE.json: STORE.json is damaged (seq 7)');
  });
});

describe('findings as an error', () => {
  it('are the worst one, with its code, and how many others are as bad', () => {
    const note: Finding = { ...bare, code: 'E_LEFTOVER', severity: 'note' };
    const error = findingError([note, bare, whole], { subject: 'store s is corrupt', next: 'walq wal verify s' });
    expect(error).toMatchObject({ code: 'E_STORE_BAD', exit: 3, data: { finding: bare }, next: 'walq wal verify s' });
    expect(error.message).toBe('store s is corrupt: STORE.json: STORE.json is damaged, and 1 more');
  });

  it('of a newer format exit 5', () => {
    const newer: Finding = { ...bare, code: 'E_NEWER_FORMAT', severity: 'newer' };
    expect(findingError([newer])).toMatchObject({ code: 'E_NEWER_FORMAT', exit: 5 });
  });
});
