import { parseDuration } from '../../base/duration.ts';
import { usageError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import type { StatusReport } from '../../queue/run/status.ts';

/** `dead==0`: a comparison that a script or a monitor asks a queue about. Compared, never evaluated. */
export interface Check {
  text: string;
  name: CheckName;
  operator: Operator;
  /** Jobs, or ms. */
  value: number;
}

export interface CheckResult {
  check: string;
  ok: boolean;
  /** What the queue has: jobs, or ms. */
  actual: number;
}

type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';

const values = {
  dead: ({ counts }: StatusReport) => counts.dead,
  pending: ({ counts }: StatusReport) => counts.pending,
  in_flight: ({ counts }: StatusReport) => counts.in_flight,
  completed: ({ counts }: StatusReport) => counts.completed,
  ready: ({ ready }: StatusReport) => ready,
  delayed: ({ delayed }: StatusReport) => delayed,
  blocked: ({ blocked }: StatusReport) => blocked,
  /** No job is ready: none is old. */
  oldest_ready: ({ oldestReadyMs }: StatusReport) => oldestReadyMs ?? 0,
} as const;

type CheckName = keyof typeof values;

const operators: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const form = /^\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*(\S+)\s*$/;

/** Throws E_USAGE (2) for anything but `NAME OPERATOR VALUE`. */
export function parseCheck(text: string): Check {
  const [, name = '', operator = '', value = ''] = form.exec(text) ?? [];
  if (!isName(name) || !isOperator(operator)) {
    const names = Object.keys(values).join(', ');
    throw usageError(
      'E_USAGE',
      `--check: '${excerpt(text)}' is no check; give NAME, one of == != < <= > >= and a value, such as 'dead==0' or ` +
        `'oldest_ready<5m'; names are ${names}`,
    );
  }
  if (isTime(name)) return { text, name, operator, value: parseDuration(value, `--check ${name}`) };
  if (!/^\d{1,15}$/.test(value)) {
    throw usageError('E_USAGE', `--check: '${excerpt(value)}' is not a number of jobs, in '${excerpt(text)}'`);
  }
  return { text, name, operator, value: Number(value) };
}

export function runCheck({ text, name, operator, value }: Check, status: StatusReport): CheckResult {
  const actual = values[name](status);
  return { check: text.trim(), ok: operators[operator](actual, value), actual };
}

/** Is the value of this check a time, in ms? */
export function isTime(name: string): boolean {
  return name === 'oldest_ready';
}

function isName(name: string): name is CheckName {
  return Object.hasOwn(values, name);
}

function isOperator(operator: string): operator is Operator {
  return Object.hasOwn(operators, operator);
}
