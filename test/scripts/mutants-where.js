/**
 * Mutants of expressions and of what asks them: their meaning, their bounds, the search among states.
 */
const of = 'test/commands/where/';
const bisect = 'test/commands/bisect/';

/** @type {import('./mutants.js').Mutant[]} */
export const whereMutants = [
  {
    name: 'where: a negated test holds for what has no such field',
    property: 'a test of a field that is not there is false, turned round too',
    file: 'src/commands/where/compile.ts',
    edits: [['field.of(item) !== undefined && !holds(item)', '!holds(item)']],
    tests: [`${of}language.test.ts`],
  },
  {
    name: 'where: or binds as close as and',
    property: 'not, and, or bind in this order',
    file: 'src/commands/where/parse.ts',
    edits: [
      [
        "this.#chain('or', '||', () => this.#chain('and', '&&', () => this.#factor()))",
        "this.#chain('and', '&&', () => this.#chain('or', '||', () => this.#factor()))",
      ],
    ],
    tests: [`${of}language.test.ts`],
  },
  {
    name: 'where: depth is not given back',
    property: '64 levels are read, however many stand side by side',
    file: 'src/commands/where/parse.ts',
    edits: [['this.#depth--;', '']],
    tests: [`${of}errors.test.ts`],
  },
  {
    name: 'where: depth has no end',
    property: 'deep nesting ends no stack',
    file: 'src/commands/where/parse.ts',
    edits: [['const depthMax = 64;', 'const depthMax = 6400;']],
    tests: [`${of}errors.test.ts`],
  },
  {
    name: 'where: numbers are compared as doubles',
    property: 'numbers are compared exactly',
    file: 'src/commands/where/decimal.ts',
    edits: [
      [
        "if (typeof a === 'number' && typeof b === 'number') return a - b;",
        'if (a !== b) return Number(a) - Number(b);',
      ],
    ],
    tests: [`${of}decimal.test.ts`],
    only: '9007199254740993 and',
  },
  {
    name: 'where: of a key that stands twice the first counts',
    property: 'the last of two keys counts',
    file: 'src/commands/where/json-path.ts',
    edits: [['.findLast(', '.find(']],
    tests: [`${of}language.test.ts`],
  },
  {
    name: 'where: the end of a text is a border whatever stands before it',
    property: 'a pattern matches what the same one of JavaScript does',
    file: 'src/commands/where/pattern.ts',
    edits: [
      [
        'const after = at < text.length && isWordCharacter(text.charCodeAt(at));',
        'const after = at < text.length ? isWordCharacter(text.charCodeAt(at)) : !before;',
      ],
    ],
    tests: [`${of}pattern.test.ts`],
    only: 'the place of',
  },
  {
    name: 'where: a job that came later is not waited for',
    property: 'jobs that match are waited for, those that come later too',
    file: 'src/commands/queue/wait-goals.ts',
    edits: [['      this.#open.add(id);\n      this.#dead.delete(id);', '      this.#dead.delete(id);']],
    tests: ['test/commands/wait-goals.test.ts'],
  },
  {
    name: 'bisect: the state before the range is not asked',
    property: 'what held before the range did not turn in it',
    file: 'src/commands/bisect/watch.ts',
    edits: [['if (seq > this.#from) this.ask();', '']],
    tests: [`${bisect}watch.test.ts`],
  },
  {
    name: 'bisect: a state is that before its event',
    property: 'a probe gets the state after its event',
    file: 'src/commands/bisect/points.ts',
    edits: [
      [
        "const until = { kind: 'seq', seq } as const;",
        "const until = { kind: 'seq', seq: Math.max(0, seq - 1) } as const;",
      ],
    ],
    tests: [`${bisect}ask.test.ts`],
  },
  {
    name: 'bisect: good and bad are mixed up',
    property: 'halving keeps a good point and a bad one',
    file: 'src/commands/bisect/halve.ts',
    edits: [["if (answer === 'good') good = point;", "if (answer === 'good') good = point + 1;"]],
    tests: [`${bisect}halve.test.ts`],
    only: 'only the points',
  },
  {
    name: 'bisect: skipped points are asked again',
    property: 'nothing is asked twice',
    file: 'src/commands/bisect/halve.ts',
    edits: [['if (!skipped.has(middle)) return middle;', 'if (count > 3) return middle;']],
    tests: [`${bisect}halve.test.ts`],
    only: 'gone around',
  },
  {
    name: 'bisect: children that a completed job lets go are not named',
    property: 'the jobs that the event touched are named',
    file: 'src/commands/bisect/watch.ts',
    edits: [['type === eventTypes.ACK && this.family.hasChildren(id)', 'type === eventTypes.LIMIT']],
    tests: [`${bisect}watch.test.ts`],
  },
];
