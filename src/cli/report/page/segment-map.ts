import { colorOf, element, fontOf, Sheet } from './dom.ts';
import { type MapLine, mapLines, type Spot } from './map-data.ts';
import { hatch } from './pattern.ts';
import type { Stage } from './stage.ts';

const lineHeight = 50;
const barTop = 25;
const barHeight = 16;
const side = 8;
const readout = 'point at a frame, or walk through them with the arrow keys';

/** Every segment as a bar to scale, with its frames. Only the lines in sight are drawn. */
export class SegmentMap {
  readonly element: HTMLElement;
  readonly #stage: Stage;
  readonly #lines: MapLine[];
  readonly #sizeMost: number;
  readonly #sheet: Sheet;
  readonly #scroller: HTMLElement;
  readonly #says = element('p', { class: 'readout' }, readout);
  /** What is pointed at. */
  #line = -1;
  #spot = -1;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#lines = mapLines(stage.model);
    this.#sizeMost = Math.max(1, ...this.#lines.map(({ segment }) => segment?.size ?? 0));
    this.#sheet = new Sheet({ class: 'map', 'aria-hidden': 'true' }, (pen, width, height) =>
      this.#draw(pen, width, height),
    );
    const spacer = element('div', { class: 'spacer' }, this.#sheet.canvas);
    spacer.style.height = `${this.#lines.length * lineHeight}px`;
    this.#scroller = element(
      'div',
      {
        class: 'map-scroller',
        tabindex: 0,
        role: 'slider',
        'aria-label': 'frames of the log: arrows walk, Enter shows the moment',
        'aria-valuemin': 0,
        'aria-valuemax': this.#lines.reduce((sum, { spots }) => sum + spots.length, 0),
        'aria-valuenow': 0,
        'aria-valuetext': 'no frame chosen',
      },
      spacer,
    );
    this.element = element(
      'section',
      { class: 'panel', 'aria-labelledby': 'map-title' },
      element('div', { class: 'panel-head' }, element('h2', { id: 'map-title' }, 'Segments'), legend()),
      this.#lines.length === 0 ? element('p', { class: 'dim' }, 'there is no segment') : this.#scroller,
      this.#says,
    );
    this.#listen();
    stage.onMove(() => this.#sheet.ask());
  }

  /** Points at a fault of the head of the page. */
  show(fault: number): void {
    const text = this.#stage.model.facts.faults[fault]?.text ?? '';
    this.#line = this.#lines.findIndex(({ spots }) => spots.some((spot) => spot.fault === fault));
    this.#spot = this.#lines[this.#line]?.spots.findIndex((spot) => spot.fault === fault) ?? -1;
    this.#tell();
    if (this.#line < 0) this.#says.textContent = text;
    this.#reveal();
    this.#scroller.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: 'center', behavior: 'auto' });
  }

  #listen(): void {
    const { canvas } = this.#sheet;
    this.#scroller.addEventListener('scroll', () => this.#sheet.ask(), { passive: true });
    canvas.addEventListener('pointermove', (event) => this.#pointAt(event));
    canvas.addEventListener('click', (event) => {
      this.#pointAt(event);
      this.#go();
    });
    this.#scroller.addEventListener('keydown', (event) => {
      const moved = this.#key(event.key);
      if (!moved) return;
      event.preventDefault();
      this.#tell();
      this.#reveal();
    });
  }

  #key(key: string): boolean {
    switch (key) {
      case 'ArrowLeft':
      case 'ArrowRight':
        this.#walk(key === 'ArrowLeft' ? -1 : 1);
        return true;
      case 'ArrowUp':
      case 'ArrowDown':
        this.#line = Math.max(0, Math.min(this.#lines.length - 1, this.#line + (key === 'ArrowUp' ? -1 : 1)));
        this.#spot = 0;
        return true;
      case 'Home':
      case 'End':
        this.#line = Math.max(0, this.#line);
        this.#spot = key === 'Home' ? 0 : (this.#lines[this.#line]?.spots.length ?? 1) - 1;
        return true;
      case 'Enter':
      case ' ':
        this.#go();
        return true;
      default:
        return false;
    }
  }

  /** On into the next segment that has a frame. */
  #walk(step: 1 | -1): void {
    if (this.#line < 0) this.#line = 0;
    let [line, spot] = [this.#line, this.#spot + step];
    while (line >= 0 && line < this.#lines.length) {
      const spots = this.#lines[line]?.spots.length ?? 0;
      if (spot >= 0 && spot < spots) {
        this.#line = line;
        this.#spot = spot;
        return;
      }
      line += step;
      spot = step > 0 ? 0 : (this.#lines[line]?.spots.length ?? 0) - 1;
    }
  }

  #go(): void {
    const seq = this.#chosen()?.seq;
    if (seq !== undefined) this.#stage.moveToSeq(seq);
  }

  #chosen(): Spot | undefined {
    return this.#lines[this.#line]?.spots[this.#spot];
  }

  #pointAt({ offsetX, offsetY }: MouseEvent): void {
    const line = Math.floor((offsetY + this.#scroller.scrollTop) / lineHeight);
    const { segment, spots = [] } = this.#lines[line] ?? {};
    const width = this.#sheet.canvas.clientWidth;
    const offset = ((offsetX - side) / (width - 2 * side)) * this.#sizeMost;
    const slack = (4 / width) * this.#sizeMost;
    this.#line = line;
    // What is damaged, however small, before what is not.
    const near = spots.flatMap(({ kind, offset: from, end }, index) =>
      kind === 'damage' && offset >= from - slack && offset <= end + slack ? [index] : [],
    );
    this.#spot = near[0] ?? spots.findIndex((spot) => offset >= spot.offset && offset < spot.end);
    if (segment !== undefined && this.#spot < 0) this.#spot = nearest(spots, offset, slack);
    this.#tell();
  }

  #tell(): void {
    const text = this.#chosen()?.text ?? this.#lines[this.#line]?.title ?? readout;
    this.#says.textContent = text;
    const before = this.#lines.slice(0, Math.max(0, this.#line)).reduce((sum, { spots }) => sum + spots.length, 0);
    this.#scroller.setAttribute('aria-valuenow', String(before + Math.max(0, this.#spot)));
    this.#scroller.setAttribute('aria-valuetext', `${this.#lines[this.#line]?.title ?? ''}: ${text}`);
    this.#sheet.ask();
  }

  #reveal(): void {
    const y = this.#line * lineHeight;
    const { scrollTop, clientHeight } = this.#scroller;
    if (y < scrollTop) this.#scroller.scrollTop = y;
    else if (y + lineHeight > scrollTop + clientHeight) this.#scroller.scrollTop = y + lineHeight - clientHeight;
  }

  #draw(pen: CanvasRenderingContext2D, width: number, height: number): void {
    const { scrollTop } = this.#scroller;
    pen.font = fontOf(12);
    const first = Math.floor(scrollTop / lineHeight);
    const last = Math.min(this.#lines.length - 1, Math.floor((scrollTop + height) / lineHeight));
    for (let index = first; index <= last; index++) {
      const line = this.#lines[index];
      if (line !== undefined) this.#drawLine(pen, line, index, index * lineHeight - scrollTop, width);
    }
  }

  #drawLine(pen: CanvasRenderingContext2D, line: MapLine, index: number, y: number, width: number): void {
    const { segment, spots, title } = line;
    pen.fillStyle = colorOf(segment === undefined ? 'bad' : 'ink-2');
    pen.textBaseline = 'alphabetic';
    pen.fillText(title, side, y + barTop - 11, width - 2 * side);
    const top = y + barTop;
    const x = (offset: number): number => side + (offset / this.#sizeMost) * (width - 2 * side);
    if (segment === undefined) {
      pen.strokeStyle = colorOf('bad');
      pen.fillStyle = hatch(pen, colorOf('damage'));
      pen.setLineDash([5, 4]);
      pen.strokeRect(side + 0.5, top + 0.5, width - 2 * side - 1, barHeight - 1);
      pen.setLineDash([]);
      pen.fillRect(side, top, width - 2 * side, barHeight);
      if (index === this.#line) frameAround(pen, side, width - side, top);
      return;
    }
    pen.fillStyle = colorOf('bar');
    pen.fillRect(side, top, Math.max(2, x(segment.size) - side), barHeight);
    for (const [at, spot] of spots.entries()) if (spot.kind !== 'damage') this.#drawSpot(pen, spot, at, x, top);
    for (const { kind, offset, end } of spots) if (kind === 'damage') drawDamage(pen, x(offset), x(end), top);
    this.#drawCheckpoints(pen, line, x, top);
    this.#drawMoment(pen, line, x, top);
    const chosen = index === this.#line ? this.#chosen() : undefined;
    if (chosen !== undefined) {
      frameAround(pen, x(chosen.offset), Math.max(x(chosen.offset) + 4, x(chosen.end)), top);
    }
  }

  #drawSpot(pen: CanvasRenderingContext2D, spot: Spot, at: number, x: (offset: number) => number, top: number): void {
    const from = x(spot.offset);
    const wide = x(spot.end) - from;
    // Frames side by side can be told apart as long as there is room for it.
    const shade = spot.kind === 'data' && at % 2 === 1 && wide > 3 ? 'frame-data-2' : `frame-${spot.kind}`;
    pen.fillStyle = spot.kind === 'ahead' || spot.kind === 'lost' ? hatch(pen, colorOf(shade)) : colorOf(shade);
    const least = spot.kind === 'data' || spot.kind === 'ahead' ? 0.6 : 2.5;
    pen.fillRect(from, top, Math.max(least, wide - (wide > 5 ? 1 : 0)), barHeight);
  }

  #drawCheckpoints(
    pen: CanvasRenderingContext2D,
    { segment }: MapLine,
    x: (offset: number) => number,
    top: number,
  ): void {
    const { facts } = this.#stage.model;
    pen.fillStyle = colorOf('checkpoint');
    for (const { segment: number, offset = 0 } of facts.checkpoints) {
      if (number === undefined || facts.segments[number] !== segment) continue;
      pen.beginPath();
      pen.moveTo(x(offset) - 5, top - 7);
      pen.lineTo(x(offset) + 5, top - 7);
      pen.lineTo(x(offset), top + 1);
      pen.fill();
    }
  }

  /** Where the event of the moment lies. */
  #drawMoment(pen: CanvasRenderingContext2D, { segment }: MapLine, x: (offset: number) => number, top: number): void {
    const { model, row } = this.#stage;
    if (row < 0 || model.facts.segments[model.rows.segment[row] ?? -1] !== segment) return;
    const at = x(model.rows.offset[row] ?? 0);
    pen.fillStyle = colorOf('cursor');
    pen.beginPath();
    pen.moveTo(at - 5, top + barHeight + 8);
    pen.lineTo(at + 5, top + barHeight + 8);
    pen.lineTo(at, top + barHeight);
    pen.fill();
    pen.fillRect(at - 0.75, top, 1.5, barHeight);
  }
}

