import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { kindsApart, leavesOf } from '../../src/cli/leaves.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { documentSchema, errorSchema, lineSchema } from '../../src/cli/schema/kind.ts';
import { kinds } from '../../src/cli/schema/kinds.ts';
import { checkAnswer } from './answers.ts';
import { walq } from './run-walq.ts';

const all = [
  ...Object.entries(kinds).flatMap(([kind, schemas]) => [
    { name: kind, schema: documentSchema(kind, schemas, kind) },
    ...(schemas.lines ? [{ name: `a line of ${kind}`, schema: lineSchema(kind, schemas.lines, kind) }] : []),
  ]),
  { name: 'error', schema: errorSchema('error') },
];

/** Members without a word about them, by their paths. */
function silent(schema: unknown, path = ''): string[] {
  if (Array.isArray(schema)) return schema.flatMap((each, at) => silent(each, `${path}/${at}`));
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    const below = silent(value, `${path}/${key}`);
    if (key !== 'properties') return below;
    const mute = Object.entries(value as object).filter(([, of]) => !('description' in of || '$ref' in of));
    return [...mute.map(([name]) => `${path}/${key}/${name}`), ...below];
  });
}

function objectsIn(schema: unknown): Record<string, unknown>[] {
  if (Array.isArray(schema)) return schema.flatMap(objectsIn);
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? [schema as Record<string, unknown>] : [];
  return [...own, ...Object.values(schema).flatMap(objectsIn)];
}

describe('the schemas', () => {
  it('are one for each command that can be given, and for what is not called as a command is', () => {
    const commands = leavesOf(buildProgram({ kind: '' })).map(({ kind }) => kind);
    expect([...Object.keys(kinds), 'error'].sort()).toEqual([...commands, ...Object.keys(kindsApart)].sort());
  });

  it.each(all)('$name is a schema, by the strict rules of a validator', ({ schema }) => {
    const ajv = new Ajv2020({ strict: true, strictRequired: true, validateFormats: false });
    expect(ajv.validateSchema(schema)).toBe(true);
    expect(() => ajv.compile(schema)).not.toThrow();
  });

  it.each(all)('$name says of every member what it is', ({ schema }) => {
    expect(silent(schema)).toEqual([]);
  });

  it('are of documents that all say the exit code, errors within themselves', () => {
    const mute = Object.entries(kinds).flatMap(([kind, { answers }]) =>
      answers.some((members) => !('exit' in members || 'error' in members)) ? [kind] : [],
    );
    expect(mute).toEqual([]);
  });

  it.each(all)('$name allows no member that it does not name', ({ schema }) => {
    expect(objectsIn(schema).filter((each) => each.additionalProperties !== false)).toEqual([]);
  });
});

describe('walq schema', () => {
  it('lists all kinds, a line each', async () => {
    const { code, stdout } = await walq(['schema']);
    expect(code).toBe(0);
    const listed = stdout.split('\n').flatMap((line) => /^[a-z][a-z.-]+/.exec(line)?.[0] ?? []);
    expect(listed.sort()).toEqual([...Object.keys(kinds), 'error'].sort());
  });

  it('prints the schema of a kind, by its name or by the words of the command', async () => {
    const { stdout } = await walq(['schema', 'wal.verify']);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
    expect((await walq(['schema', 'wal', 'verify'])).stdout).toBe(stdout);
    const answer = await walq(['schema', 'wal.verify', '--json']);
    expect(JSON.parse(answer.stdout)).toEqual({ walq: 1, kind: 'schema', schema: JSON.parse(stdout), exit: 0 });
  });

  it('prints the schema of a line', async () => {
    const { stdout } = await walq(['schema', 'queue.export', '--lines']);
    expect(JSON.parse(stdout)).toMatchObject({ $id: 'urn:walq:1:queue.export:line' });
    const { code, stderr } = await walq(['schema', 'wal.stats', '--lines']);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('wal.stats has no lines') });
  });

  it('names near ones where there is no such kind', async () => {
    const { code, stderr } = await walq(['schema', 'wal.verfy']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no kind of document 'wal\.verfy'; near ones: wal\.verify.*\[E_UNKNOWN_KIND\]/);
    expect(stderr).toContain('walq schema wal.verify');
  });
});

describe('an answer that does not fit', () => {
  const hash = { walq: 1, kind: 'wal.state-hash', target: { kind: 'store', path: 's' }, seq: 1, stateHash: 'ab' };
  const good = { ...hash, verdict: 'clean', findings: [], exit: 0 };
  const check = (document: object) => () =>
    checkAnswer(['wal', 'state-hash', '--json'], JSON.stringify(document), true);

  it('fails the test that it is seen in', () => {
    expect(check(good)).not.toThrow();
    expect(check({ ...good, extra: 1 })).toThrow(/extra/);
    expect(check({ ...good, seq: undefined })).toThrow(/seq/);
    expect(check({ ...good, exit: 8 })).toThrow(/exit/);
    expect(check({ ...good, kind: 'wal.nothing' })).toThrow('no schema of wal.nothing');
  });

  it('may be an error, of any command', () => {
    const error = { code: 'E_USAGE', message: 'm', data: { any: 1 }, next: 'n', exit: 2 };
    expect(check({ walq: 1, kind: 'wal.state-hash', error })).not.toThrow();
    expect(check({ walq: 1, kind: 'queue.dead', error })).not.toThrow();
    expect(check({ walq: 1, kind: 'wal.state-hash', error: { ...error, exit: undefined } })).toThrow(/exit/);
  });
});
