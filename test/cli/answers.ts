import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { plainWords } from '../../src/cli/arguments.ts';
import { leavesOf } from '../../src/cli/leaves.ts';
import { buildProgram } from '../../src/cli/program.ts';
import type { Node } from '../../src/cli/schema/build.ts';
import { documentSchema, errorSchema, lineSchema } from '../../src/cli/schema/kind.ts';
import { kinds } from '../../src/cli/schema/kinds.ts';

/** Holds whatever a run of the command line answers in JSON against its schema. */

const ajv = new Ajv2020({ strict: true, strictRequired: true, allowUnionTypes: false, validateFormats: false });
const compiled = new Map<string, ValidateFunction>();

function validatorOf(kind: string, part: 'document' | 'line'): ValidateFunction | undefined {
  const schema = schemaOf(groups.has(kind) ? 'error' : kind, part);
  if (schema === undefined) return undefined;
  const key = String(schema.$id);
  const known = compiled.get(key) ?? ajv.compile(schema);
  compiled.set(key, known);
  return known;
}

function schemaOf(kind: string, part: 'document' | 'line'): Node | undefined {
  if (kind === 'error') return errorSchema(kind);
  const schemas = kinds[kind];
  if (part === 'document') return schemas && documentSchema(kind, schemas, kind);
  return schemas?.lines && lineSchema(kind, schemas.lines, kind);
}

const leaves = leavesOf(buildProgram({ kind: '' }));
/** Words that name no command: errors carry them. */
const groups = new Set(['walq', ...leaves.flatMap(({ kind }) => prefixesOf(kind))]);

function prefixesOf(kind: string): string[] {
  const words = kind.split('.');
  return words.slice(1).map((_, at) => words.slice(0, at + 1).join('.'));
}

/** 'wal.verify', of the words of a command line. */
export function kindOf(args: readonly string[]): string | undefined {
  const words = plainWords(args);
  return leaves.find(({ kind }) => kind.split('.').every((word, at) => words[at] === word))?.kind;
}

/** Commands that print lines of JSON unless told otherwise. */
const lineByLine = new Set(['queue.take', 'queue.export', 'wal.export']);

function asksForLines(args: readonly string[], kind: string): boolean {
  if (args.includes('--json') || args.includes('--to')) return false;
  const at = args.findIndex((arg) => ['-o', '--output', '--format'].includes(arg));
  const format = at < 0 ? args.find((arg) => /^(-o|--output=|--format=)./.test(arg)) : args[at + 1];
  return format === undefined ? lineByLine.has(kind) : format.endsWith('ndjson');
}

/** What was seen, by kind: 'wal.verify document', 'wal.verify error', 'wal.verify line'. */
export const seen = new Set<string>();

/** Of more lines than this only the first and the last few are looked at. */
const linesMax = 2000;
const charsMax = 16 * 1024 * 1024;

/** Fails on a JSON answer that does not fit its schema, or that has none. Anything else passes. */
export function checkAnswer(args: readonly string[], stdout: string, whole: boolean): void {
  if (stdout.startsWith('{"walq":1,"kind":') && stdout.length < charsMax) {
    const document = parsed(stdout);
    if (document !== undefined) {
      check(args, document, 'document');
      return;
    }
  }
  const kind = kindOf(args);
  if (kind === undefined || !stdout.startsWith('{') || !asksForLines(args, kind)) return;
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (!whole) lines.pop();
  const some = lines.length > linesMax ? [...lines.slice(0, linesMax), ...lines.slice(-10)] : lines;
  for (const line of some) check(args, JSON.parse(line), 'line', kind);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Several lines, or cut off: what it should have been is for the test to say.
    return undefined;
  }
}

function check(args: readonly string[], value: unknown, part: 'document' | 'line', ofLine?: string): void {
  const kind = ofLine ?? String((value as { kind: unknown }).kind);
  // A single line that ends others of which there are none looks like a document.
  const asLine = part === 'line' || asksForLines(args, kind);
  const validate = validatorOf(kind, asLine ? 'line' : 'document');
  if (validate === undefined) throw new Error(`walq ${args.join(' ')}: there is no schema of ${kind}`);
  const isError = part === 'document' && typeof value === 'object' && value !== null && 'error' in value;
  seen.add(`${kind} ${asLine ? 'line' : isError ? 'error' : 'document'}`);
  if (validate(value)) return;
  const faults = (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath || '/'} ${message} ${JSON.stringify(params)}`;
  });
  const shown = JSON.stringify(value, undefined, 1).slice(0, 4000);
  throw new Error(
    `walq ${args.join(' ')}: its answer does not fit the schema of ${kind}:\n${faults.join('\n')}\n${shown}`,
  );
}
