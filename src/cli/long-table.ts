import type { Session } from './session.ts';
import { type Column, layout, renderAligned, renderTable } from './table.ts';

/** Column widths are taken from the first rows: a table of any length needs the memory of these only. */
const rowsMeasured = 200;

/** A table whose rows come one after the other. What the methods return must be awaited. */
export class LongTable {
  readonly #session: Session;
  readonly #columns: readonly Column[];
  readonly #measured: number;
  readonly #headAlone: boolean;
  #held: string[][] = [];
  #widths: number[] | undefined;

  /** `live`: each row is shown as it comes. `headAlone`: a table without rows still has its head; default true. */
  constructor(session: Session, columns: readonly Column[], options: { live?: boolean; headAlone?: boolean } = {}) {
    this.#session = session;
    this.#columns = columns;
    this.#measured = options.live === true ? 1 : rowsMeasured;
    this.#headAlone = options.headAlone ?? true;
  }

  row(cells: string[]): Promise<void> | undefined {
    this.#held.push(cells);
    return this.#held.length >= this.#measured ? this.#print() : undefined;
  }

  end(): Promise<void> | undefined {
    const isEmpty = this.#widths === undefined && this.#headAlone;
    return this.#held.length > 0 || isEmpty ? this.#print() : undefined;
  }

  #print(): Promise<void> | undefined {
    const { width, style, out } = this.#session;
    const rows = this.#held;
    this.#held = [];
    const headless = this.#widths !== undefined;
    if (width === undefined) {
      this.#widths = [];
      return out.write(renderTable(this.#columns, rows, { width, style, headless }));
    }
    this.#widths ??= layout(this.#columns, rows, width);
    return out.write(renderAligned(this.#columns, rows, this.#widths, { width, style, headless }));
  }
}
