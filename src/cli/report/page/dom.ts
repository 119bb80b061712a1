/** Elements of the page. Text goes in as text nodes only: what stands in a log is never markup. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
type Child = Node | string | undefined;

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(name), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function filled<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

let probe: HTMLElement | undefined;

/** A colour that the style sheet names, as it is now: light or dark. */
export function colorOf(name: string): string {
  if (probe === undefined) {
    probe = element('i', { hidden: true });
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

/** The fonts of the page, for a pen. */
export function fontOf(pixels: number): string {
  return `${pixels}px ${getComputedStyle(document.body).fontFamily}`;
}

/** A canvas as large as its box, sharp on every screen; `draw` gets sizes in CSS pixels. */
export class Sheet {
  readonly canvas: HTMLCanvasElement;
  readonly #draw: (pen: CanvasRenderingContext2D, width: number, height: number) => void;
  #asked = false;

  constructor(attributes: Attributes, draw: (pen: CanvasRenderingContext2D, width: number, height: number) => void) {
    this.canvas = element('canvas', attributes);
    this.#draw = draw;
    // Before the browser paints: no frame shows an empty chart.
    new ResizeObserver(() => this.now()).observe(this.canvas);
    sheets.add(this);
  }

  /** Draws with the next frame, once however often it is asked. */
  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.now();
    });
  }

  now(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const pen = this.canvas.getContext('2d');
    if (pen === null || width === 0 || height === 0) return;
    const scale = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.canvas.width !== wide || this.canvas.height !== high) {
      this.canvas.width = wide;
      this.canvas.height = high;
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.#draw(pen, width, height);
  }
}

const sheets = new Set<Sheet>();

/** Colours have changed. At once: a printer does not wait for a frame. */
export function drawAll(): void {
  for (const sheet of sheets) sheet.now();
}
