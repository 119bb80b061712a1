/**
 * A strict reader of the Prometheus text exposition format 0.0.4. It knows nothing of the writer and takes only what
 * the format allows; beyond that it wants what our own text keeps: HELP and TYPE before all samples of a metric, each
 * set of labels once, whole histograms.
 */
export interface ReadMetric {
  help: string;
  type: string;
  samples: ReadSample[];
}

export interface ReadSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const number = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const types = ['counter', 'gauge', 'histogram'];

/** Throws at the first thing that is not allowed. */
export function readMetrics(text: string): Map<string, ReadMetric> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const metrics = new Map<string, ReadMetric>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const head = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (head) {
      const [, kind, name = '', rest = ''] = head;
      if (kind === 'HELP') {
        if (metrics.has(name)) throw new Error(`${name} is there twice`);
        metrics.set(name, { help: unescaped(rest, false), type: '', samples: [] });
        current = name;
      } else {
        const metric = metrics.get(name);
        if (metric === undefined || name !== current || metric.type !== '' || !types.includes(rest)) throw bad(line);
        metric.type = rest;
      }
      continue;
    }
    const metric = metrics.get(current);
    if (metric === undefined || metric.type === '') throw bad(line);
    const sample = readSample(line);
    const base = metric.type === 'histogram' ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name;
    if (base !== current || (metric.type === 'histogram' && base === sample.name)) throw bad(line);
    metric.samples.push(sample);
  }
  for (const [name, metric] of metrics) check(name, metric);
  return metrics;
}

function readSample(line: string): ReadSample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined) throw bad(line);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    for (;;) {
      const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"([,}])/.exec(rest);
      if (!pair) throw bad(line);
      const [whole, label = '', value = '', after] = pair;
      if (Object.hasOwn(labels, label)) throw bad(line);
      labels[label] = unescaped(value, true);
      rest = rest.slice(whole.length);
      if (after === '}') break;
    }
  }
  if (!rest.startsWith(' ') || !number.test(rest.slice(1))) throw bad(line);
  const value = rest.slice(1).replace('Inf', 'Infinity');
  return { name, labels, value: Number(value) };
}

function check(name: string, { type, samples }: ReadMetric): void {
  if (type === '') throw new Error(`${name} has no type`);
  const keys = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
  if (new Set(keys).size !== keys.length) throw new Error(`${name}: a sample is there twice`);
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} counts down`);
  if (type === 'histogram') checkHistogram(name, samples);
}

function checkHistogram(name: string, samples: readonly ReadSample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('+Inf', 'Infinity')));
  const counts = buckets.map(({ value }) => value);
  const rises = (values: readonly number[], strictly: boolean) =>
    values.every(
      (value, at) => at === 0 || (strictly ? value > (values[at - 1] ?? 0) : value >= (values[at - 1] ?? 0)),
    );
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  const sum = samples.find((sample) => sample.name === `${name}_sum`)?.value;
  const whole = rises(bounds, true) && rises(counts, false) && bounds.at(-1) === Number.POSITIVE_INFINITY;
  if (!whole || count === undefined || counts.at(-1) !== count || sum === undefined) {
    throw new Error(`${name} is no whole histogram`);
  }
}

function unescaped(text: string, quotes: boolean): string {
  return text.replace(/\\(.)/g, (all, next: string) => {
    if (next === 'n') return '\n';
    if (next === '\\' || (quotes && next === '"')) return next;
    throw bad(all);
  });
}

function bad(what: string): Error {
  return new Error(`not in the text format: ${what}`);
}

/** The value of the one sample with these labels. Throws when there is none. */
export function sampleOf(
  metrics: ReadonlyMap<string, ReadMetric>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ''));
  const found = metric?.samples.find(
    (sample) =>
      sample.name === name &&
      Object.keys(sample.labels).length === Object.keys(labels).length &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (found === undefined) throw new Error(`no sample ${name}${JSON.stringify(labels)}`);
  return found.value;
}
