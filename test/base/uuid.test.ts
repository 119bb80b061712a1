import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { UuidSource } from '../../src/base/uuid.ts';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('carries the milliseconds, version 7 and the variant', () => {
  const source = new UuidSource((buffer) => buffer.fill(0xff));
  const id = source.next(0x0190_1234_5678);
  expect(id).toMatch(form);
  expect(id.startsWith('01901234-5678-7')).toBe(true);
});

test('ids ascend whatever the clock does, also when the random bits are all ones or all zeros', () => {
  void fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0x00, 0xff, 0xa5),
      (times, fill) => {
        const source = new UuidSource((buffer) => buffer.fill(fill));
        const ids = times.map((now) => source.next(now));
        for (const id of ids) expect(id).toMatch(form);
        expect([...ids].sort()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
      },
    ),
  );
});
