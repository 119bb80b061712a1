import { count } from '../../text.ts';
import { colorOf, fontOf } from './dom.ts';
import { axisTime, niceStep, timeStep, timeText } from './format.ts';
import { type HistoryData, laneNames } from './history-data.ts';
import { isDamage } from './map-data.ts';
import { firstAbove, type StateName } from './model.ts';
import { hatch } from './pattern.ts';
import type { Across, Scale } from './scale.ts';
import type { Stage } from './stage.ts';

const areaHeight = 190;
const laneHeight = 17;
const axisHeight = 22;
const top = 10;
/** Room beside the plot, for numbers and names. */
export const gutter = { left: 70, right: 12 };
/** From the bottom up: what stays lies below what moves. */
export const stacked: readonly StateName[] = ['completed', 'dead', 'pending', 'in_flight'];

/** What is drawn, and on what. */
export interface Scene {
  pen: CanvasRenderingContext2D;
  height: number;
  stage: Stage;
  data: HistoryData;
  scale: Scale;
  across: Across;
  hidden: ReadonlySet<StateName>;
}

export function drawHistory(scene: Scene): void {
  scene.pen.font = fontOf(11);
  drawAreas(scene);
  drawLanes(scene);
  drawAxis(scene);
  drawCheckpoints(scene);
  drawFaults(scene);
}

function drawAreas(scene: Scene): void {
  const { pen } = scene;
  const { left: from, width } = scene.scale;
  const columns = Math.ceil(width);
  const shown = stacked.filter((state) => !scene.hidden.has(state));
  const history = Array.from({ length: columns }, (_, column) =>
    scene.data.at(scene.across, scene.scale.value(from + column + 1)),
  );
  const totals = history.map((counts) => shown.reduce((sum, state) => sum + (counts?.[state] ?? 0), 0));
  const most = Math.max(1, ...totals);
  const y = (jobs: number): number => top + areaHeight - (jobs / most) * areaHeight;
  drawGrid(scene, most, y);
  const floors = new Float64Array(columns);
  for (const state of shown) {
    pen.fillStyle = colorOf(state);
    for (let column = 0; column < columns; column++) {
      const jobs = history[column]?.[state] ?? 0;
      const floor = floors[column] ?? 0;
      floors[column] = floor + jobs;
      if (jobs > 0) pen.fillRect(from + column, y(floor + jobs), 1.02, Math.max(1, y(floor) - y(floor + jobs)));
    }
  }
  drawUnknown(scene, history);
}

function drawUnknown(scene: Scene, history: readonly unknown[]): void {
  const { pen } = scene;
  const { left: from } = scene.scale;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  for (let column = 0; column < history.length; column++) {
    if (history[column] !== undefined) continue;
    const begin = column;
    while (column < history.length && history[column] === undefined) column++;
    pen.fillStyle = hatch(pen, colorOf('unknown'));
    pen.fillRect(from + begin, top, column - begin, areaHeight);
    const text = 'state not known';
    const wide = pen.measureText(text).width + 12;
    if (column - begin < wide + 8) continue;
    const middle = from + (begin + column) / 2;
    pen.fillStyle = colorOf('panel');
    pen.fillRect(middle - wide / 2, top + areaHeight / 2 - 9, wide, 18);
    pen.fillStyle = colorOf('ink-2');
    pen.fillText(text, middle, top + areaHeight / 2);
  }
}

function drawGrid(scene: Scene, most: number, y: (jobs: number) => number): void {
  const { pen } = scene;
  const { left: from, width } = scene.scale;
  pen.strokeStyle = colorOf('line');
  pen.fillStyle = colorOf('ink-2');
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  const step = niceStep(most, 4);
  for (let jobs = 0; jobs <= most; jobs += step) {
    const level = Math.round(y(jobs)) + 0.5;
    pen.beginPath();
    pen.moveTo(from, level);
    pen.lineTo(from + width, level);
    pen.stroke();
    pen.fillText(count(jobs), from - 8, level);
  }
}

function drawLanes(scene: Scene): void {
  const { pen } = scene;
  const { left: from } = scene.scale;
  const bins = scene.data.bins(scene.across, scene.scale);
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (const [lane, events] of bins.entries()) {
    const base = top + areaHeight + 12 + (lane + 1) * laneHeight;
    pen.fillStyle = colorOf('ink-2');
    pen.fillText(laneNames[lane] ?? '', from - 8, base - laneHeight / 2);
    const most = events.reduce((a, b) => Math.max(a, b), 0);
    pen.fillStyle = colorOf(`type-${(laneNames[lane] ?? '').toLowerCase()}`);
    for (const [column, each] of events.entries()) {
      if (each === 0) continue;
      const height = Math.max(3, (laneHeight - 4) * (Math.log1p(each) / Math.log1p(most)));
      pen.fillRect(from + column, base - 1 - height, 1.6, height);
    }
    pen.fillStyle = colorOf('line');
    pen.fillRect(from, base - 1, scene.scale.width, 1);
  }
}

function drawAxis(scene: Scene): void {
  const { pen, height } = scene;
  const { left: from, width, first, span } = scene.scale;
  if (scene.across === 'time' && !scene.stage.isTimed) return;
  const marks = Math.max(3, Math.floor(width / 100));
  const step = scene.across === 'seq' ? niceStep(span, marks) : timeStep(span, marks);
  pen.fillStyle = colorOf('ink-2');
  pen.textBaseline = 'alphabetic';
  let day = '';
  for (let value = Math.ceil(first / step) * step; value <= first + span; value += step) {
    const x = scene.scale.x(value);
    pen.fillRect(Math.round(x), height - axisHeight, 1, 4);
    const today = timeText(value).slice(0, 10);
    const text = scene.across === 'seq' ? count(value) : axisTime(value, step, today !== day);
    day = today;
    const half = pen.measureText(text).width / 2;
    pen.textAlign = 'center';
    pen.fillText(text, Math.max(from + half - 6, Math.min(x, from + width - half + gutter.right)), height - 5);
  }
}

/** Where events are lost: between the two that are left around them, or at the edge that they lie beyond. */
function drawFaults(scene: Scene): void {
  const { pen } = scene;
  const { left, width } = scene.scale;
  const within = (value: number): number => Math.max(left, Math.min(scene.scale.x(value), left + width));
  const { seqs, times, model } = scene.stage;
  for (const fault of model.facts.faults) {
    if (!isDamage(fault) || fault.seqFirst === undefined) continue;
    const after = firstAbove(seqs, fault.seqFirst - 1);
    const bySeq = scene.across === 'seq';
    const from = within(bySeq ? fault.seqFirst - 1 : (times[Math.max(0, after - 1)] ?? 0));
    const to = within(bySeq ? (fault.seqLast ?? fault.seqFirst) : (times[Math.min(after, times.length - 1)] ?? 0));
    pen.fillStyle = colorOf('damage');
    pen.fillRect(from, top + areaHeight + 3, Math.max(3, to - from), 6);
  }
}

function drawCheckpoints(scene: Scene): void {
  const { pen } = scene;
  const { seqs, times, model } = scene.stage;
  pen.fillStyle = colorOf('checkpoint');
  for (const { seq } of model.facts.checkpoints) {
    const row = firstAbove(seqs, seq) - 1;
    if (row < 0) continue;
    const x = scene.scale.x(scene.across === 'seq' ? seq : (times[row] ?? 0));
    pen.beginPath();
    pen.moveTo(x - 5, 0);
    pen.lineTo(x + 5, 0);
    pen.lineTo(x, 8);
    pen.fill();
    pen.fillRect(x - 0.5, 0, 1, top + areaHeight);
  }
}
