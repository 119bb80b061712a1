import type { Seen } from '../../commands/where/compile.ts';
import { anything, oneOf, optional, shared, structure, text } from './build.ts';

/** A field that an expression looks at (docs/expressions.md). */
export const fieldSeen = shared(
  'field',
  structure<Seen>(
    {
      name: text('as docs/expressions.md lists it'),
      kind: oneOf(
        ['number', 'text', 'word', 'time', 'duration', 'size', 'flag', 'list', 'json'],
        'how its value is meant: times are ms since the epoch, durations ms, sizes bytes',
      ),
      value: optional(anything('absent where there is none')),
    },
    'a field of an expression, and what it was',
  ),
);