function frameAround(pen: CanvasRenderingContext2D, from: number, to: number, top: number): void {
  pen.strokeStyle = colorOf('ink');
  pen.lineWidth = 1.5;
  pen.strokeRect(from - 1.5, top - 1.5, to - from + 3, barHeight + 3);
  pen.lineWidth = 1;
}

function drawDamage(pen: CanvasRenderingContext2D, from: number, to: number, top: number): void {
  const wide = Math.max(4, to - from);
  pen.fillStyle = colorOf('panel');
  pen.fillRect(from, top, wide, barHeight);
  pen.fillStyle = hatch(pen, colorOf('damage'));
  pen.fillRect(from, top, wide, barHeight);
  pen.strokeStyle = colorOf('damage');
  pen.lineWidth = 1.5;
  pen.strokeRect(from, top - 2, wide, barHeight + 4);
  pen.lineWidth = 1;
}

function nearest(spots: readonly Spot[], offset: number, slack: number): number {
  const far = (spot: Spot): number => Math.max(0, spot.offset - offset, offset - spot.end);
  let best = -1;
  for (const [index, spot] of spots.entries())
    if (far(spot) <= slack && (best < 0 || far(spot) < far(spots[best] as Spot))) best = index;
  return best;
}

function legend(): HTMLElement {
  const key = (kind: string, word: string): HTMLElement => element('span', { class: 'key', 'data-frame': kind }, word);
  return element(
    'div',
    { class: 'legend' },
    key('data', 'events'),
    key('control', 'opened, closed, sealed'),
    key('checkpoint', 'snapshot'),
    key('ahead', 'zeros ahead'),
    key('damage', 'damage'),
  );
}
