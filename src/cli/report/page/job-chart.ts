import { element, svg } from './dom.ts';
import { clockText, spanText } from './format.ts';
import type { Stage } from './stage.ts';

const height = 44;
const barTop = 12;
const barHeight = 14;

interface Stretch {
  kind: 'waiting' | 'running';
  from: number;
  to: number;
  /** How it ended. */
  end: string;
}

/** Waiting and running, one after the other, to scale. */
export function jobChart(stage: Stage, rows: Int32Array): HTMLElement {
  const holder = element('div', { class: 'job-chart' });
  const stretches = stretchesOf(stage, rows);
  const { atMs } = stage.model.rows;
  const [first, last] = [atMs[rows[0] ?? 0] ?? 0, atMs[rows[rows.length - 1] ?? 0] ?? 0];
  if (rows.length < 2 || last <= first) return holder;
  const draw = (): void => {
    if (holder.clientWidth > 0) holder.replaceChildren(picture(stretches, first, last, holder.clientWidth));
  };
  new ResizeObserver(draw).observe(holder);
  return holder;
}

function stretchesOf(stage: Stage, rows: Int32Array): Stretch[] {
  const { atMs } = stage.model.rows;
  const stretches: Stretch[] = [];
  let open: Stretch | undefined;
  const begin = (kind: Stretch['kind'], from: number): void => {
    open = { kind, from, to: from, end: '' };
    stretches.push(open);
  };
  for (const row of rows) {
    const at = atMs[row] ?? 0;
    const type = stage.typeName(row);
    if (open !== undefined) open.to = Math.max(open.from, at);
    if (type === 'ENQUEUE') begin('waiting', at);
    else if (type === 'DISPATCH') begin('running', at);
    else if (type === 'RETRY' || type === 'TIMEOUT') {
      if (open?.kind === 'running') open.end = type;
      begin('waiting', at);
    } else if (type === 'ACK' || type === 'DEAD') {
      if (open !== undefined) open.end = type;
      open = undefined;
    }
  }
  return stretches;
}

function picture(stretches: readonly Stretch[], first: number, last: number, width: number): SVGElement {
  const x = (ms: number): number => 1 + ((ms - first) / (last - first)) * (width - 2);
  const label = stretches
    .map(({ kind, from, to, end }) => `${kind} ${spanText(to - from)}${end === '' ? '' : `, then ${end}`}`)
    .join('; ');
  const chart = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  for (const { kind, from, to, end } of stretches) {
    const thin = kind === 'waiting' ? barHeight / 2 - 2 : 0;
    const bar = svg('rect', {
      class: kind,
      'data-end': end,
      x: x(from),
      y: barTop + thin,
      width: Math.max(1.5, x(to) - x(from)),
      height: barHeight - 2 * thin,
    });
    bar.append(svg('title', {}, `${kind} ${spanText(to - from)}${end === '' ? '' : `, then ${end}`}`));
    chart.append(bar);
  }
  chart.append(
    svg('text', { class: 'tick', x: 0, y: height - 4 }, clockText(first)),
    svg(
      'text',
      { class: 'tick', x: width, y: height - 4, 'text-anchor': 'end' },
      `${clockText(last)} · ${spanText(last - first)} in all`,
    ),
  );
  return chart;
}
