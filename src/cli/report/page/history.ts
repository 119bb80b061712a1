import { count } from '../../text.ts';
import { element, Sheet } from './dom.ts';
import { timeText } from './format.ts';
import { HistoryData } from './history-data.ts';
import { drawHistory, gutter, stacked } from './history-draw.ts';
import { firstAbove, type StateName, states, stateWords } from './model.ts';
import { type Across, Scale } from './scale.ts';
import type { Stage } from './stage.ts';

/** Jobs by state, events by type, snapshots and what is not known, over all of the log. */
export class History {
  readonly element: HTMLElement;
  /** What is across where nobody chose. */
  readonly usual: Across;
  #across: Across;
  readonly #stage: Stage;
  readonly #data: HistoryData;
  readonly #hidden = new Set<StateName>();
  readonly #sheet: Sheet;
  readonly #cursor = element('div', { class: 'cursor', 'aria-hidden': 'true' });
  readonly #tip = element('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });
  readonly #choices: Record<Across, HTMLInputElement>;
  readonly #onAcross: () => void;
  /** As last drawn. */
  #scale: Scale;

  constructor(stage: Stage, onAcross: () => void) {
    this.#stage = stage;
    this.#onAcross = onAcross;
    this.usual = stage.isTimed ? 'time' : 'seq';
    this.#across = this.usual;
    this.#data = new HistoryData(stage);
    this.#scale = new Scale(stage, this.usual, gutter.left, 1);
    const label = `Jobs by state and events by type over ${stage.last} events; the slider above says the same in numbers.`;
    this.#sheet = new Sheet({ class: 'history', role: 'img', 'aria-label': label }, (pen, width, height) =>
      this.#draw(pen, width, height),
    );
    this.#choices = { time: this.#choice('time', 'by time'), seq: this.#choice('seq', 'by seq') };
    const plot = element('div', { class: 'plot' }, this.#sheet.canvas, this.#cursor, this.#tip);
    this.element = element(
      'section',
      { class: 'panel', 'aria-labelledby': 'history-title' },
      element(
        'div',
        { class: 'panel-head' },
        element('h2', { id: 'history-title' }, 'Over time'),
        this.#legend(),
        ...(stage.isTimed ? [this.#switch()] : []),
      ),
      plot,
    );
    this.#listen(plot);
    stage.onMove(() => this.#moveCursor());
  }

  get across(): Across {
    return this.#across;
  }

  set across(across: Across) {
    this.#across = across;
    this.#choices[across].checked = true;
    this.#sheet.ask();
  }

  #choice(across: Across, text: string): HTMLInputElement {
    const input = element('input', { type: 'radio', name: 'across', value: across, 'aria-label': text });
    input.checked = across === this.#across;
    input.addEventListener('change', () => {
      this.across = across;
      this.#onAcross();
    });
    return input;
  }

  #switch(): HTMLElement {
    const choice = (across: Across, text: string): HTMLElement => element('label', {}, this.#choices[across], text);
    const label = 'horizontal axis';
    return element(
      'div',
      { class: 'choices', role: 'radiogroup', 'aria-label': label },
      choice('time', 'by time'),
      choice('seq', 'by seq'),
    );
  }

  #legend(): HTMLElement {
    const buttons = stacked.toReversed().map((state) => {
      const word = stateWords[states.indexOf(state) + 1] ?? state;
      const button = element(
        'button',
        { type: 'button', class: 'key', 'data-state': state, 'aria-pressed': 'true' },
        word,
      );
      button.title = `show or hide ${word} jobs in the chart`;
      button.addEventListener('click', () => {
        if (!this.#hidden.delete(state)) this.#hidden.add(state);
        button.setAttribute('aria-pressed', String(!this.#hidden.has(state)));
        this.#sheet.ask();
      });
      return button;
    });
    return element('div', { class: 'legend', role: 'group', 'aria-label': 'states in the chart' }, ...buttons);
  }

  #listen(plot: HTMLElement): void {
    const { canvas } = this.#sheet;
    const moveTo = (event: PointerEvent): void => this.#stage.moveTo(this.#positionAt(event.offsetX));
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      moveTo(event);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (event.buttons === 1) moveTo(event);
      this.#showTip(event.offsetX, plot.clientWidth);
    });
    canvas.addEventListener('pointerleave', () => {
      this.#tip.hidden = true;
    });
  }

  #positionAt(x: number): number {
    const { seqs, times } = this.#stage;
    return firstAbove(this.#across === 'seq' ? seqs : times, this.#scale.value(x));
  }

  #showTip(x: number, width: number): void {
    const value = this.#scale.value(Math.max(gutter.left, Math.min(x, gutter.left + this.#scale.width)));
    const counts = this.#data.at(this.#across, value);
    const where = this.#across === 'seq' ? `seq ${count(Math.max(0, Math.round(value)))}` : timeText(Math.round(value));
    const lines = stacked.toReversed().map((state) => {
      const word = stateWords[states.indexOf(state) + 1] ?? state;
      return element('div', { 'data-state': state }, `${word} ${counts === undefined ? '?' : count(counts[state])}`);
    });
    this.#tip.replaceChildren(element('b', {}, where), ...lines);
    this.#tip.hidden = false;
    const room = width - this.#tip.offsetWidth - 14;
    this.#tip.style.transform = `translateX(${x < room ? x + 14 : x - this.#tip.offsetWidth - 14}px)`;
  }

  #moveCursor(): void {
    const { row, seq, times } = this.#stage;
    const value = this.#across === 'seq' ? seq : row < 0 ? this.#scale.first : (times[row] ?? 0);
    this.#cursor.style.transform = `translateX(${Math.round(this.#scale.x(value))}px)`;
  }

  #draw(pen: CanvasRenderingContext2D, width: number, height: number): void {
    this.#scale = new Scale(this.#stage, this.#across, gutter.left, width - gutter.left - gutter.right);
    drawHistory({
      pen,
      height,
      stage: this.#stage,
      data: this.#data,
      scale: this.#scale,
      across: this.#across,
      hidden: this.#hidden,
    });
    this.#moveCursor();
  }
}
