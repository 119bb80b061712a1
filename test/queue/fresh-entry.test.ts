import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { FreshEntry, partsOf } from '../../src/queue/state/fresh-entry.ts';
import { FreshJob } from '../../src/queue/state/fresh-job.ts';
import type { JobOptions } from '../../src/queue/state/job.ts';
import { encodeJob } from '../../src/queue/state/job-codec.ts';

const kinds = fc.array(
  fc.record<JobOptions>({
    name: fc.constantFrom(enqueueDefaults.name, 'mail', 'é', 'n'.repeat(200)),
    priority: fc.constantFrom(0, -1, 1_000_000),
    maxAttempts: fc.constantFrom(3, 1),
    timeoutMs: fc.constantFrom(0, 30_000),
    backoff: fc.constantFrom(enqueueDefaults.backoff, 'none'),
    command: fc.constant(undefined),
    group: fc.constantFrom('', 'g', '日本', 'x'.repeat(128)),
  }),
  { minLength: 1, maxLength: 3 },
);
const jobs = fc.array(
  fc.record({
    kind: fc.nat(2),
    id: fc.stringMatching(/^[!-~]{1,127}$/),
    payload: fc.constantFrom(
      undefined,
      '',
      '1',
      '"\u00c3\u00a9"',
      'x'.repeat(127),
      'x'.repeat(128),
      Buffer.from('"é"'),
    ),
    createdAt: fc.constantFrom(0, 1, 1_764_000_000_000, Number.MAX_SAFE_INTEGER),
    seq: fc.constantFrom(1, 127, 128, Number.MAX_SAFE_INTEGER),
  }),
  { minLength: 1, maxLength: 8 },
);

test('the entry of a fresh job, written in place, has the bytes of its entry', () => {
  void fc.assert(
    fc.property(kinds, jobs, (options, list) => {
      const entry = new FreshEntry();
      for (const { kind, id, payload, createdAt, seq } of list) {
        const job = new FreshJob(id, seq, options[kind % options.length] as JobOptions, payload, createdAt);
        const { entryBytesMax } = entry.of(job, partsOf(job.options));
        const target = Buffer.alloc(7 + entryBytesMax, 0xff);
        const end = entry.writeEntry(target, 7);
        expect(end).toBeLessThanOrEqual(target.length);
        expect(target.subarray(7, end)).toEqual(Buffer.from(encodeJob(job)));
        expect(target.subarray(0, 7).every((byte) => byte === 0xff)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
