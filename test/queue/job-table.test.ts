import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { FreshJob } from '../../src/queue/state/fresh-job.ts';
import { hashOfText } from '../../src/queue/state/id-hash.ts';
import type { Job } from '../../src/queue/state/job.ts';
import { JobTable } from '../../src/queue/state/job-table.ts';
import { sharedOptions } from '../../src/queue/state/options.ts';

const options = sharedOptions({ ...enqueueDefaults, name: 'job' });
let seq = 0;
const job = (id: string): Job => new FreshJob(id, ++seq, options, undefined, 0);

/** The digits of a number, in a row of characters that begins with `zero`. */
function digitsFrom(zero: number, number: number): string {
  return [...`${number}`].map((digit) => String.fromCharCode(zero + Number(digit))).join('');
}

/** From good to one that puts all ids into the same slot. */
const hashes: Record<string, (id: string) => number> = {
  'the hash in use': hashOfText,
  'eight hashes for all': (id) => hashOfText(id) & 7,
  'one hash for all': () => -1,
};

const ids = fc.integer({ min: 0, max: 300 }).map((number) => `job-${number}`);
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: ids.map((id) => ['set', id] as const) },
    { weight: 4, arbitrary: ids.map((id) => ['delete', id] as const) },
    { weight: 2, arbitrary: ids.map((id) => ['get', id] as const) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3000 }).map((count) => ['many', count] as const) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3000 }).map((count) => ['drop', count] as const) },
  ),
  { maxLength: 60 },
);

describe('jobs by id', () => {
  it.each(Object.keys(hashes))('are what a Map would hold, in its order, with %s', (name) => {
    fc.assert(
      fc.property(steps, (list) => {
        const table = new JobTable(hashes[name]);
        const model = new Map<string, Job>();
        const put = (id: string): void => {
          const made = job(id);
          table.set(made);
          model.set(id, made);
        };
        let many = 0;
        for (const [what, value] of list) {
          if (what === 'set') put(value);
          else if (what === 'delete') expect(table.delete(value)).toBe(model.delete(value));
          else if (what === 'get') expect(table.get(value)).toBe(model.get(value));
          else if (what === 'many') for (let at = 0; at < value; at++) put(`of many ${many++}`);
          else for (const id of [...model.keys()].slice(0, value)) expect(table.delete(id)).toBe(model.delete(id));
          expect(table.size).toBe(model.size);
        }
        expect(table.list()).toEqual([...model.values()]);
        expect([...table.values()]).toEqual([...model.values()]);
        for (const [id, made] of model) if (table.get(id) !== made) throw new Error(`${id} is not found`);
        expect(table.get('nobody')).toBeUndefined();
      }),
      { numRuns: name === 'the hash in use' ? 60 : 15 },
    );
  });

  it('may be put and taken away while they are walked through', () => {
    const table = new JobTable();
    for (let at = 0; at < 5000; at++) table.set(job(`${at}`));
    const seen: string[] = [];
    for (const { id } of table.values()) {
      seen.push(id);
      table.delete(id);
    }
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, at) => `${at}`));
    expect(table.size).toBe(0);
    expect(table.list()).toEqual([]);
  });

  it('take no room for those that came and went', () => {
    const table = new JobTable();
    const before = process.memoryUsage();
    for (let at = 0; at < 400_000; at++) {
      table.set(job(`job ${at}`));
      if (at >= 100) table.delete(`job ${at - 100}`);
    }
    expect(table.size).toBe(100);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1_000_000);
    expect(table.list().map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, at) => `job ${399_900 + at}`));
  });

  it('are spread over the slots: ids in a row, random ones, and such as differ in one place', () => {
    const kinds: [string, (at: number) => string][] = [
      ['numbers', (at) => `job_${at}`],
      ['the first of four', (at) => `${String.fromCharCode(33 + (at % 90))}xyz${Math.floor(at / 90)}`],
      [
        'time and tail',
        (at) => `01977420-dc18-77da-8849-${(at * 2_654_435_761).toString(16).slice(-12).padStart(12, '0')}`,
      ],
      ['beyond ASCII', (at) => `ключ ${at} 🙂`],
      ['fullwidth digits', (at) => digitsFrom(0xff10, at)],
      ['digits of Chinese', (at) => [...`${at}`].map((digit) => '〇一二三四五六七八九'[Number(digit)]).join('')],
      ['Hangul', (at) => String.fromCharCode(0xac00 + (at % 11_000), 0xac00 + Math.floor(at / 11_000), 0xac01, 0xac02)],
    ];
    const slots = 1 << 16;
    for (const [name, idOf] of kinds) {
      const taken = new Set(Array.from({ length: slots / 2 }, (_, at) => hashOfText(idOf(at)) & (slots - 1)));
      // Chance alone leaves 1 - 1/sqrt(e) of them apart, 0.787 of half.
      expect(taken.size / (slots / 2), name).toBeGreaterThan(0.77);
    }
  });

  it('of one hash are found as quickly as in a Map', () => {
    const table = new JobTable(() => 1);
    const all = Array.from({ length: 50_000 }, (_, at) => job(`job ${at}`));
    const started = performance.now();
    for (const each of all) table.set(each);
    expect(all.filter((each) => table.get(each.id) !== each)).toEqual([]);
    for (const { id } of all.slice(0, 40_000)) table.delete(id);
    expect(all.slice(40_000).filter((each) => table.get(each.id) !== each)).toEqual([]);
    // Looking through all of them each time would be five thousand million steps.
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
