import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Histogram, MetricsRegistry } from '../../src/queue/metrics/metrics.ts';
import { readMetrics, sampleOf } from './support/prometheus.ts';

describe('the text form of metrics', () => {
  test('is byte for byte what the format says', () => {
    const registry = new MetricsRegistry();
    registry.counter('jobs_total', 'Jobs.', () => 3);
    registry.gauge('jobs', 'By state.', () => [
      { labels: { state: 'pending', phase: 'ready' }, value: 1.5 },
      { labels: { state: 'dead', phase: 'dead' }, value: Number.NEGATIVE_INFINITY },
    ]);
    registry.gauge('age_seconds', 'Of nothing yet.', () => undefined);
    const histogram = registry.histogram('run_seconds', 'Runs.', [0.1, 1]);
    for (const value of [0.1, 0.05, 0.7, 1, 2.5]) histogram.observe(value);
    expect(registry.text()).toBe(
      [
        '# HELP jobs_total Jobs.',
        '# TYPE jobs_total counter',
        'jobs_total 3',
        '# HELP jobs By state.',
        '# TYPE jobs gauge',
        'jobs{state="pending",phase="ready"} 1.5',
        'jobs{state="dead",phase="dead"} -Inf',
        '# HELP age_seconds Of nothing yet.',
        '# TYPE age_seconds gauge',
        '# HELP run_seconds Runs.',
        '# TYPE run_seconds histogram',
        'run_seconds_bucket{le="0.1"} 2',
        'run_seconds_bucket{le="1"} 4',
        'run_seconds_bucket{le="+Inf"} 5',
        'run_seconds_sum 4.35',
        'run_seconds_count 5',
        '',
      ].join('\n'),
    );
  });

  test('escapes backslash, quote and line end in labels, and backslash and line end in help', () => {
    const registry = new MetricsRegistry();
    registry.gauge('a', 'C:\\new\n"quoted"', () => [{ labels: { path: 'C:\\new "x"\n# HELP b' }, value: 1 }]);
    expect(registry.text()).toBe(
      '# HELP a C:\\\\new\\n"quoted"\n# TYPE a gauge\na{path="C:\\\\new \\"x\\"\\n# HELP b"} 1\n',
    );
  });

  test('a reader gets back every label, help text and number', () => {
    void fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.double(), (label, help, value) => {
        const registry = new MetricsRegistry();
        registry.gauge('a', help.replaceAll('\r', ''), () => [{ labels: { l: label.replaceAll('\r', '') }, value }]);
        const read = readMetrics(registry.text()).get('a');
        expect(read?.help).toBe(help.replaceAll('\r', ''));
        expect(read?.samples).toEqual([{ name: 'a', labels: { l: label.replaceAll('\r', '') }, value: value + 0 }]);
      }),
      { numRuns: 300 },
    );
  });

  test('names and labels that the format does not allow, and a name given twice, are bugs', () => {
    const registry = new MetricsRegistry();
    registry.gauge('a', '', () => [{ labels: { le: '1' }, value: 1 }]);
    expect(() => registry.text()).toThrow('label');
    expect(() => registry.gauge('a', '', () => 1)).toThrow('named a');
    expect(() => registry.counter('a-b', '', () => 1)).toThrow('named a-b');
    expect(() => new Histogram([1, 1])).toThrow('rise');
  });
});

test('each value is in the bucket of the first bound that is not below it, and in all above', () => {
  void fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 50 }), (values) => {
      const registry = new MetricsRegistry();
      const bounds = [0.5, 1, 2, 5];
      const histogram = registry.histogram('h', '', bounds);
      for (const value of values) histogram.observe(value);
      const read = readMetrics(registry.text());
      for (const bound of bounds) {
        expect(sampleOf(read, 'h_bucket', { le: `${bound}` })).toBe(values.filter((value) => value <= bound).length);
      }
      expect(sampleOf(read, 'h_count')).toBe(values.length);
    }),
  );
});

test.each([
  ['no end of line', '# HELP a x\n# TYPE a gauge\na 1'],
  ['a sample without TYPE', '# HELP a x\na 1\n'],
  ['an unknown type', '# HELP a x\n# TYPE a number\na 1\n'],
  ['a quote that is not escaped', '# HELP a x\n# TYPE a gauge\na{l="x"y"} 1\n'],
  ['a number of JavaScript', '# HELP a x\n# TYPE a gauge\na Infinity\n'],
  ['a histogram without +Inf', '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n'],
  ['a count that is not that of +Inf', '# HELP a x\n# TYPE a histogram\na_bucket{le="+Inf"} 1\na_sum 1\na_count 2\n'],
])('the reader of these tests refuses %s', (_, text) => {
  expect(() => readMetrics(text)).toThrow();
});
