import type { Place } from './where-error.ts';

/** An expression as it was written. What its words mean depends on the fields there are: compile.ts. */
export type Expression =
  | { kind: 'and' | 'or'; terms: readonly Expression[] }
  | { kind: 'not'; term: Expression }
  | Test;

export type Test =
  /** A field that is true or false by itself. */
  | { kind: 'flag'; field: Word }
  | { kind: 'exists'; field: Word }
  | { kind: 'compare'; field: Word; by: Comparison; value: Word }
  | { kind: 'match'; field: Word; negated: boolean; value: Word }
  | { kind: 'contains' | 'starts'; field: Word; negated: boolean; value: Word }
  | { kind: 'in'; field: Word; negated: boolean; values: readonly Word[] };

export const comparisons = ['=', '!=', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof comparisons)[number];

export interface Word extends Place {
  text: string;
  quoted: boolean;
}
