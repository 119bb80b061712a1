import { parseExported } from '../../../src/commands/queue/import.ts';
import { type InputJob, readJobs, readLines } from '../../../src/commands/queue/job-input.ts';
import { readConfig } from '../../../src/commands/queue/run-config.ts';
import { decodeEvent, encodeEvent } from '../../../src/queue/events/events.ts';
import { parseJobSpec } from '../../../src/queue/ops/parse-spec.ts';
import { enqueueEvent, type JobSpec } from '../../../src/queue/ops/spec.ts';
import { simEnv } from '../../support/env.ts';
import type { Prng } from '../../support/seeded-random.ts';
import { putFile } from '../../support/sim-edit.ts';
import { bytesOfText, hostileWords, jsonWords, must, type Target } from '../target.ts';

/** What users put in: jobs and settings. */

const limits = { payloadBytesMax: 1024 * 1024, attempts: 3 };
const keys = [
  'id',
  'name',
  'payload',
  'timeout_ms',
  'timeout',
  'delay',
  'at',
  'attempts',
  'priority',
  'backoff',
  'command',
];
const moreKeys = ['group', 'key', 'key_mode', 'key_ttl', 'after', 'expire', 'state', 'was'];
const jobWords = [...[...keys, ...moreKeys].map((key) => `"${key}":`), '"1h"', '"a"', '["a"]', ...jsonWords];

function job(random: Prng): string {
  const fields: Record<string, unknown> = { id: `j${random.below(99)}`, name: 'mail', payload: { n: [1, 'x', null] } };
  if (random.chance(0.3)) Object.assign(fields, { timeout: '30s', attempts: 5, priority: -3, backoff: 'fixed:1s' });
  if (random.chance(0.3))
    Object.assign(fields, { key: 'k', key_mode: 'skip', key_ttl: '1h', group: 'g', after: ['a'] });
  if (random.chance(0.3)) Object.assign(fields, { at: '2026-09-01T03:00:00Z', expire: '10m', command: ['ls', '-l'] });
  return JSON.stringify(fields);
}

function jobs(random: Prng): Uint8Array {
  const texts = Array.from({ length: 1 + random.below(4) }, () => job(random));
  return bytesOfText(random.pick([`[${texts.join(', ')}]`, `${texts.join('\n')}\n`, texts.join(' \n\n{'.slice(0, 3))]));
}

/** Everything that the records of a stream become, in chunks of this size. */
async function taken(bytes: Uint8Array, step: number, parse: (text: string) => JobSpec): Promise<unknown[]> {
  const found: unknown[] = [];
  const bad = (error: Error) => void found.push(error.message);
  for await (const some of readJobs(chunks(bytes, step), { file: 'x', parse, bad, byLine: false })) found.push(...some);
  return found;
}

async function* chunks(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.slice(at, at + step);
}

/** What a job becomes in the log; refused in words, or it comes back from its record. */
function recordOf(spec: JobSpec): void {
  const event = enqueueEvent(spec, spec.id ?? 'made', 1_700_000_000_000, limits);
  const again = decodeEvent(Uint8Array.from(encodeEvent(event)));
  must(again.id === event.id && again.type === 'ENQUEUE' && again.name === event.name, 'a job does not come back');
  if (event.payload !== undefined) JSON.parse(Buffer.from(event.payload).toString());
}

function asJob(text: string): JobSpec {
  const spec = parseJobSpec(text, { allowCommands: true });
  recordOf(spec);
  return spec;
}

const jobsTarget: Target = {
  name: 'job-input',
  sample: jobs,
  words: jobWords,
  async parse(bytes) {
    return await taken(bytes, 64, asJob);
  },
};

const importTarget: Target = {
  name: 'queue-export',
  sample: (random) => {
    const states = ['pending', 'in_flight', 'completed', 'dead'];
    return bytesOfText(`${job(random).slice(0, -1)},"state":"${random.pick(states)}","was":{"attempt":2}}`);
  },
  words: jobWords,
  parse(bytes) {
    const { spec, state } = parseExported(Buffer.from(bytes).toString(), true);
    recordOf(spec);
    return { spec, state };
  },
};

const linesTarget: Target = {
  name: 'job-lines',
  sample: (random) => bytesOfText('one\ntwo\r\n\nthree'.repeat(1 + random.below(3))),
  words: ['\n', '\r', '\u0080', ...hostileWords],
  async parse(bytes) {
    const read = async (step: number) => {
      const found: InputJob[] = [];
      const refused: string[] = [];
      const bad = (error: Error) => void refused.push(error.message);
      for await (const some of readLines(chunks(bytes, step), { file: 'x', bad })) found.push(...some);
      return { found, refused };
    };
    const whole = await read(64 * 1024);
    must(JSON.stringify(whole) === JSON.stringify(await read(7)), 'lines depend on how the bytes arrive');
    for (const { spec } of whole.found) recordOf(spec);
    return whole;
  },
};

const configTarget: Target = {
  name: 'config',
  sample: (random) => bytesOfText(`exec: "cat"\nworkers: ${random.below(9)}\ntask_timeout: 30s\n# note\ngrace: 5s\n`),
  words: [
    '- ',
    ': ',
    '\n',
    '  ',
    '&a ',
    '*a',
    '<<: *a',
    '[',
    '{',
    '!!binary ',
    '!!js/function ',
    '|',
    '>',
    '---\n',
    '%YAML 9.9\n',
  ].concat(hostileWords),
  async parse(bytes) {
    const { fs } = simEnv();
    putFile(fs, '/c.yaml', bytes);
    const found = await readConfig({ fs, pipe: () => chunks(bytes, 100) }, '/c.yaml');
    must(Object.getPrototypeOf(found) === Object.prototype, 'a file of settings changed a prototype');
    return Object.keys(found);
  },
};

export const inputTargets: readonly Target[] = [jobsTarget, importTarget, linesTarget, configTarget];
