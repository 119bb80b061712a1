import type { Code } from '../base/code.ts';
import { type Finding, type Severity, severities } from '../base/finding.ts';

const findingsMax = 1000;

/**
 * Findings in bounded memory: the first of each code are kept, the others counted. A hostile file may hold one fault
 * a byte.
 */
export class FindingList {
  readonly #file: string;
  readonly #kept: Finding[] = [];
  readonly #counts = new Map<Code, { count: number; severity: Severity }>();

  constructor(file: string) {
    this.#file = file;
  }

  add(finding: Omit<Finding, 'file'>): void {
    const tally = this.#counts.get(finding.code) ?? { count: 0, severity: finding.severity };
    tally.count++;
    if (severities.indexOf(finding.severity) > severities.indexOf(tally.severity)) tally.severity = finding.severity;
    this.#counts.set(finding.code, tally);
    if (tally.count <= findingsMax) this.#kept.push({ file: this.#file, ...finding });
  }

  /** The one kept last, if it has this code: the caller may let it grow. */
  last(code: Code): Finding | undefined {
    const last = this.#kept.at(-1);
    return last?.code === code ? last : undefined;
  }

  /** Takes back what was found under wrong premises. */
  forget(...codes: Code[]): void {
    for (const code of codes) this.#counts.delete(code);
    const rest = this.#kept.filter((finding) => !codes.includes(finding.code));
    this.#kept.splice(0, this.#kept.length, ...rest);
  }

  /** By offset, those without one last. */
  list(): Finding[] {
    const findings = [...this.#kept].sort((a, b) => (a.offset ?? Infinity) - (b.offset ?? Infinity));
    for (const [code, { count, severity }] of this.#counts) {
      if (count <= findingsMax) continue;
      const message = `${count - findingsMax} more findings of ${code} are counted but not listed`;
      findings.push({ code: 'E_LOG_MORE', severity, file: this.#file, message });
    }
    return findings;
  }

  worst(): Severity | undefined {
    let worst = -1;
    for (const { severity } of this.#counts.values()) worst = Math.max(worst, severities.indexOf(severity));
    return severities[worst];
  }
}

export function count(amount: number | bigint, noun: string): string {
  return `${amount} ${noun}${BigInt(amount) === 1n ? '' : 's'}`;
}
