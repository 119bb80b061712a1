import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineSchema } from '../../src/cli/schema/kind.ts';
import { kinds } from '../../src/cli/schema/kinds.ts';
import { verifyPath } from '../../src/commands/verify.ts';
import { commands } from '../queue/model/commands.ts';
import { World } from '../queue/model/world.ts';
import { contextIn } from '../support/command-context.ts';
import { simEnv } from '../support/env.ts';
import { putFile } from '../support/sim-edit.ts';
import { contentOf, copy, exported, imported, source, storeOf } from './support.ts';

/** How often: WALQ_MODEL_RUNS=20000 finds more. */
const numRuns = Number(process.env.WALQ_MODEL_RUNS ?? 300);
const hour = 3_600_000;

const plan = fc.record({
  segmentBytes: fc.constantFrom(200, 200, 1500, 1024 * 1024),
  snapshots: fc.array(fc.record({ after: fc.nat({ max: 15 }), clean: fc.boolean() }), { maxLength: 5 }),
});
const place = fc.double({ min: 0, max: 1, noNaN: true });

const lines = kinds['wal.export']?.lines ?? [];
const fits = new Ajv2020({ strict: true, validateFormats: false }).compile(lineSchema('wal.export', lines, 'line'));

/** What an engine writes when all of this is asked of it. */
async function writesOf(script: Parameters<World['play']>[0]): Promise<(readonly Uint8Array[])[]> {
  const world = new World({ crashesMax: 2, groupLimit: Number.POSITIVE_INFINITY });
  await world.play(script);
  await world.quiesce();
  return world.frames.map(({ records }) => records);
}

describe('an export', () => {
  it(
    'of whatever an engine did makes the same store again: seqs, records, writes, state, and the same text',
    async () => {
      const types = new Set<string>();
      const seen = { whole: 0, withBase: 0, part: 0 };
      const property = fc.asyncProperty(commands, plan, fc.boolean(), place, place, async (script, how, part, a, b) => {
        const writes = await writesOf(script);
        const env = simEnv();
        await storeOf(env, writes, how);
        const whole = await exported(env, source);
        for (const [, type] of whole.text.matchAll(/"type":"(\w+)"/g)) types.add(type ?? '');
        const { seqFirst, seqLast } = whole.result;
        const range = part && seqLast > seqFirst ? rangeIn(seqFirst, seqLast, a, b) : undefined;
        const { text, result } =
          range === undefined ? whole : await exported(env, source, `${range.from}..${range.to}`).catch(beforeBase);
        if (text === '') return;
        seen[range !== undefined ? 'part' : result.base === undefined ? 'whole' : 'withBase']++;
        const made = await imported(env, text);
        expect(made.storeId).toBe(whole.result.storeId);
        expect((await exported(env, copy)).text).toBe(text);
        const there = await contentOf(env, copy);
        expect(there.state).toBe(result.stateHash);
        if (range === undefined) expect(there).toEqual(await contentOf(env, source));
        else expect(there.log.filter((line) => line.startsWith(`${range.from} `))).toHaveLength(1);
        for (const line of text.trimEnd().split('\n')) {
          expect({ line, fits: fits(JSON.parse(line)), why: fits.errors }).toEqual({ line, fits: true, why: null });
        }
        putFile(env.fs, '/t', Buffer.from(text));
        expect(await verifyPath(contextIn(env), '/t')).toMatchObject({ verdict: 'clean', findings: [] });
      });
      await fc.assert(property, { numRuns });
      if (numRuns < 100) return;
      expect(Math.min(...Object.values(seen))).toBeGreaterThan(5);
      expect([...types].sort()).toEqual([
        'ACK',
        'CANCEL',
        'DEAD',
        'DISPATCH',
        'ENQUEUE',
        'EXTEND',
        'LIMIT',
        'PAUSE',
        'PRUNE',
        'REMOVE',
        'RESUME',
        'RETRY',
        'SCHEDULE',
        'TIMEOUT',
        'UNSCHEDULE',
        'UPDATE',
      ]);
    },
    hour,
  );
});

function rangeIn(first: number, last: number, a: number, b: number): { from: number; to: number } {
  const at = (place: number): number => first + Math.floor(place * (last - first));
  return { from: Math.min(at(a), at(b)), to: Math.max(at(a), at(b)) };
}

/** Of a cleaned log, its first part has events and no state. */
function beforeBase(error: unknown): Awaited<ReturnType<typeof exported>> {
  expect(error).toMatchObject({ code: expect.stringMatching(/^E_(BEFORE_BASE|NO_BASE)$/) });
  return { text: '', result: {} as Awaited<ReturnType<typeof exported>>['result'] };
}
