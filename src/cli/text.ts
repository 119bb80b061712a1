/** Columns on a terminal: measuring and cutting text that is already free of control characters. */

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const zeroWidth = /^(?:\p{Mn}|\p{Me}|[\u200b-\u200f]|[\ufe00-\ufe0f])$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colour sequences we write ourselves
const colorSequence = /\u001b\[[0-9;]*m/g;
const plain = /^[\x20-\x7e]*$/;

/** Terminal columns that `text` takes; colour sequences take none. */
export function columnsOf(text: string): number {
  if (plain.test(text)) return text.length;
  let columns = 0;
  for (const char of text.replace(colorSequence, '')) columns += columnsOfChar(char);
  return columns;
}

function columnsOfChar(char: string): number {
  if (char < '\u0300') return 1;
  if (zeroWidth.test(char)) return 0;
  return wide.test(char) ? 2 : 1;
}

/** Cuts uncoloured text to at most `columns`, the last of them '…' when something was cut. */
export function cut(text: string, columns: number): string {
  if (text.length <= columns && plain.test(text)) return text;
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const char of text) {
    const next = columnsOfChar(char);
    if (used + next > columns - 1) break;
    kept += char;
    used += next;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** The same for what is told apart by its end, as ids and file names are: '…' stands for what is in front of that. */
export function cutInside(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const chars = [...text];
  let from = chars.length;
  let room = Math.ceil(((columns - 1) * 2) / 3);
  while (from > 0 && columnsOfChar(chars[from - 1] ?? '') <= room) room -= columnsOfChar(chars[--from] ?? '');
  const end = chars.slice(from).join('');
  return `${cut(text, columns - columnsOf(end))}${end}`;
}

/** 1234567 -> '1,234,567'. The same on every machine, whatever its locale. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 0.375 -> '37.5%', 0.5 -> '50%'. */
export function percent(part: number): string {
  return `${Math.round(part * 1000) / 10}%`;
}

/** '1 event', '2 events'. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Bytes for people: '512 B', '1.5 KiB', '64 MiB'. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  // What would print as '1024' is one of the next unit.
  while (Math.round(scaled) >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  const text = unit === 0 || scaled >= 100 ? String(Math.round(scaled)) : scaled.toFixed(1).replace(/\.0$/, '');
  return `${text} ${units[unit]}`;
}

/** Milliseconds since the epoch as '2026-09-01T03:00:00.000Z'; the bare number when no date can hold it. */
export function isoTime(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

/**
 * Breaks text at spaces into lines of at most `columns`; a longer word stands alone. Later lines begin with `indent`.
 */
export function wrap(text: string, columns: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const begin = lines.length === 0 ? '' : indent;
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > columns) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? begin + word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
