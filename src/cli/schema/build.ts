/**
 * JSON Schema (draft 2020-12), as much of it as walq's answers need. A `Schema<T>` accepts every value of type T, and
 * the compiler holds it to that: a type that gains a member, or a word, does not compile until its schema has it too.
 */

export type Node = { readonly [keyword: string]: unknown };

export interface Schema<in T> {
  readonly node: Node;
  /** Never there: it is what T means to the compiler. */
  readonly accepts?: (value: T) => void;
}

/** Whatever it accepts. */
export type AnySchema = Schema<never>;

/** A member that may be missing. */
export interface Optional<in T> {
  readonly optional: Schema<T>;
}

/** Members of an object, of which nothing is known but what stands there. */
export type Members = Readonly<Record<string, AnySchema | Optional<never>>>;

/** The members that an object of type T has, each with a schema that takes what the type allows. */
export type MembersOf<T> = {
  readonly [K in keyof T]-?: MayMiss<T, K> extends true ? Optional<Exclude<T[K], undefined>> : Schema<T[K]>;
};

type MayMiss<T, K extends keyof T> = undefined extends T[K]
  ? true
  : Record<never, never> extends Pick<T, K>
    ? true
    : false;

const plain = (type: string, description: string, more: Node = {}): Node => ({ type, description, ...more });

export function text(description: string): Schema<string> {
  return { node: plain('string', description) };
}

export function oneOf<const T extends string | number>(allowed: readonly T[], description: string): Schema<T> {
  const type = typeof allowed[0] === 'number' ? 'integer' : 'string';
  return { node: plain(type, description, { enum: allowed }) };
}

/** 0 or more: counts, bytes, seqs. */
export function whole(description: string): Schema<number> {
  return { node: plain('integer', description, { minimum: 0 }) };
}

/** Also below 0: times before 1970, priorities. */
export function integer(description: string): Schema<number> {
  return { node: plain('integer', description) };
}

export function decimal(description: string): Schema<number> {
  return { node: plain('number', description) };
}

export function flag(description: string): Schema<boolean> {
  return { node: plain('boolean', description) };
}

/** JSON of the user's own: a payload, a result. */
export function anything(description: string): Schema<unknown> {
  return { node: { description } };
}

/** An object of which other people say what is in it. */
export function facts(description: string): Schema<object> {
  return { node: plain('object', description) };
}

export function list<T>(items: Schema<T>, description: string): Schema<readonly T[]> {
  return { node: plain('array', description, { items: items.node }) };
}

/** An object with these keys, all of them, and the same kind of value under each. */
export function table<const K extends string, T>(
  keys: readonly K[],
  value: Schema<T>,
  description: string,
): Schema<Readonly<Record<K, T>>> {
  return { node: closed(Object.fromEntries(keys.map((key) => [key, value])), description) };
}

/** An object with any keys, and the same kind of value under each. */
export function dictionary<T>(value: Schema<T>, description: string): Schema<Readonly<Record<string, T>>> {
  return { node: plain('object', description, { additionalProperties: value.node }) };
}

/** An object of type T, closed: it has no other members. */
export function structure<T extends object>(members: MembersOf<T>, description?: string): Schema<T> {
  return { node: closed(members, description) };
}

/** Members to be used in several objects, or with others in one. */
export function membersOf<T extends object>(members: MembersOf<T>): MembersOf<T> {
  return members;
}

/** The same members, of which each may be missing. */
export function partly(members: Readonly<Record<string, AnySchema>>): Members {
  return Object.fromEntries(Object.entries(members).map(([name, schema]) => [name, optional(schema)]));
}

/** An object that no type describes, closed too. */
export function object(members: Members, description?: string): AnySchema {
  return { node: closed(members, description) };
}

function closed(members: object, description: string | undefined): Node {
  const entries: [string, AnySchema | Optional<never>][] = Object.entries(members);
  const required = entries.filter(([, member]) => !('optional' in member)).map(([name]) => name);
  const properties = entries.map(([name, member]) => [name, 'optional' in member ? member.optional.node : member.node]);
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(properties),
    required,
    additionalProperties: false,
  };
}

export function optional<T>(schema: Schema<T>): Optional<T> {
  return { optional: schema };
}

export function either<T extends readonly unknown[]>(
  choices: { readonly [I in keyof T]: Schema<T[I]> },
  description?: string,
): Schema<T[number]> {
  const anyOf = choices.map(({ node }) => node);
  return { node: { ...(description !== undefined && { description }), anyOf } };
}

/** `null` stands for what is not there in a list, or is not known. */
export const nothing: Schema<null | undefined> = { node: plain('null', 'unknown') };

export function constant<const T extends string | number | boolean>(value: T, description: string): Schema<T> {
  return { node: { description, const: value } };
}

/** What this member is, where the schema itself says only what all of its kind are. */
export function meaning<T>(schema: Schema<T>, description: string): Schema<T> {
  return { node: { ...schema.node, description } };
}

const nameOf = Symbol('name of a shared schema');

/** Stands once in a document, below `$defs`, however often it is used. */
export function shared<T>(name: string, schema: Schema<T>): Schema<T> {
  return { node: { [nameOf]: name, shared: schema.node } };
}

/** A whole schema as JSON: what is shared goes into `$defs`. */
export function render(head: Node, { node }: AnySchema): Node {
  const defs = new Map<string, unknown>();
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    if (!(nameOf in value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each)]));
    const { [nameOf]: name, shared: inner, ...beside } = value as Node & { [nameOf]: string };
    if (!defs.has(name)) {
      // Held before it is filled: a shared schema keeps its place in the order in which they are met.
      defs.set(name, undefined);
      defs.set(name, visit(inner));
    }
    return { $ref: `#/$defs/${name}`, ...beside };
  };
  const body = visit(node) as Node;
  return { ...head, ...body, ...(defs.size > 0 && { $defs: Object.fromEntries(defs) }) };
}
