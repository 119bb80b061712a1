import { JsonText } from '../../../src/commands/json-text.ts';
import { compileWhere, type Where } from '../../../src/commands/where/compile.ts';
import type { FieldTable } from '../../../src/commands/where/fields.ts';

/** Things with a field of each kind, to try the language on. */
export interface Thing {
  n?: number | string;
  m?: number;
  text?: string;
  color?: string;
  at?: number;
  took?: number;
  size?: number;
  ready?: boolean;
  tags?: readonly string[];
  data?: string;
}

export const nowMs = Date.UTC(2026, 8, 1, 12);

const thingFields: FieldTable<Thing> = {
  n: { kind: 'number', about: '', also: ['number'], of: ({ n }) => n },
  m: { kind: 'number', about: '', of: ({ m }) => m },
  text: { kind: 'text', about: '', of: ({ text }) => text },
  color: { kind: 'word', about: '', words: ['red', 'light-blue', 'GREEN'], of: ({ color }) => color },
  at: { kind: 'time', about: '', of: ({ at }) => at },
  took: { kind: 'duration', about: '', of: ({ took }) => took },
  size: { kind: 'size', about: '', of: ({ size }) => size },
  ready: { kind: 'flag', about: '', of: ({ ready }) => ready },
  tags: { kind: 'list', about: '', of: ({ tags }) => tags },
  data: { kind: 'json', about: '', of: ({ data }) => (data === undefined ? undefined : new JsonText(data)) },
  'total.n': { kind: 'number', about: '', of: () => 7 },
};

export function where(text: string): Where<Thing> {
  return compileWhere(thingFields, { flag: '--where', text }, nowMs);
}

export function holds(text: string, thing: Thing = {}): boolean {
  return where(text).holds(thing);
}
