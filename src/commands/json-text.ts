/**
 * JSON output that carries texts from a log exactly as they were written. Parsing and printing again would turn
 * 9007199254740993 into ...992 and 1e400 into null, so a payload is inserted as text.
 */
export class JsonText {
  readonly text: string;

  /** `text` is valid JSON; the caller has checked it. */
  constructor(text: string) {
    this.text = text;
  }
}

/** Like JSON.stringify, with JsonText values inserted verbatim. Undefined members are left out. */
export function stringify(value: unknown, indent = 0): string {
  return write(value, indent, '') ?? 'null';
}

function write(value: unknown, indent: number, margin: string): string | undefined {
  if (value instanceof JsonText) return value.text;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (value instanceof Map) return writeMembers([...value], indent, margin);
  if ('toJSON' in value && typeof value.toJSON === 'function') return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => write(item, indent, margin + ' '.repeat(indent)) ?? 'null');
    return wrap('[', items, ']', indent, margin);
  }
  return writeMembers(Object.entries(value), indent, margin);
}

function writeMembers(entries: readonly [unknown, unknown][], indent: number, margin: string): string {
  const colon = indent > 0 ? ': ' : ':';
  const members: string[] = [];
  for (const [key, item] of entries) {
    const text = write(item, indent, margin + ' '.repeat(indent));
    if (text !== undefined) members.push(JSON.stringify(String(key)) + colon + text);
  }
  return wrap('{', members, '}', indent, margin);
}

function wrap(open: string, items: readonly string[], close: string, indent: number, margin: string): string {
  if (items.length === 0) return open + close;
  if (indent === 0) return open + items.join(',') + close;
  const inner = `\n${margin}${' '.repeat(indent)}`;
  return `${open}${inner}${items.join(`,${inner}`)}\n${margin}${close}`;
}
