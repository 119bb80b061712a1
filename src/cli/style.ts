import { Chalk } from 'chalk';
import type { Severity } from '../base/finding.ts';
import type { Verdict } from '../storage/types.ts';

export type ColorMode = 'auto' | 'always' | 'never';
export const colorModes: readonly ColorMode[] = ['auto', 'always', 'never'];

/** Every colour walq uses. Colour never carries meaning alone: each coloured thing is also a word. */
export interface Style {
  readonly enabled: boolean;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  /** Headings and the one thing to look at. */
  strong(text: string): string;
  /** What may be skipped: details, offsets, hints. */
  dim(text: string): string;
  seq(text: string): string;
  eventType(type: string): string;
  severity(severity: Severity, text: string): string;
  verdict(verdict: Verdict, text: string): string;
  command(text: string): string;
}

/**
 * Whether to colour one stream. The flag wins, then FORCE_COLOR, then NO_COLOR, then "is it a terminal".
 * Decided here because chalk 5 reads FORCE_COLOR but not NO_COLOR.
 */
export function wantsColor(
  mode: ColorMode,
  variables: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (mode !== 'auto') return mode === 'always';
  const force = variables.FORCE_COLOR;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (variables.NO_COLOR !== undefined && variables.NO_COLOR !== '') return false;
  return isTerminal && variables.TERM !== 'dumb';
}

export function makeStyle(enabled: boolean): Style {
  const chalk = new Chalk({ level: enabled ? 1 : 0 });
  const byType: Readonly<Record<string, (text: string) => string>> = {
    ENQUEUE: chalk.cyan,
    DISPATCH: chalk.blue,
    ACK: chalk.green,
    RETRY: chalk.yellow,
    TIMEOUT: chalk.yellow,
    DEAD: chalk.red,
  };
  const byVerdict = (verdict: Verdict): ((text: string) => string) => {
    if (verdict === 'clean' || verdict === 'padded') return chalk.green.bold;
    return verdict === 'torn' || verdict === 'degraded' ? chalk.yellow.bold : chalk.red.bold;
  };
  const bySeverity = (severity: Severity): ((text: string) => string) => {
    if (severity === 'note') return chalk.dim;
    return severity === 'torn' || severity === 'degraded' ? chalk.yellow : chalk.red;
  };
  return {
    enabled,
    good: chalk.green,
    warn: chalk.yellow,
    bad: chalk.red.bold,
    strong: chalk.bold,
    dim: chalk.dim,
    seq: chalk.dim,
    eventType: (type) => (byType[type] ?? chalk.magenta)(type),
    severity: (severity, text) => bySeverity(severity)(text),
    verdict: (verdict, text) => byVerdict(verdict)(text),
    command: chalk.cyan,
  };
}
