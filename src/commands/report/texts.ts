const bytesOfEntry = 8;

/** Texts by number, each kept once. Number 0 is ''. */
export class Texts {
  readonly list: string[] = [''];
  /** Of all texts as UTF-8, and a little for each. */
  bytes = 0;
  readonly #numbers = new Map<string, number>([['', 0]]);

  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.list.length;
    this.list.push(text);
    this.#numbers.set(text, number);
    this.bytes += Buffer.byteLength(text) + bytesOfEntry;
    return number;
  }

  text(number: number): string {
    return this.list[number] ?? '';
  }
}

/** The first so many characters, an ellipsis in place of the rest. Cuts no pair of surrogates in two. */
export function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most;
  return `${text.slice(0, end)}…`;
}
