import { type AnySchema, constant, either, type Members, type Node, object, render, text } from './build.ts';
import { exit, failure } from './shared.ts';

/** What a command answers, for a program that reads it. */
export interface KindSchemas {
  /** Members beside `walq` and `kind`, of each form that the one document of `--json` may have. */
  answers: readonly Members[];
  /** Of a line of `-o ndjson`, or of what else the command prints line by line. */
  lines?: readonly AnySchema[];
}

export type Kinds = Readonly<Record<string, KindSchemas>>;

const walq = constant(1, 'version of the shape: within it members are only added');

/** A document, or the line of `-o ndjson` that ends the others. */
export function document(kind: string, members: Members): AnySchema {
  return object({ walq, kind: constant(kind, 'what this is an answer of'), ...members });
}

/** The line that ends the others, where they are what was asked for and it says the rest. */
export function summaryLine(kind: string, members: Members): AnySchema {
  return document(kind, { summary: object({ ...members, exit }, 'what the lines were about') });
}

const draft = 'https://json-schema.org/draft/2020-12/schema';

const head = (id: string, title: string): Node => ({ $schema: draft, $id: `urn:walq:1:${id}`, title });

/** Of the one document, errors included. */
export function documentSchema(kind: string, { answers }: KindSchemas, title: string): Node {
  const forms = [...answers.map((members) => document(kind, members)), document(kind, { error: failure })];
  return render(head(kind, title), either(forms));
}

/** Of one line. */
export function lineSchema(kind: string, lines: readonly AnySchema[], title: string): Node {
  return render(head(`${kind}:line`, title), lines.length === 1 && lines[0] ? lines[0] : either([...lines]));
}

/** Of the answer to words in which no command could be found: then only the error is known. */
export function errorSchema(title: string): Node {
  const members = {
    walq,
    kind: text('the command as far as it was understood, with dots; walq where nothing was'),
    error: failure,
  };
  return render(head('error', title), object(members));
}
