import { assert } from '../../base/errors.ts';

/**
 * Counters, gauges and histograms, and their text form: Prometheus text exposition format 0.0.4. Pure. What stands
 * somewhere already is read when the text is made; only histograms collect.
 */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  labels?: Labels;
  value: number;
}

/** One number, one per set of labels, or none at the moment. */
export type Reading = () => number | undefined | readonly Sample[];

interface Family {
  name: string;
  help: string;
  kind: 'counter' | 'gauge' | 'histogram';
  lines(): Iterable<string>;
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

export class MetricsRegistry {
  readonly #families = new Map<string, Family>();

  /** Only goes up while the process lives. */
  counter(name: string, help: string, read: Reading): void {
    this.#add({ name, help, kind: 'counter', lines: () => linesOf(name, read()) });
  }

  gauge(name: string, help: string, read: Reading): void {
    this.#add({ name, help, kind: 'gauge', lines: () => linesOf(name, read()) });
  }

  /** `bounds`: the largest value of each bucket, rising; the last bucket, of all that is larger, comes by itself. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const histogram = new Histogram(bounds);
    this.#add({ name, help, kind: 'histogram', lines: () => histogram.lines(name) });
    return histogram;
  }

  /** In the order they were added. */
  text(): string {
    const lines: string[] = [];
    for (const { name, help, kind, lines: samples } of this.#families.values()) {
      lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`);
      lines.push(...samples());
    }
    return `${lines.join('\n')}\n`;
  }

  #add(family: Family): void {
    assert(metricName.test(family.name) && !this.#families.has(family.name), `a metric may be named ${family.name}`);
    this.#families.set(family.name, family);
  }
}

/** Counts values by their size. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the text adds them up. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    assert(
      bounds.every((bound, at) => Number.isFinite(bound) && bound > (bounds[at - 1] ?? Number.NEGATIVE_INFINITY)),
      'bounds rise',
    );
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at++;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += value;
  }

  lines(name: string): string[] {
    let count = 0;
    const buckets = this.#counts.map((own, at) => {
      count += own;
      const le = numberText(this.#bounds[at] ?? Number.POSITIVE_INFINITY);
      return `${name}_bucket{le="${le}"} ${count}`;
    });
    return [...buckets, `${name}_sum ${numberText(this.#sum)}`, `${name}_count ${count}`];
  }
}

function linesOf(name: string, reading: ReturnType<Reading>): string[] {
  if (reading === undefined) return [];
  const samples = typeof reading === 'number' ? [{ value: reading }] : reading;
  return samples.map(({ labels = {}, value }) => `${name}${labelsText(labels)} ${numberText(value)}`);
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    assert(labelName.test(name) && name !== 'le', `a label may be named ${name}`);
    return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
