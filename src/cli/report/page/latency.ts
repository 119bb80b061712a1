import { count } from '../../text.ts';
import type { PageLatency } from '../page-data.ts';
import { element, svg } from './dom.ts';
import { spanText } from './format.ts';
import type { Model } from './model.ts';

const height = 130;
const plotTop = 34;
const axis = 18;
const minute = 60_000;
const marks = [
  ...[0, 1, 10, 100, 1000, 10_000, minute, 10 * minute, 60 * minute, 1440 * minute, 14_400 * minute],
  ...[5, 50, 500, 5000, 30_000, 5 * minute, 30 * minute, 360 * minute],
  ...[2, 20, 200, 2000, 20_000, 2 * minute, 20 * minute, 120 * minute, 720 * minute, 4320 * minute],
  ...[3, 30, 300, 3000, 4, 40, 400, 4000, 7, 70, 700, 7000, 250, 350, 450, 600, 800],
];

/** How long jobs waited, and how long attempts took: each bar some milliseconds, on a scale on which tens are alike. */
export function latencies({ facts }: Model): HTMLElement {
  return element(
    'section',
    { class: 'panel', 'aria-labelledby': 'latency-title' },
    element('div', { class: 'panel-head' }, element('h2', { id: 'latency-title' }, 'Latencies')),
    element(
      'div',
      { class: 'histograms' },
      element('div', {}, ...histogram('wait', 'ready to begun', facts.wait)),
      element('div', {}, ...histogram('took', 'begun to ended', facts.took)),
    ),
  );
}

function histogram(kind: 'wait' | 'took', title: string, latency: PageLatency): Node[] {
  const { p50 = 0, p90 = 0, p99 = 0, max = 0 } = latency;
  const numbers = element('dl', { class: 'quantiles' });
  const head = element('h3', {}, title, element('span', { class: 'dim' }, ` ${count(latency.count)} times`));
  if (latency.count === 0) return [head, element('p', { class: 'dim' }, 'none in this log')];
  for (const [name, ms] of [
    ['p50', p50],
    ['p90', p90],
    ['p99', p99],
    ['max', max],
  ] as const)
    numbers.append(
      element('div', {}, element('dt', {}, name), element('dd', { 'data-quantile': `${kind}-${name}` }, spanText(ms))),
    );
  const holder = element('div', { class: `histogram ${kind}` });
  const draw = (): void => {
    if (holder.clientWidth > 0) holder.replaceChildren(chart(title, latency, holder.clientWidth));
  };
  new ResizeObserver(draw).observe(holder);
  return [element('div', { class: 'latency-head' }, head, numbers), holder];
}

function chart(title: string, latency: PageLatency, width: number): SVGElement {
  const { buckets, p50 = 0, p90 = 0, p99 = 0 } = latency;
  const place = (ms: number): number => Math.log10(ms + 1);
  const first = place(buckets[0]?.bottom ?? 0);
  const span = Math.max(0.3, place((buckets.at(-1)?.top ?? 1) + 1) - first);
  const x = (ms: number): number => 4 + ((place(ms) - first) / span) * (width - 8);
  const most = buckets.reduce((top, bucket) => Math.max(top, bucket.count), 1);
  const room = height - plotTop - axis;
  const label = `${title}: half within ${spanText(p50)}, nine in ten within ${spanText(p90)}, 99 of 100 within ${spanText(p99)}`;
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label });
  for (const { bottom, top, count: values } of buckets) {
    if (values === 0) continue;
    const from = x(bottom);
    const tall = Math.max(1.5, (values / most) * room);
    const bar = svg('rect', {
      class: 'bar',
      x: from,
      y: height - axis - tall,
      width: Math.max(1, x(top + 1) - from - 0.8),
      height: tall,
    });
    const range = bottom === top ? spanText(bottom) : `${spanText(bottom)} to ${spanText(top)}`;
    bar.append(svg('title', {}, `${range}: ${count(values)}`));
    picture.append(bar);
  }
  picture.append(svg('line', { class: 'axis', x1: 0, x2: width, y1: height - axis + 0.5, y2: height - axis + 0.5 }));
  for (const ms of ticks(width, (each) => (place(each) < first || place(each) > first + span ? undefined : x(each)))) {
    const at = x(ms);
    const anchor = at < 20 ? 'start' : at > width - 20 ? 'end' : 'middle';
    picture.append(svg('text', { class: 'tick', x: at, y: height - 4, 'text-anchor': anchor }, spanText(ms)));
  }
  for (const [index, [name, ms]] of (
    [
      ['p50', p50],
      ['p90', p90],
      ['p99', p99],
    ] as const
  ).entries())
    picture.append(...quantile(name, x(ms), index, width));
  return picture;
}

/** What there is room for: round ones first, then those between. */
function ticks(width: number, x: (ms: number) => number | undefined): number[] {
  const taken: number[] = [];
  return marks.filter((ms) => {
    const at = x(ms);
    if (at === undefined || at > width || taken.some((other) => Math.abs(other - at) < 58)) return false;
    taken.push(at);
    return true;
  });
}

/** Labels stand in steps, so that quantiles close to each other can still be read. */
function quantile(name: string, at: number, index: number, width: number): SVGElement[] {
  const y = 9 + index * 10;
  const toLeft = at > width - 40;
  return [
    svg('line', { class: 'quantile', x1: at, x2: at, y1: y - 7, y2: height - axis }),
    svg('text', { class: 'quantile', x: toLeft ? at - 4 : at + 4, y, 'text-anchor': toLeft ? 'end' : 'start' }, name),
  ];
}
